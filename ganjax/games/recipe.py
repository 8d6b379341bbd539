"""What a game asks for, and how a game declares the config that it has."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax

from ganjax.core import Game, Network, Player
from ganjax.latents import Latents
from ganjax.model import Sampler
from ganjax.objectives import Adversary
from ganjax.options import Option


@dataclasses.dataclass(frozen=True)
class Parts:
    """What a config chose, for a game to put together.

    Attributes:
      shape: of one example, ``(H, W, C)`` or ``(D,)``.
      classes: number of labels of the data, 0 without labels.
      batch_size: real examples of a turn, over all devices.
      latents: their size and distribution; ``None`` for a game without latents.
      network: ``(name, *input shapes, output=shape or None, labelled=False) ->
        Network``, a discriminator where there is no output shape. A ``labelled``
        network has the labels as its last input.
      player: ``(name, owns, objective, reads_data=True) -> Player``, with the optimizer
        and the number of turns that were chosen.
      adversary: losses of critics and generators.
      examples: ``keys [n] -> batch`` of held-out data, for games that translate.
      options: the game's own.
      label: how the generator takes the label: ``'none'``, ``'concatenation'`` with
        its latent, or a conditioning for which the label is its second input.
    """

    shape: tuple[int, ...]
    classes: int
    batch_size: int
    latents: Latents | None
    network: Callable[..., Network]
    player: Callable[..., Player]
    adversary: Adversary
    examples: Callable[[jax.Array], dict[str, jax.Array]]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    label: str = "none"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A game and the config that it has.

    Attributes:
      make: ``Parts -> (Game, Sampler)``. The builder adds to the game what follows from
        the config: averages, dynamics, schedule and intervals.
      networks: name -> ``'generator'``, ``'encoder'`` or ``'discriminator'``.
      players: in the order of their turns; critics: those that a penalty can join.
      weights: the game's own loss weights, knobs ``weights.NAME``.
      options: what else there is to choose, ``options.NAME``.
      reads: what the game takes from a batch of real examples.
      paired: whether a and b of an example must belong together.
      latents: whether the game draws latents; from_latents: whether a network named
        ``generator`` makes samples from them.
      critic_sees: what the critics see: ``'data'``, ``'latents'``, or ``'pairs'``
        of a sample and a latent, as one vector.
      single_samples: whether the critic judges single samples, so no packs.
      classifies: whether the critic has a logit for each class.
    """

    make: Callable[[Parts], tuple[Game, Sampler]]
    networks: Mapping[str, str]
    players: tuple[str, ...]
    critics: tuple[str, ...] = ("discriminator",)
    weights: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    reads: tuple[str, ...] = ("data",)
    paired: bool = False
    latents: bool = True
    from_latents: bool = False
    critic_sees: str = "data"
    single_samples: bool = False
    classifies: bool = False


def weight(default: float, help: str) -> Option:
    """Return the option of a weight of a game's loss."""
    return Option(default, f"weight of {help}", least=0, knob=True)
