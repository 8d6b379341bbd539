"""Poisson batches: each example is in a batch with the same probability, independently.

Differential privacy needs them: the amplification by sampling holds for independent
draws, not for a shuffled order (Abadi et al. 2016, arXiv 1607.00133).
"""

import math

import jax
import jax.numpy as jnp

from ganjax.data.feeds import Feed
from ganjax.data.feeds import scaled as _scaled
from ganjax.data.source import Arrays, Items, Split, in_memory
from ganjax.errors import BadInput


def capacity(batch_size: int, examples: int) -> int:
    """Return the size of the array that holds a batch: ten standard deviations above
    the expected number of examples, and at most all of them. A larger batch loses its
    last examples; accountants add the probability of this to δ."""
    return min(examples, batch_size + math.ceil(10 * math.sqrt(batch_size)) + 10)


def poisson(split: Split, *, batch_size: int, rounds: int) -> Feed:
    """Build a feed whose batches hold each example with the probability ``batch_size /
    examples``.

    A batch has ``'data'``, ``'row'`` (the index of the example), ``'present'`` (1, or 0
    for padding) and ``'rate'`` (the probability).

    Args:
        split: stored examples.
        batch_size: the expected number of examples, over all devices.
        rounds: batches in one step.

    Raises:
        BadInput: the split draws random examples, or has fewer than ``batch_size``.
    """
    arrays, examples, at = _stored(split)
    if batch_size > examples:
        raise BadInput(
            f"batch_size={batch_size}: expected at most the {examples:,} training "
            f"examples with data.feed='poisson'"
        )
    rate, size = batch_size / examples, capacity(batch_size, examples)

    def batch(data, key, step, axis):
        devices = jax.lax.axis_size(axis)
        local = math.ceil(size / devices)
        first = jax.lax.axis_index(axis) * local
        at_step = jax.random.fold_in(key, step)

        def one(number):
            drawn = jax.random.uniform(jax.random.fold_in(at_step, number), (examples,))
            chosen = (drawn < rate) if batch_size < examples else drawn >= 0
            rows = jnp.nonzero(chosen, size=local * devices, fill_value=examples)[0]
            rows = jnp.where(jnp.arange(len(rows)) < size, rows, examples)
            rows = jax.lax.dynamic_slice_in_dim(rows, first, local)
            there = rows < examples
            known = jnp.where(there, rows, 0)
            return {
                **at(data, known),
                "row": known.astype(jnp.int32),
                "present": there.astype(jnp.float32),
                "rate": jnp.full((local,), rate, jnp.float32),
            }

        return jax.vmap(one)(jnp.arange(rounds))

    return Feed(arrays, batch)


def _stored(split):
    """Return the arrays of a split, its size, and ``(arrays, rows) -> examples``."""
    if (at := getattr(split, "at", None)) is not None:
        return split.arrays, len(split.each), at
    if callable(split):
        raise BadInput(
            "data.feed='poisson': expected data that are stored, because each example "
            "must be drawn independently"
        )
    stored: Arrays = in_memory(split) if isinstance(split, Items) else split
    return stored.data, len(stored), lambda data, rows: {"data": _scaled(data[rows])}
