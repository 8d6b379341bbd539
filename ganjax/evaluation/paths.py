"""Smoothness of samples along paths in the latent space."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import child_key, sample_keys
from ganjax.data.alpha import blended_on_white, has_alpha
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_features
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.side import Side
from ganjax.metrics import path_length
from ganjax.model import Model

EPSILON = 1e-4
CHUNK = 250


def slerp(a: jax.Array, b: jax.Array, t: jax.Array) -> jax.Array:
    """Return the spherical interpolation from ``a`` (t = 0) to ``b`` (t = 1).

    Directions follow the great circle, and lengths change linearly (White 2016, arXiv
    1609.04468). Parallel vectors are interpolated linearly.

    Args:
      a, b: latents ``[n, d]``.
      t: positions between them, from 0 to 1: ``[n]`` or one number.
    """
    t = jnp.broadcast_to(t, len(a))[:, None]
    lengths = [jnp.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b)]
    one, other = (
        x / jnp.maximum(n, 1e-12) for x, n in zip((a, b), lengths, strict=True)
    )
    angle = jnp.arccos(jnp.clip((one * other).sum(-1, keepdims=True), -1, 1))
    sine = jnp.sin(angle)
    bent = (jnp.sin((1 - t) * angle) * one + jnp.sin(t * angle) * other) / jnp.where(
        sine > 1e-6, sine, 1.0
    )
    direction = jnp.where(sine > 1e-6, bent, (1 - t) * one + t * other)
    return direction * ((1 - t) * lengths[0] + t * lengths[1])


@functools.lru_cache(maxsize=8)
def _ends(sampler):
    """Return ``(apply, keys, label) -> two samples [n, …]``, close on each path."""

    def both(apply, keys, label):
        halves = [
            jax.vmap(lambda k, i=i: jax.random.fold_in(k, i))(keys) for i in (0, 1)
        ]
        a, b = (sampler.draw(half) for half in halves)
        t = jax.vmap(lambda k: jax.random.uniform(jax.random.fold_in(k, 2)))(keys)
        ends = slerp(a, b, t), slerp(a, b, t + EPSILON)
        return [sampler.decode(apply, z, label) for z in ends]

    return both


class Paths:
    """Perceptual path length (Karras et al. 2019, arXiv 1812.04948, section 4.1).

    ``ppl`` is the mean of ``|f(G(z(t))) − f(G(z(t + ε)))|² / ε²``. z(t) is a spherical
    path between two random latents, and t is random in [0, 1]. f are the features of
    the extractor; the paper uses LPIPS. The longest and the shortest 1 % of the paths
    are left out (`path_length`). Images are not rounded to 256 values, because rounding
    would hide small steps.
    """

    lower = ("ppl",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require_latents()
        need_features(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data, sampler = self._data, model.sampler
        key = child_key(jax.random.key(evaluation_data.seed), "paths")
        keys = sample_keys(key, evaluation_data.samples)
        lengths: list[np.ndarray] = []
        for first in range(0, len(keys), CHUNK):
            part = keys[first : first + CHUNK]
            label = sampler.labels(len(part), first)
            ends = model.compute(_ends(sampler), part, label)
            a, b = (self._features(np.asarray(x)) for x in ends)
            lengths.append(np.square((a - b) / EPSILON).sum(axis=1))
        name = name_of(evaluation_data, "ppl", len(keys))
        yield name, path_length(np.concatenate(lengths))

    def _features(self, samples):
        extractor = self._data.extractor
        if extractor is None:
            return samples.reshape(len(samples), -1).astype(np.float64)
        if not np.isfinite(samples).all():
            raise Uncomputable("the images hold values that are not finite")
        if has_alpha(samples.shape[1:]):
            samples = blended_on_white(samples)  # as other scores
        return extractor.see_unrounded(samples)[0].astype(np.float64)


# Positions between the two ends of an interpolation.
MIDDLES = (0.25, 0.5, 0.75)


class Interpolations:
    """Mean confidence of the extractor's classifier in images between two samples.

    The confidence is the probability of the predicted class. If it is high, the images
    resemble the data. ``interpolations_confidence``: images whose latents are between
    two random latents. ``interpolations_confidence_ends``: images of the two random
    latents. ``interpolations_confidence_blended``: weighted means of the pixels of
    these two images.
    """

    higher = ("interpolations_confidence",)
    neither = ("interpolations_confidence_ends", "interpolations_confidence_blended")

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require_latents()
        known = (
            evaluation_data.extractor
            and evaluation_data.glance.probabilities is not None
        )
        if not known or evaluation_data.labelled:
            raise Uncomputable(
                "there are no class probabilities, or the game takes labels: expected "
                "an extractor with classes (evaluation.extractor), and a game without "
                "labels"
            )
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        key = child_key(jax.random.key(evaluation_data.seed), "interpolations")
        z = model.draw(jax.random.split(key, 2 * (evaluation_data.samples // 2)))
        a, b = jnp.split(z, 2)
        ends = [model.decode(np.asarray(x)) for x in (a, b)]
        between = [model.decode(np.asarray(slerp(a, b, t))) for t in MIDDLES]
        blended = [(1 - t) * ends[0] + t * ends[1] for t in MIDDLES]
        for suffix, made in (("", between), ("_ends", ends), ("_blended", blended)):
            side = Side(np.concatenate(made), None, evaluation_data.extractor)
            stem = f"interpolations_confidence{suffix}"
            yield (
                name_of(evaluation_data, stem, len(a)),
                float(side.probabilities.max(axis=1).mean()),
            )
