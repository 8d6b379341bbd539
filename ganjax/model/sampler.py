"""How the networks of a finished game make and score samples."""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp


def _latents_alone(apply, keys):
    raise TypeError("this sampler makes samples from latents, with 'decode'")


@dataclasses.dataclass(frozen=True, eq=False)
class Sampler:
    """The functions of a finished game. A game file returns them with the game.

    Every function except ``draw`` takes ``apply(network, *inputs, method=None)`` first.
    ``apply`` runs a network, or another method of its module, in evaluation mode. A
    sampler has either ``draw`` and ``decode``, or ``generate``.

    Attributes:
      draw: ``(keys [n], truncation=0.0) -> z [n, d]``. ``truncation`` limits the
        absolute value of each number of a normal latent; 0 means no limit.
      decode: ``(apply, z [n, d], label [n] or None) -> samples [n, …]``.
      generate: ``(apply, keys [n]) -> samples [n, …]``, for a game without latents.
      classes: number of classes of the labels of ``decode``; 0 if it takes no labels.
      chosen: the labels of samples; all of the ``classes`` if empty.
      codes: ``(K, C)`` if the last ``K + C`` numbers of a latent are a one-hot category
        of ``K``, and ``C`` numbers in [-1, 1].
      critic: ``(apply, samples [n, …], label [n] or None) -> scores [n / packing]``. A
        higher score means more real. ``None`` if no critic scores samples.
      packing: number of samples that the critic scores as one.
      compared: number of neighbouring packs on whose samples each of their scores
        depends, as in training; 1 if the critic scores each pack alone.
      abilities: name -> ``(apply, x [n, …]) -> [n, …]``: ``encode`` samples to latents,
        ``reconstruct`` samples, ``read`` their codes, ``classify`` (probabilities),
        compute an ``anomaly`` score, ``translate`` samples, or shrink and enlarge them
        with the generator (``restore``) or without learning (``interpolate``).
    """

    draw: Callable | None = None
    decode: Callable | None = None
    generate: Callable = _latents_alone
    classes: int = 0
    chosen: tuple[int, ...] = ()
    codes: tuple[int, int] = (0, 0)
    critic: Callable | None = None
    packing: int = 1
    compared: int = 1
    abilities: Mapping[str, Callable] = dataclasses.field(default_factory=dict)

    @property
    def from_latents(self) -> bool:
        """Whether samples are made from latents."""
        return self.decode is not None

    def labels(self, n: int, first: jax.Array | int = 0) -> jax.Array | None:
        """Return the labels of samples ``first`` to ``first + n - 1``, or ``None``. The
        classes take turns, so all classes are equally frequent."""
        if not self.classes:
            return None
        turn = first + jnp.arange(n)
        if not self.chosen:
            return turn % self.classes
        return jnp.asarray(self.chosen)[turn % len(self.chosen)]

    def sample(
        self, apply: Callable, keys: jax.Array, first: jax.Array | int = 0
    ) -> jax.Array:
        """Return one sample for each key, ``[n, …]``, numbered from ``first``."""
        if self.draw is None or self.decode is None:
            return self.generate(apply, keys)
        label = self.labels(keys.shape[0], first)
        return self.decode(apply, self.draw(keys), label)
