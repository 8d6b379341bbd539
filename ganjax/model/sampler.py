"""How the networks of a finished game make and judge samples."""

import dataclasses
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp


def _latents_alone(apply, keys):
    raise TypeError("this sampler makes samples from latents")


@dataclasses.dataclass(frozen=True, eq=False)
class Sampler:
    """What only a finished game needs to know. A game file returns it with the game.

    Every function but ``draw`` takes ``apply(network, *inputs, method=None)`` first,
    which runs a network, or another method of its module, in evaluation mode. A sampler
    has either ``draw`` and ``decode``, or ``generate``.

    Attributes:
      draw: ``(keys [n], truncation=0.0) -> z [n, d]``; ``truncation`` bounds each
        number of a normal latent, 0 for no bound.
      decode: ``(apply, z [n, d], label [n] or None) -> samples [n, …]``.
      generate: ``(apply, keys [n]) -> samples [n, …]``, of a game without latents.
      classes: how many labels ``decode`` takes; 0 if it takes none.
      codes: ``(K, C)`` where a latent ends in one of ``K`` categories as one-hot
        numbers, and ``C`` numbers in [-1, 1].
      critic: ``(apply, samples [n, …], label [n] or None) -> scores [n]``; a higher
        score is more real. ``None`` where no critic judges samples.
      abilities: name -> ``(apply, x [n, …]) -> [n, …]``, what else the game can do:
        ``encode`` samples to latents, ``reconstruct`` them, ``read`` their codes,
        ``classify`` them (probabilities), rate how anomalous they are (``anomaly``),
        ``translate`` them, ``restore`` them or ``interpolate`` what their reduction
        lost.
    """

    draw: Callable | None = None
    decode: Callable | None = None
    generate: Callable = _latents_alone
    classes: int = 0
    codes: tuple[int, int] = (0, 0)
    critic: Callable | None = None
    abilities: Mapping[str, Callable] = dataclasses.field(default_factory=dict)

    @property
    def from_latents(self) -> bool:
        """Whether samples are made from latents."""
        return self.decode is not None

    def labels(self, n: int, first: jax.Array | int = 0) -> jax.Array | None:
        """Return the labels of ``n`` samples after the ``first`` ones: the classes in
        turn, so that every class is as frequent; ``None`` without labels."""
        return (first + jnp.arange(n)) % self.classes if self.classes else None

    def sample(
        self, apply: Callable, keys: jax.Array, first: jax.Array | int = 0
    ) -> jax.Array:
        """Return one sample for each key, ``[n, …]``, after the ``first`` ones."""
        if not self.from_latents:
            return self.generate(apply, keys)
        label = self.labels(keys.shape[0], first)
        return self.decode(apply, self.draw(keys), label)
