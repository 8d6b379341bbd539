"""The parts that a game is built from, and the declaration of its config fields."""

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
    """The parts that a config chose for a game.

    Attributes:
      shape: shape of one example, ``(H, W, C)`` or ``(D,)``.
      classes: number of classes of the data, 0 without labels.
      batch_size: number of real examples in one update of a player, over all devices.
      latents: size and distribution of latents; ``None`` for a game without latents.
      network: ``(name, *input shapes, output=shape or None, last=None) -> Network``.
        ``last`` is a last input of two samples, by its shapes, as ``duel.LABEL``.
      player: ``(name, owns, objective, reads_data=True) -> Player``, with the optimizer
        and the number of updates in a step that the config sets.
      adversary: losses of critics and generators.
      examples: ``keys [n] -> batch`` of held-out data, for games that translate.
      options: values of ``Recipe.options``.
      label: how the generator takes the label: ``'none'``, ``'concatenation'`` with its
        latent, or a conditioning that takes the label as a second input.
      captions, form: of the data's ``Spec``, or ``None``.
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
    captions: Any = None
    form: Any = None


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A game and its config fields.

    Attributes:
      make: ``Parts -> (Game, Sampler)``. ``build_game`` then sets the game's averages,
        dynamics, schedules and intervals from the config.
      networks: name -> one of ``networks.KINDS``.
      players: in the order of their updates; critics: players that may have penalties.
      weights: the weights of the game's losses, the config fields ``weights.NAME``.
      options: the game's other config fields, ``options.NAME``.
      reads: fields that the game takes from a batch of real examples.
      paired: whether the samples ``a`` and ``b`` of an example must belong together.
      latents: whether the game draws latents; from_latents: whether a network named
        ``generator`` makes samples from them.
      critic_sees: inputs of the critics: ``'data'``, ``'latents'``, or ``'pairs'`` of a
        sample and a latent, as one vector.
      single_samples: whether the critic must judge single samples, not packs.
      classifies: whether the critic has a logit for each class.
      rule: what the game refuses in a config, as the rules of config/rules.py.
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
    rule: Callable[[Any], Any] = lambda config: ()


def weight(default: float, help: str) -> Option:
    """Return the option for a weight in a game's loss. ``help`` names the loss term."""
    return Option(default, f"weight of {help}", least=0, knob=True)
