"""Samples of several finished models of one game, drawn by one program."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Game, sample_keys
from ganjax.model.finished import CHUNK, Model, plain

# Samples that are drawn at a time, for all models of a part together.
MOST_BYTES = 2**28


def sample_together(
    models: Sequence[Model], keys: Sequence[jax.Array], n: int, way: str | None
) -> Iterator[np.ndarray]:
    """Yield ``n`` samples ``[n, …]`` of each model, like ``model.sample(key, n)``.

    Args:
      models: finished models of the same game, with the same sampling.
      keys: a typed PRNG key for each model.
      way: how the models run: ``'map'`` in turn, inside one program, and ``'vmap'``
        together. With any other value the host calls each model. The samples of
        ``'vmap'`` equal the samples of the model up to rounding. All others are equal
        bit for bit.
    """
    if way not in ("map", "vmap"):
        for model, key in zip(models, keys, strict=True):
            yield model.sample(key, n)
        return
    size = min(n, CHUNK)
    sampler = models[0].sampler
    draw = _compiled(sampler.sample, models[0].game, way)
    padded = _every_key(jnp.stack(keys), math.ceil(n / size) * size)
    one = jax.eval_shape(draw, _joined(models[:1]), padded[:1, :size], 0)
    each = one.size * one.dtype.itemsize * math.ceil(n / size)
    part = min(len(models), max(1, MOST_BYTES // each))
    for first in range(0, len(models), part):
        # The last part is filled up, so that all parts have the same program.
        chosen = [min(i, len(models) - 1) for i in range(first, first + part)]
        variables = _joined([models[i] for i in chosen])
        own = padded[np.array(chosen)]
        made = [
            np.asarray(draw(variables, own[:, start : start + size], start))
            for start in range(0, own.shape[1], size)
        ]
        together = np.concatenate(made, axis=1)[:, :n]
        yield from together[: len(models) - first]


@functools.partial(jax.jit, static_argnums=1)
def _every_key(keys, n):
    return jax.vmap(lambda key: sample_keys(key, n))(keys)


def _joined(models):
    """Return the variables of models with a leading axis, one entry for each model."""
    every = [model.variables for model in models]
    return jax.tree.map(lambda *x: np.stack([np.asarray(y) for y in x]), *every)


@functools.lru_cache(maxsize=32)
def _compiled(function: Callable, game: Game, way: str):
    """Return the program ``(variables, keys, first) -> samples`` for several models.
    The cache returns the same program each time."""

    def one(variables, keys, first):
        return function(plain(game, variables), keys, first)

    if way == "vmap":
        return jax.jit(jax.vmap(one, in_axes=(0, 0, None)))

    def in_turn(variables, keys, first):
        def body(_, own):
            # With the barriers XLA rounds as in the program of one model.
            own = jax.lax.optimization_barrier((*own, first))
            return None, jax.lax.optimization_barrier(one(*own))

        return jax.lax.scan(body, None, (variables, keys))[1]

    return jax.jit(in_turn)
