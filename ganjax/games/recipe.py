"""What every game is made from, and how a game is registered."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax

from ganjax.core import Game, Network, Player
from ganjax.objectives import Adversary


@dataclasses.dataclass(frozen=True)
class Parts:
    """What a config chose, for a game to put together.

    Attributes:
      shape: of one example, ``(H, W, C)`` or ``(D,)``.
      classes: number of labels of the data, 0 if it has none.
      batch_size: examples of a turn, over all devices.
      latent_size, draw: ``draw(keys [n]) -> z [n, latent_size]``.
      draw_samples: the same for the finished game, which may cut the tails.
      network: ``(name, *input shapes, output=shape or None, told=False) -> Network``.
        With an output shape the architecture's ``Generator`` or ``Encoder``, without
        its ``Discriminator``; ``told`` ones have the labels as their last input.
      optimizers, updates: by player.
      adversary: loss, labels, penalties, terms, and what critics are shown.
      examples: ``keys [n] -> batch`` of held-out data, for games that translate.
      common: the rest of what every ``Game`` takes (``ema_decay``, ``dynamics``).
      options: the game's own.
      told: by network, how it is told the label: ``'concatenation'`` with its input, or
        the name of a conditioning for which it has the label as its second input.
      sharpen: ``(view, z, score) -> z``, what becomes of the latents of a turn, where
        ``score`` is the critic's of what they give.
      memory: ``(critics, generator) -> memory`` of the adversarial part.
    """

    shape: tuple[int, ...]
    classes: int
    batch_size: int
    latent_size: int
    draw: Callable[[jax.Array], jax.Array]
    network: Callable[..., Network]
    optimizers: Mapping[str, Callable]
    updates: Mapping[str, int]
    adversary: Adversary
    examples: Callable[[jax.Array], dict[str, jax.Array]] | None
    common: Mapping[str, Any]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    told: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sharpen: Callable = lambda view, z, score: z
    memory: Callable[..., dict[str, Any]] = lambda critics, generator: {}
    draw_samples: Callable[[jax.Array], jax.Array] | None = None

    def player(self, name, owns, objective, *, reads_data=True) -> Player:
        """The player with the optimizer and the number of turns that were chosen."""
        return Player(
            name=name,
            owns=owns,
            objective=objective,
            optimizer=self.optimizers[name],
            updates_per_step=self.updates[name],
            reads_data=reads_data,
        )


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A game and the config sections that it has.

    Attributes:
      make: ``Parts -> Game``.
      networks: name -> ``'generator'``, ``'encoder'`` or ``'discriminator'``, the kind
        of module.
      players: in the order of their turns.
      critics: the players that a penalty can join.
      weights: name -> default of the game's own loss weights; they are knobs named
        ``weights.NAME``.
      options: name -> default of what else there is to choose, ``options.NAME``.
      reads: what it takes from a batch of real examples.
      paired: whether a and b of an example must belong together.
      latents: whether it draws latents.
      from_latents: whether a network named ``generator`` makes samples from them, for
        the terms that ask what becomes of a latent.
      judges: what its critics are shown: ``'data'``, ``'latents'``, or ``'pairs'`` of
        a datum and a latent, as one vector.
      alone: whether it asks its critic of single samples, which must not be packed.
      classifies: whether its critic has a logit a class.
    """

    make: Callable[[Parts], Game]
    networks: Mapping[str, str]
    players: tuple[str, ...]
    critics: tuple[str, ...] = ("discriminator",)
    weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    options: Mapping[str, int] = dataclasses.field(default_factory=dict)
    reads: tuple[str, ...] = ("data",)
    paired: bool = False
    latents: bool = True
    from_latents: bool = False
    judges: str = "data"
    alone: bool = False
    classifies: bool = False


def features_of(discriminator: Network) -> int:
    """How many features the last layer of a discriminator sees."""

    def judged(key, *inputs):
        module = discriminator.module
        return module.init_with_output(key, *inputs, train=True, method="judge")[0]

    key = jax.eval_shape(jax.random.key, 0)
    return jax.eval_shape(judged, key, *discriminator.inputs).features.shape[-1]
