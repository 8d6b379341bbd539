"""Feeds: they turn the training split of a data set into the batches of a step.

The function ``batch`` of a feed runs inside the compiled step. There are three kinds of
feeds: the data are stored on the device (``resident``), drawn at random on the device
(``drawn``), or read in advance by the host (``streamed``). For one data set, one key
and one step, the resident and the streamed feed give the same samples.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.order import Balance, balanced, indices
from ganjax.data.source import (
    Arrays,
    Composed,
    Items,
    Split,
    decoded_bytes,
    in_memory,
    labels_of,
)
from ganjax.data.stream import HostBatches, Stream
from ganjax.errors import BadInput, unknown

Batch = dict[str, jax.Array]
FEEDS = ("auto", "resident", "streamed", "poisson")
RESIDENT = 2**30  # bytes of decoded data that 'auto' keeps on the device


@dataclass(frozen=True)
class Feed:
    """The batches of real examples for a compiled training step.

    A step takes ``rounds`` batches, one for each update of a player that reads data.
    Images (uint8) become float32 in [-1, 1], points are unchanged, labels are int32.

    Attributes:
        data: arrays that are put on the device once and passed to every call of
            ``batch``; ``()`` if there are none.
        batch: ``(data, key, step, axis) -> dict of [rounds, local, …]``, a pure
            function for the compiled step. ``key`` is the random key of the run's data.
            ``axis`` names the device axis, over which each batch is split: local =
            batch_size / devices. The batches do not depend on the number of devices.
        stream: None, or ``(key, start_step) -> iterator``. Item i is the dict of host
            arrays ``[rounds, batch_size, …]`` of step start_step + i. Split its second
            axis over the devices and pass it as ``data``. The iterator is a context
            manager and has ``close()``.
        shapes: None, or the ``jax.ShapeDtypeStruct`` of each array of the stream.
    """

    data: Any
    batch: Callable[[Any, jax.Array, jax.Array, str], Batch]
    stream: Callable[[jax.Array, int], Iterator[dict[str, np.ndarray]]] | None = None
    shapes: dict[str, jax.ShapeDtypeStruct] | None = None


def scaled(data: jax.Array) -> jax.Array:
    """Scale uint8 ``[…]`` to float32 x / 127.5 - 1, in [-1, 1]; keep other types."""
    if data.dtype != jnp.uint8:
        return data
    # XLA divides by multiplying with the reciprocal, so x / 127.5 - 1 gives 1.0000001
    # for 255. This form gives exactly ±1, and its values are symmetric about zero.
    return (2.0 * data.astype(jnp.float32) - 255.0) / 255.0


def resident(
    arrays: Arrays, *, batch_size: int, rounds: int, balance: Balance | None = None
) -> Feed:
    """Build a feed that keeps the whole split on the device and takes the examples from
    it.

    Args:
        arrays: the split.
        batch_size: examples in one batch, over all devices.
        rounds: batches in one step, one for each update of a player that reads data.
        balance: the rows by class, to draw each class equally often; None draws each
            sample equally often.

    Raises:
        BadInput: the split is empty, or (when traced) batch_size is not a multiple of
            the number of devices.
    """
    size, order = _size(arrays), balanced if balance else indices
    of = balance.counts if balance else size

    def batch(data, key, step, axis):
        local, first = _share(batch_size, axis)
        starts = first + batch_size * jnp.arange(rounds, dtype=jnp.int32)
        rows = jax.vmap(
            lambda start: order(key, step, rounds * batch_size, of, start, local)
        )(starts)
        data, label, *by_class = data
        for rows_of_classes in by_class:
            rows = rows_of_classes.at[rows].get(mode="promise_in_bounds")
        data, label = (x.at[rows].get(mode="promise_in_bounds") for x in (data, label))
        return {"data": scaled(data), "label": label}

    by_class = (balance.rows,) if balance else ()
    return Feed((arrays.data, arrays.label, *by_class), batch)


def drawn(sampler: Composed | Callable, *, batch_size: int, rounds: int) -> Feed:
    """Build a feed that draws fresh samples inside the step.

    Sample i of the rounds × batch_size samples of a step has the key
    ``fold_in(fold_in(key, step), i)``, for any number of devices.

    Args:
        sampler: ``keys [n] -> dict of [n, …]``.
        batch_size: examples in one batch, over all devices.
        rounds: batches in one step, one for each update of a player that reads data.

    Raises:
        BadInput: (when traced) batch_size is not a multiple of the number of devices.
    """
    arrays, make = (), lambda data, keys: sampler(keys)
    if isinstance(sampler, Composed):
        arrays, make = sampler.arrays, sampler.make

    def batch(data, key, step, axis):
        keys = example_keys(key, step, batch_size, rounds, axis)
        made = make(data, keys.reshape(-1))
        return jax.tree.map(lambda x: x.reshape(*keys.shape, *x.shape[1:]), made)

    return Feed(arrays, batch)


def streamed(
    split: Arrays | Items,
    *,
    batch_size: int,
    rounds: int,
    balance: Balance | None = None,
    threads=8,
    prefetch=4,
) -> Feed:
    """Build a feed whose batches host threads read in advance.

    Args:
        split: the split to read. A read error is raised with the batch of the item.
        batch_size: examples in one batch, over all devices.
        rounds: batches in one step, one for each update of a player that reads data.
        balance: the rows by class, to draw each class equally often; None draws each
            sample equally often.
        threads: reading threads of grain; each reads all examples of a step.
        prefetch: number of steps whose examples are ready or being read. It is raised
            to ``threads`` if it is smaller.

    Raises:
        BadInput: the split is empty, its first item cannot be decoded, or (when traced)
            batch_size is not a multiple of the number of devices.
        ValueError: (when traced) an array that was passed to the step does not have the
            size of one device's share.
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
        batches = HostBatches(split, key, start_step, batch_size, rounds, balance)
        return Stream(batches, threads, max(threads, prefetch))

    return Feed((), batch, stream, shapes)


def make_feed(
    split: Split,
    *,
    batch_size: int,
    rounds: int,
    kind: str = "auto",
    by_class: bool = False,
    memory=RESIDENT,
) -> Feed:
    """Build the feed for a split.

    Args:
        split: arrays, items that are read one by one, or a sampler. A sampler always
            becomes a feed that draws samples inside the step.
        batch_size: examples in one batch, over all devices.
        rounds: batches in one step, one for each update of a player that reads data.
        kind: 'resident' keeps the data on the device, 'streamed' reads them in host
            threads, 'auto' is resident if the decoded data fit in ``memory``, otherwise
            streamed. A sampler needs 'auto'.
        by_class: draw each class equally often, not each sample.
        memory: the limit of 'auto', in bytes.

    Raises:
        BadInput: the kind is unknown or does not fit the split, the split is empty, or
            an item cannot be decoded.
    """
    if kind not in FEEDS[:3]:  # ``data.poisson`` builds the last
        raise unknown("data.feed", kind, FEEDS)
    if callable(split):
        if kind != "auto":
            raise BadInput(
                f"data.feed='{kind}': expected 'auto', because this data set is drawn "
                "inside the step"
            )
        return drawn(split, batch_size=batch_size, rounds=rounds)
    _size(split)
    sizes = {"batch_size": batch_size, "rounds": rounds}
    sizes |= {"balance": Balance.of(labels_of(split))} if by_class else {}
    fits = kind == "auto" and decoded_bytes(split) <= memory
    if fits or kind == "resident":
        return resident(in_memory(split), **sizes)
    return streamed(split, **sizes)


def _size(split):
    if not len(split):
        raise BadInput("data.dir: the training split has no samples")
    return len(split)


def example_keys(key, step, batch_size: int, rounds: int, axis: str) -> jax.Array:
    """Return a random key for each of this device's examples of a step,
    ``[rounds, local]``.

    ``key`` is folded with the step, then with the place of the example among the rounds
    × batch_size examples of the step. ``axis`` names the device axis.
    """
    local, first = _share(batch_size, axis)
    starts = batch_size * jnp.arange(rounds, dtype=jnp.int32)[:, None]
    places = starts + first + jnp.arange(local, dtype=jnp.int32)[None]
    at_step = jax.random.fold_in(key, step)
    keys = jax.vmap(lambda i: jax.random.fold_in(at_step, i))(places.reshape(-1))
    return keys.reshape(places.shape)


def _share(batch_size, axis):
    """Return this device's number of samples in a round, and the index of the first."""
    devices = jax.lax.axis_size(axis)
    if batch_size % devices:
        raise BadInput(
            f"batch_size={batch_size}: expected a multiple of the {devices} devices"
        )
    local = batch_size // devices
    return local, jax.lax.axis_index(axis).astype(jnp.int32) * local
