"""How the networks of a finished game make samples and score them."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Enlarging(NamedTuple):
    """How a game enlarges images, with its ability ``enlarge``.

    Attributes:
      factor: how many times longer the sides become.
      reach: the distance, in pixels of the input, up to which an enlarged pixel depends
        on the input; ``None`` if the network does not state it.
    """

    factor: int
    reach: int | None = None


class Masking(NamedTuple):
    """How a game draws the holes that it fills, with its ability ``fill``.

    Attributes:
      draw: ``keys [n] -> masks [n, H, W, 1]``, 1 in the hole and 0 in the context.
      about: the facts that change the masks, for the protocol of a score.
    """

    draw: Callable[[jax.Array], jax.Array]
    about: Mapping[str, Any]


def _latents_alone(apply, keys):
    raise TypeError("this sampler makes samples from latents, with 'decode'")


@dataclasses.dataclass(frozen=True, eq=False)
class Sampler:
    """Functions that use the networks of a finished game. A game's builder returns them
    together with the game.

    Every function except ``draw`` takes ``apply(network, *inputs, method=None)`` first.
    ``apply`` runs the network of this name, or another method of its module, in
    evaluation mode. A sampler has either ``draw`` and ``decode``, or ``generate``.

    Attributes:
      draw: ``(keys [n], truncation=0.0) -> latents z [n, d]``. ``truncation`` limits
        the absolute value of each number of a normal latent; 0 means no limit.
      decode: ``(apply, z [n, d], label [n] or None) -> samples [n, …]``. The label of a
        game with captions is a caption: ``[n, L]``.
      generate: ``(apply, keys [n]) -> samples [n, …]``, for a game without latents.
      classes: number of classes of the labels of ``decode``; 0 if it takes no labels.
      chosen: the labels of samples; all of the ``classes`` if empty. In a game with
        captions they are captions, each a tuple of ``L`` tokens.
      codes: ``(K, C)`` if the last ``K + C`` numbers of a latent are a one-hot category
        of ``K``, and ``C`` numbers in [-1, 1].
      conditioned: whether the last numbers of a latent are the condition of a row of a
        table (``TableFormat.condition_width``).
      critic: ``(apply, samples [n, …], label [n] or None) -> scores [n / packing]``. A
        higher score means more real. ``None`` if no critic scores samples.
      packing: the number of samples in a pack. The critic gives one score to a pack.
      compared: the number of packs in a group. A score depends on all samples of its
        group, as in training. 1 if the critic scores each pack alone.
      abilities: what else the game can do, by name, as functions
        ``(apply, x [n, …]) -> [n, …]``: ``encode`` samples to latents, ``reconstruct``
        samples, ``read`` their codes, ``classify`` them (probabilities), compute an
        ``anomaly`` score, ``translate`` samples, ``enlarge`` them, or shrink and
        enlarge them with the generator (``restore``) or without learning
        (``interpolate``), and ``fill`` the holes of images whose last channel is the
        mask, 1 in the hole. Games of style transfer ``stylise`` a content image joined
        with a style image, ``blend`` two styles (a content image joined with two style
        images and the part of the second one), and compute ``style_loss`` and
        ``content_loss``.
      enlarging: facts about the ability ``enlarge``; ``None`` without it.
      masking: random holes for the ability ``fill``; ``None`` without it.
    """

    draw: Callable | None = None
    decode: Callable | None = None
    generate: Callable = _latents_alone
    classes: int = 0
    chosen: tuple[int, ...] = ()
    codes: tuple[int, int] = (0, 0)
    conditioned: bool = False
    critic: Callable | None = None
    packing: int = 1
    compared: int = 1
    abilities: Mapping[str, Callable] = dataclasses.field(default_factory=dict)
    enlarging: Enlarging | None = None
    masking: Masking | None = None

    @property
    def captioned(self) -> bool:
        """Whether samples are made from captions."""
        return bool(self.chosen) and not self.classes

    @property
    def from_latents(self) -> bool:
        """Whether samples are made from latents."""
        return self.decode is not None

    def labels(self, n: int, first: jax.Array | int = 0) -> jax.Array | None:
        """Return the labels ``[n]``, or the captions ``[n, L]``, of samples ``first``
        to ``first + n - 1``.

        The classes take turns, so all classes are equally frequent. So do captions. The
        result is ``None`` if the game takes no labels.
        """
        turn = first + jnp.arange(n)
        if self.chosen:
            return jnp.asarray(self.chosen)[turn % len(self.chosen)]
        return turn % self.classes if self.classes else None

    def sample(
        self, apply: Callable, keys: jax.Array, first: jax.Array | int = 0
    ) -> jax.Array:
        """Return one sample for each key, ``[n, …]``.

        Args:
          apply: runs a network, as described for the class.
          keys: typed PRNG keys ``[n]``.
          first: the index of the first sample, on which the labels depend.
        """
        if self.draw is None or self.decode is None:
            return self.generate(apply, keys)
        label = self.labels(keys.shape[0], first)
        return self.decode(apply, self.draw(keys), label)
