"""Inversion of a generator: find a latent whose sample is close to a given sample, by
gradient descent on the latent."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import optax

from ganjax.core import child_key
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_samples
from ganjax.evaluation.side import Side
from ganjax.metrics import nearest
from ganjax.model import Model

# Candidates for the start of the descent, number of Adam steps, learning rate.
CANDIDATES, STEPS, RATE = 1000, 300, 0.05
# Maximum number of held-out images, because each needs a separate descent.
INVERTED = 250


@functools.lru_cache(maxsize=8)
def _descent(sampler):
    """Return the optimizer, and a step ``(apply, z, moments, x, label) -> z,
    moments``."""
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
    """Find latents whose generated samples are close to given samples.

    The descent starts at the best of 1,000 random latents. It takes 300 Adam steps on
    the squared error in pixels (Zhu et al. 2016, arXiv 1609.03552, eq. 2).

    Args:
      model: the finished model whose generator is inverted.
      x: the given samples ``[n, …]``, images in [-1, 1].
      label: classes ``[n]``, for a game with labels. Then each descent starts at a
        random latent, without a search.
      seed: seed of the random latents.

    Raises:
      BadInput: the game generates by captions, which the samples do not have.

    Returns:
      The latents ``[n, d]`` and their samples ``[n, …]``.
    """

    if model.sampler.captioned:
        raise BadInput("expected a game without captions to invert its generator")

    @jax.jit
    def decode(z, label):
        return model.sampler.decode(model.apply, z, label)

    key = child_key(jax.random.key(seed), "inversion")
    starts = np.asarray(model.draw(jax.random.split(key, CANDIDATES)))
    if label is None:
        made = np.asarray(decode(starts, None)).reshape(CANDIDATES, -1)
        z = starts[nearest(x.reshape(len(x), -1), made, 1)[1][:, 0]]
    else:  # a near sample with another label is not a good start
        z = np.resize(starts, (len(x), starts.shape[1]))
    optimizer, step = _descent(model.sampler)
    z = jnp.asarray(z)
    moments = optimizer.init(z)
    for _ in range(STEPS):
        z, moments = model.compute(step, z, moments, x, label)
    return np.asarray(z), np.asarray(decode(z, label))


class Inversion:
    """Mean squared error between held-out samples and the closest samples that gradient
    descent on the latent finds.

    The mean is over the values of all samples. ``inversion_mse_nearest`` is a baseline:
    the nearest training sample in place of the generated one.
    """

    lower, neither = ("inversion_mse",), ("inversion_mse_nearest",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require_latents()
        if evaluation_data.sampler.captioned:
            raise Uncomputable("expected a game without captions")
        evaluation_data.require_pixels()
        need_samples(evaluation_data, training=1, held_out=1)
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
    """Return the mean squared error between each sample in ``side`` and the nearest
    sample in ``among``. The mean is over all samples and their values."""
    ours, theirs = (x.data.reshape(len(x), -1) for x in (side, among))
    distances, _ = nearest(ours, theirs, 1)
    return np.mean(distances**2) / ours.shape[1]
