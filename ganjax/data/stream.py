"""Batches that host threads read before a step needs them."""

import threading

import jax
import numpy as np

from ganjax.data.order import Balance, balanced, indices
from ganjax.data.source import Arrays
from ganjax.data.watchdog import Reading


class Stream:
    """An endless iterator over the batches of steps, and a context manager.

    ``close()`` stops the threads and waits for running reads. After ``close()``,
    ``next`` raises StopIteration.

    Args:
        reader: reads the batches of one step.
        threads: number of reading threads.
        prefetch: number of steps whose batches are ready or being read.
    """

    def __init__(self, reader: "HostBatches", threads: int, prefetch: int):
        import grain

        self._reader = reader
        options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=prefetch)
        dataset = grain.MapDataset.source(reader).to_iter_dataset(options)
        self._batches = iter(dataset)
        self._closed = False

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> dict[str, np.ndarray]:
        if self._closed:
            raise StopIteration
        return next(self._batches)

    def close(self) -> None:
        """Stop reading. A second call has no effect."""
        self._closed = True
        self._reader.stop()
        self._batches.close()
        self._reader.wait()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class HostBatches:
    """A sequence of the batches of steps, for the reading threads of grain. Item i
    holds the batches of step ``start + i``: a dict of host arrays
    ``[rounds, batch_size, …]``.

    Args:
        split: the split to read.
        key: the random key of the run's data. It decides the order of the examples.
        start: the first step.
        batch_size, rounds: examples in one batch, and batches in one step.
        balance: the rows by class, to draw each class equally often; None draws each
            sample equally often.
    """

    def __init__(
        self, split, key, start, batch_size, rounds, balance: Balance | None = None
    ):
        self._split, self._start = split, int(start)
        self._shape = (rounds, batch_size)
        # The CPU computes indices, so they do not wait in the training device's queue.
        self._cpu = _host_device()
        self._key = jax.device_put(key, self._cpu)
        self._balance = balance
        order, of = (balanced, balance.counts) if balance else (indices, len(split))
        count = rounds * batch_size
        rows = jax.jit(lambda key, step: order(key, step, count, of, 0, count))
        # Compile once here, not in every thread at the same time.
        with jax.default_device(self._cpu):
            self._rows = rows.lower(self._key, np.int32(0)).compile()
        self._stopped, self._active = False, 0
        self._changed = threading.Condition()

    def __len__(self):
        return 2**31 - 1 - self._start  # the last step that an int32 can count

    def __getitem__(self, index):
        with self._changed:
            if self._stopped:
                raise StopIteration
            self._active += 1
        try:
            return self._read(self._start + index)
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def _read(self, step):
        with jax.default_device(self._cpu):
            rows = np.asarray(self._rows(self._key, np.int32(step)))
        if self._balance:
            rows = self._balance.rows[rows]
        if isinstance(self._split, Arrays):
            data, label = self._split.data[rows], self._split.label[rows]
        elif hasattr(self._split, "take"):
            found = self._split.take(rows)
            data, label = found.data, found.label
        else:
            items = []
            with Reading() as reading:
                for row in rows.tolist():
                    if self._stopped:
                        raise StopIteration
                    reading.now(f"sample {row} of the training split")
                    items.append(self._split[row])
            data = np.stack([item["data"] for item in items])
            label = np.array([item["label"] for item in items], np.int32)
        return {
            "data": data.reshape(*self._shape, *data.shape[1:]),
            "label": label.reshape(self._shape),
        }

    def stop(self):
        with self._changed:
            self._stopped = True

    def wait(self):
        with self._changed:
            self._changed.wait_for(lambda: not self._active)


def _host_device():
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:  # JAX_PLATFORMS names only an accelerator
        return jax.local_devices()[0]
