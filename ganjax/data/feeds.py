"""From a split to the batches that a compiled step asks for.

A feed's ``batch`` runs inside the compiled step. Three kinds, one contract: data that
lie on the device (``resident``), data drawn there (``drawn``), and data that the host
reads ahead and hands over (``streamed``). The resident and the streamed feed of one
data set give the same samples for the same (key, step).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.order import indices
from ganjax.data.source import Arrays, Composed, Items, Split, decoded_bytes, in_memory
from ganjax.data.stream import HostBatches, Stream
from ganjax.errors import BadInput, unknown

Batch = dict[str, jax.Array]
FEEDS = ("auto", "resident", "streamed")


@dataclass(frozen=True)
class Feed:
    """Where a step's real samples come from.

    Attributes:
        data: put on the device once and passed to every ``batch``; ``()`` for none.
        batch: ``(data, key, step, axis) -> dict of [rounds, local, …]``, pure, called
            with the axis ``axis`` bound; local = batch_size / (size of the axis).
            Device a holds samples a·local … of each round's global batch, so their
            union does not depend on the number of devices. ``key`` is the run's data
            key, the same at every step and on every device. uint8 images come out as
            float32 in [-1, 1], points as they are, labels as int32.
        stream: None, or ``(key, start_step) -> iterator`` of host dicts for steps
            start_step, start_step + 1, …: what to pass as ``data``, sharded over its
            second axis (``[rounds, batch_size, …]``). The iterator has ``close()`` and
            is a context manager.
        shapes: None, or the ``jax.ShapeDtypeStruct`` of what the stream gives.
    """

    data: Any
    batch: Callable[[Any, jax.Array, jax.Array, str], Batch]
    stream: Callable[[jax.Array, int], Iterator[dict[str, np.ndarray]]] | None = None
    shapes: dict[str, jax.ShapeDtypeStruct] | None = None


def scaled(data: jax.Array) -> jax.Array:
    """uint8 ``[…]`` to float32 x / 127.5 - 1, in [-1, 1]; other types unchanged."""
    if data.dtype != jnp.uint8:
        return data
    # XLA divides by multiplying with the reciprocal, and 255 / 127.5 - 1 written as it
    # stands gives 1.0000001; this form gives ±1 exactly and is odd about the middle.
    return (2.0 * data.astype(jnp.float32) - 255.0) / 255.0


def resident(arrays: Arrays, *, batch_size: int, rounds: int) -> Feed:
    """The whole split on the device; each step gathers its samples there.

    Args:
        arrays: the split.
        batch_size, rounds: global samples a round, and sub-batches a step.

    Raises:
        BadInput: the split is empty, or (when traced) batch_size is not a multiple of
            the number of devices.
    """
    size = _size(arrays)

    def batch(data, key, step, axis):
        local, first = _share(batch_size, axis)
        starts = first + batch_size * jnp.arange(rounds, dtype=jnp.int32)
        rows = jax.vmap(
            lambda start: indices(key, step, rounds * batch_size, size, start, local)
        )(starts)
        data, label = (x.at[rows].get(mode="promise_in_bounds") for x in data)
        return {"data": scaled(data), "label": label}

    return Feed((arrays.data, arrays.label), batch)


def drawn(sampler: Composed | Callable, *, batch_size: int, rounds: int) -> Feed:
    """Samples drawn fresh inside the step.

    Sample i of the rounds × batch_size that a step takes has the key
    ``fold_in(fold_in(key, step), i)``, whatever the number of devices.

    Args:
        sampler: ``keys [n] -> dict of [n, …]``.
        batch_size, rounds: as in ``resident``.

    Raises:
        BadInput: (when traced) batch_size is not a multiple of the number of devices.
    """
    arrays, make = (), lambda data, keys: sampler(keys)
    if isinstance(sampler, Composed):
        arrays, make = sampler.arrays, sampler.make

    def batch(data, key, step, axis):
        keys = example_keys(key, step, batch_size, rounds, axis)
        made = make(data, keys.reshape(-1))
        return {k: x.reshape(*keys.shape, *x.shape[1:]) for k, x in made.items()}

    return Feed(arrays, batch)


def streamed(
    split: Arrays | Items, *, batch_size: int, rounds: int, threads=8, prefetch=4
) -> Feed:
    """Batches read by host threads ahead of the step that wants them.

    Args:
        split: what to read; an error in reading surfaces at the batch that has it.
        batch_size, rounds: as in ``resident``.
        threads: grain's reading threads; each makes whole batches.
        prefetch: steps kept ready or in the making (at least ``threads``).

    Raises:
        BadInput: the split is empty, its first item cannot be decoded, or (when traced)
            batch_size is not a multiple of the number of devices.
        ValueError: (when traced) the batch given is not one device's share.
    """
    _size(split)
    one = split.data[0] if isinstance(split, Arrays) else split[0]["data"]
    shapes = {
        "data": jax.ShapeDtypeStruct((rounds, batch_size, *one.shape), one.dtype),
        "label": jax.ShapeDtypeStruct((rounds, batch_size), jnp.int32),
    }

    def batch(data, key, step, axis):
        local, _ = _share(batch_size, axis)
        if data["label"].shape != (rounds, local):
            raise ValueError(
                f"streamed labels of shape {data['label'].shape}: "
                f"expected {(rounds, local)}, one device's share"
            )
        return {name: scaled(x) for name, x in data.items()}

    def stream(key, start_step):
        batches = HostBatches(split, key, start_step, batch_size, rounds)
        return Stream(batches, threads, max(threads, prefetch))

    return Feed((), batch, stream, shapes)


def make_feed(
    split: Split, *, batch_size: int, rounds: int, kind: str = "auto", memory=2**30
) -> Feed:
    """The feed for a split.

    Args:
        split: any of the four forms; a sampler is always drawn.
        batch_size, rounds: as in ``resident``.
        kind: 'resident', 'streamed', or 'auto': resident when the decoded data fit
            in ``memory``.
        memory: bytes.

    Raises:
        BadInput: unknown kind or one that does not go with the split, an empty split,
            or an item that cannot be decoded.
    """
    if kind not in FEEDS:
        raise unknown("data.feed", kind, FEEDS)
    if callable(split):
        if kind != "auto":
            raise BadInput(
                f"data.feed='{kind}': expected 'auto', as the samples of this data set "
                "are drawn inside the step"
            )
        return drawn(split, batch_size=batch_size, rounds=rounds)
    fits = kind == "auto" and decoded_bytes(split) <= memory
    if fits or kind == "resident":
        return resident(in_memory(split), batch_size=batch_size, rounds=rounds)
    return streamed(split, batch_size=batch_size, rounds=rounds)


def _size(split):
    if not len(split):
        raise BadInput("data.dir: the training split holds no sample")
    return len(split)


def example_keys(key, step, batch_size: int, rounds: int, axis: str) -> jax.Array:
    """Keys ``[rounds, local]`` of this device's examples: ``key`` folded with the step
    and with the place among the rounds × batch_size examples of the step."""
    local, first = _share(batch_size, axis)
    starts = batch_size * jnp.arange(rounds, dtype=jnp.int32)[:, None]
    places = starts + first + jnp.arange(local, dtype=jnp.int32)[None]
    at_step = jax.random.fold_in(key, step)
    keys = jax.vmap(lambda i: jax.random.fold_in(at_step, i))(places.reshape(-1))
    return keys.reshape(places.shape)


def _share(batch_size, axis):
    """This device's number of samples a round, and the first of them."""
    devices = jax.lax.axis_size(axis)
    if batch_size % devices:
        raise BadInput(
            f"batch_size={batch_size}: expected a multiple of the {devices} devices"
        )
    local = batch_size // devices
    return local, jax.lax.axis_index(axis).astype(jnp.int32) * local
