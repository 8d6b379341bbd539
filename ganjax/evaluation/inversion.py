"""A generator inverted by descent on its latent."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import child_key
from ganjax.evaluation.evaluation_data import EvaluationData, Side
from ganjax.metrics import nearest
from ganjax.model import Model

# Of the descent: candidates to begin with, of which the nearest is taken, and Adam.
CANDIDATES, STEPS, RATE = 1000, 300, 0.05
# Held-out images at most: each is a descent of its own.
INVERTED = 250


@functools.lru_cache(maxsize=8)
def _descent(sampler):
    """The optimizer, and one step ``(apply, z, moments, x, label) -> z, moments``."""
    optimizer = optax.adam(RATE)

    def errors(apply, z, x, label):
        made = sampler.decode(apply, z, label)
        return jnp.mean((made - x) ** 2, axis=tuple(range(1, x.ndim)))

    def step(apply, z, moments, x, label):
        slope = jax.grad(lambda z: jnp.sum(errors(apply, z, x, label)))(z)
        update, moments = optimizer.update(slope, moments)
        return z + update, moments

    return optimizer, step


def invert(
    model: Model, x: np.ndarray, *, label=None, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return latents ``[n, d]`` of samples that are near to ``x [n, …]``, and those
    samples: of random latents the one with the nearest sample, then ``STEPS`` steps of
    Adam down the squared error (Zhu et al. 2016, arXiv 1609.03552, eq. 2, in pixels).

    Args:
      label: ``[n]``, for a game that is asked for labels.
    """

    @jax.jit
    def decode(z, label):
        return model.sampler.decode(model.apply, z, label)

    key = child_key(jax.random.key(seed), "inversion")
    starts = np.asarray(model.draw(jax.random.split(key, CANDIDATES)))
    if label is None:
        made = np.asarray(decode(starts, None)).reshape(CANDIDATES, -1)
        z = starts[nearest(x.reshape(len(x), -1), made, 1)[1][:, 0]]
    else:  # samples of other labels say little of where to begin
        z = np.resize(starts, (len(x), starts.shape[1]))
    optimizer, step = _descent(model.sampler)
    z = jnp.asarray(z)
    moments = optimizer.init(z)
    for _ in range(STEPS):
        z, moments = model.compute(step, z, moments, x, label)
    return np.asarray(z), np.asarray(decode(z, label))


class Inversion:
    """Mean squared error, over entries, of held-out samples from those that the
    generator comes nearest to them with (``inversion_mse``), and from the training
    samples nearest to them (``inversion_mse_nearest``)."""

    lower, neither = ("inversion_mse",), ("inversion_mse_nearest",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require_latents()
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        test = evaluation_data.test.first(min(evaluation_data.samples, INVERTED))
        label = test.label if evaluation_data.labelled else None
        _, made = invert(model, test.data, label=label, seed=evaluation_data.seed)
        yield f"inversion_mse_{len(test)}", np.mean((made - test.data) ** 2)
        error = error_of_nearest(test, evaluation_data.train)
        yield f"inversion_mse_nearest_{len(test)}", error


def error_of_nearest(side: Side, among: Side) -> float:
    """Return the mean squared error, over entries, of samples from the nearest of
    others."""
    ours, theirs = (x.data.reshape(len(x), -1) for x in (side, among))
    distances, _ = nearest(ours, theirs, 1)
    return np.mean(distances**2) / ours.shape[1]
