"""Search for the latents of pictures by gradient descent.

The descent minimises the distance between a picture and the image of its latent.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import child_key, sample_keys
from ganjax.model import Model
from ganjax.projection.distance import Maps, all_distances, distances, looks
from ganjax.projection.latent_space import Latents, mapped, synthesised
from ganjax.projection.schedule import learning_rate, noise_scale

# Latents that the mean and the spread are computed from; candidates for a start in z.
DRAWN, CANDIDATES = 10_000, 1000


@dataclasses.dataclass(frozen=True)
class Descent:
    """A search in one latent space.

    Attributes:
      model: a finished model without truncation.
      space: ``'z'``, ``'w'`` or ``'w+'``, as ``space_of`` returns it.
      maps: the attribute ``maps`` of an ``Extractor``, to compare feature maps;
        ``None`` to compare pixels.
      label: the class of all pictures, for a game with labels.
      seed: seed of the latents that are drawn and of the noise.
    """

    model: Model
    space: str
    maps: Maps | None
    label: int | None
    seed: int

    @property
    def decode(self) -> Callable:
        """Return the function ``(apply, latents, label) -> images`` of the space.

        It is the same object each time, so that programs are compiled only once.
        """
        sampler = self.model.sampler
        return sampler.decode if self.space == "z" else synthesised(sampler)

    def labels(self, n: int) -> np.ndarray | None:
        """Return the labels ``[n]`` of ``n`` pictures."""
        return None if self.label is None else np.full(n, self.label, np.int32)

    def drawn(self, n: int) -> np.ndarray:
        """Return ``n`` random latents ``z [n, d]``, or their styles in w and w+."""
        key = child_key(jax.random.key(self.seed), "projection")
        z = np.asarray(self.model.draw(sample_keys(key, n)))
        if self.space == "z":
            return z
        function = _first_styles(self.model.sampler)
        return self.model.in_chunks(function, z, self.labels(n))

    @functools.cached_property
    def statistics(self) -> tuple[np.ndarray, float]:
        """The mean ``[d]`` of ``DRAWN`` random latents or styles, and their spread, the
        root of the mean squared distance from the mean."""
        found = self.drawn(DRAWN).astype(np.float64)
        mean = found.mean(axis=0)
        spread = np.sqrt(np.mean(np.sum((found - mean) ** 2, axis=1)))
        return mean.astype(np.float32), float(spread)

    def looks(self, images: np.ndarray) -> list[jax.Array]:
        """Return the arrays ``[n, d]`` that ``distances`` compares in place of images.

        Args:
          images: ``[n, H, W, C]`` in [-1, 1].
        """
        return _looks(self.maps, jnp.asarray(images))

    def distances(self, latents: np.ndarray, target: Sequence[jax.Array]) -> np.ndarray:
        """Return the distance of each latent's image from its picture, ``[n]``.

        Args:
          latents: ``n`` latents of the space.
          target: the ``looks`` of the ``n`` pictures.
        """
        labels = self.labels(len(latents))
        function = _distances(self.decode)
        return np.asarray(
            self.model.compute(function, self.maps, latents, labels, target)
        )

    def start(self, target: Sequence[jax.Array], batch: int) -> np.ndarray:
        """Return the latent at which the descent of each picture starts.

        In ``w`` and ``w+`` it is the mean style. In ``z`` it is the one of many random
        latents whose image is nearest to the picture (Zhu et al. 2016, arXiv
        1609.03552). The mean of z cannot be used: StyleGAN2 divides a latent by its
        length, and the length of the mean is 0.

        Args:
          target: the ``looks`` of the ``n`` pictures.
          batch: number of random latents in one computation.

        Returns:
          ``z [n, d]``, or styles ``[n, layers, d]``.
        """
        n = len(target[0])
        if self.space != "z":
            mean, _ = self.statistics
            shape = (n, self.layers, len(mean))
            return np.array(np.broadcast_to(mean.reshape(1, 1, -1), shape))
        candidates = self.drawn(CANDIDATES)
        best = np.full(n, np.inf)
        found = np.zeros((n, candidates.shape[1]), np.float32)
        function = _nearest(self.decode)
        for first in range(0, CANDIDATES, batch):
            # The last part begins earlier, so all parts have one size.
            part = candidates[max(0, min(first, CANDIDATES - batch)) :][:batch]
            labels = self.labels(len(part))
            least, rows = map(
                np.asarray,
                self.model.compute(function, self.maps, part, labels, target),
            )
            nearer = least < best
            best = np.where(nearer, least, best)
            found[nearer] = part[rows[nearer]]
        return found

    @property
    def layers(self) -> int:
        """Return the number of styles in a latent: 1 in w, one per layer in w+."""
        if self.space == "w":
            return 1
        z = self.model.draw(sample_keys(jax.random.key(0), 1))
        styles = mapped(self.model.sampler)
        return self.model.compute(styles, z, self.labels(1)).shape[1]

    def run(
        self,
        start: np.ndarray,
        target: Sequence[jax.Array],
        *,
        steps: int,
        shown: Sequence[int] = (),
        tell: Callable[[int, np.ndarray], None] = lambda step, latents: None,
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Move latents by ``steps`` steps of Adam.

        The same noise is added to the latents of all pictures, so the result of a
        picture does not depend on the other pictures.

        Args:
          start: the first latents, a result of ``start``.
          target: the ``looks`` of the pictures.
          shown: numbers of the steps before which the latents are recorded.
          tell: is called with each of these numbers and the latents at that time.

        Returns:
          the last latents, and the list of the recorded latents.
        """
        step, (_, spread) = _step(self.decode), self.statistics
        latents, labels = jnp.asarray(start), self.labels(len(start))
        moments = optax.scale_by_adam().init(latents)
        noise = child_key(jax.random.key(self.seed), "noise")
        course = []
        for i in range(steps):
            if i in shown:
                course.append(np.asarray(latents))
                tell(i, course[-1])
            t = i / steps
            latents, moments = self.model.compute(
                step, self.maps, latents, moments, labels, target,
                jax.random.fold_in(noise, i), spread * noise_scale(t), learning_rate(t),
            )  # fmt: skip
        return np.asarray(latents), course

    def latents(self, values: np.ndarray) -> Latents:
        """Return the arrays that ``run`` found as ``Latents``.

        In ``w`` the style is repeated for all layers.
        """
        if self.space == "w":
            layers = dataclasses.replace(self, space="w+").layers
            values = np.repeat(values, layers, axis=1)
        return Latents(self.space, values, self.labels(len(values)))


_looks = jax.jit(looks)


# The caches return the same objects each time, because they are the keys of programs.
@functools.lru_cache(maxsize=32)
def _first_styles(sampler):
    styles = mapped(sampler)
    return lambda apply, z, label: styles(apply, z, label)[:, 0]


@functools.lru_cache(maxsize=32)
def _distances(decode):
    def function(apply, maps, latents, label, target):
        return distances(looks(maps, decode(apply, latents, label)), target)

    return function


@functools.lru_cache(maxsize=32)
def _nearest(decode):
    """Return a function that finds the nearest of some latents to each target."""

    def function(apply, maps, latents, label, target):
        gaps = all_distances(looks(maps, decode(apply, latents, label)), target)
        return jnp.min(gaps, axis=0), jnp.argmin(gaps, axis=0)

    return function


@functools.lru_cache(maxsize=32)
def _step(decode):
    """Return a step of the descent. Noise and rate are data, so it is compiled once."""
    adam, distance = optax.scale_by_adam(), _distances(decode)

    def step(apply, maps, latents, moments, label, target, key, noise, rate):
        moved = noise * jax.random.normal(key, latents.shape[1:])[None]

        def total(latents):
            return jnp.sum(distance(apply, maps, latents + moved, label, target))

        update, moments = adam.update(jax.grad(total)(latents), moments)
        return latents - rate * update, moments

    return step
