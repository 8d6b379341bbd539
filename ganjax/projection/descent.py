"""The search for latents of pictures: a start, and a descent on the distance."""

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
      model: without truncation.
      space: a valid space of the model.
      maps: ``Extractor.maps``; ``None`` for pixels.
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
        """Return ``(apply, latent, label) -> images``, the same object each time."""
        sampler = self.model.sampler
        return sampler.decode if self.space == "z" else synthesised(sampler)

    def labels(self, n: int) -> np.ndarray | None:
        """Return the labels ``[n]`` of ``n`` pictures."""
        return None if self.label is None else np.full(n, self.label, np.int32)

    def drawn(self, n: int) -> np.ndarray:
        """Return ``n`` random latents ``z [n, d]``, or their styles ``[n, d]``."""
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
        """Return what ``distances`` compares, of images in [-1, 1]."""
        return _looks(self.maps, jnp.asarray(images))

    def distances(self, latents: np.ndarray, target: Sequence[jax.Array]) -> np.ndarray:
        """Return the distances ``[n]`` of the images of latents."""
        labels = self.labels(len(latents))
        function = _distances(self.decode)
        return np.asarray(
            self.model.compute(function, self.maps, latents, labels, target)
        )

    def start(self, target: Sequence[jax.Array], batch: int) -> np.ndarray:
        """Return the latents that the descent starts at.

        In ``w`` and ``w+`` this is the mean style. In ``z`` the mean is no start: its
        length is 0, and StyleGAN2 divides by it. There it is the random latent with the
        nearest image (Zhu et al. 2016, arXiv 1609.03552).

        Args:
          target: the looks of the pictures.
          batch: number of candidates in one computation.
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
        """Return the number of styles in a latent."""
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
        """Return the latents after ``steps`` steps of Adam, and those before each of
        the steps ``shown``, which ``tell`` receives too.

        All pictures have the same noise, so the result of a picture does not depend on
        the other pictures of a batch.
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
        """Return the result of ``run``. Styles are repeated for all layers."""
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
