"""The log of training: rows of metrics on the disk, and progress for the user."""

import collections
import math
import time
from collections.abc import Callable, Mapping

import jax
import numpy as np

from ganjax.core import SKIPPED
from ganjax.training.archive import Archive
from ganjax.training.progress import ProgressReport


class Diverged(Exception):
    """Training diverged: a metric is nan or infinite at ``step``."""

    def __init__(self, step: int, metric: str, value: float):
        super().__init__(f"step {step}: {metric} is {value}")
        self.step = step


def values_of(metrics: Mapping[str, jax.Array]) -> dict[str, np.ndarray]:
    """Return the metrics of the last step of a dispatch, name -> ``[members]``.

    Args:
      metrics: metrics of a call of the compiled step, as arrays ``[steps]``, or
        ``[members, steps]`` if it trains several runs.
    """
    return {k: np.atleast_1d(np.asarray(x)[..., -1]) for k, x in metrics.items()}


class RunLog:
    """Writer of logged steps to the disk and to the user; a context manager.

    The metrics of a row stay on the device until the next row comes. So the host starts
    further steps without waiting for the logged step to end.

    Args:
      archive: writes the rows to the disk.
      live: places of the runs that still train. The caller changes this list.
      drop: called as ``drop(place, Diverged)`` for each run that diverges.
      skipped: called as ``skipped(step, counts)`` with the numbers of skipped steps,
        ``[members]``, if the step skips what is not finite. Then no run diverges.
      steps: number of steps in the run.
      batch_size: examples that count as one step's images in the shown rate.
      start: the step at which the run starts or resumes.
      shown: whether the user sees the progress.
    """

    def __init__(
        self,
        archive: Archive,
        live: list[int],
        drop: Callable[[int, Diverged], None],
        skipped: Callable[[int, np.ndarray], None] = lambda step, counts: None,
        *,
        steps: int,
        batch_size: int,
        start: int,
        shown: bool = True,
    ):
        self._archive, self._live, self._drop = archive, live, drop
        self._skipped = skipped
        self._batch_size = batch_size
        self._progress = ProgressReport(steps, start) if shown else None
        self._waiting = None
        self._start = time.monotonic()
        # Steps and times of the newest rows; the first interval has the compilation.
        self._marks = collections.deque([(start, self._start)], maxlen=20)

    def __enter__(self) -> "RunLog":
        if self._progress:
            self._progress.__enter__()
        return self

    def __exit__(self, *error) -> None:
        if self._progress:
            self._progress.__exit__(*error)

    def note(self, step: int, metrics: Mapping[str, jax.Array]) -> None:
        """Keep the metrics at ``step``, and log them when the next row comes or
        ``settle`` is called. First log the metrics that wait.

        Args:
          metrics: metrics of a call of the compiled step, as arrays.
        """
        self.settle()
        for value in metrics.values():
            value.copy_to_host_async()
        self._waiting = step, metrics

    def settle(self) -> None:
        """Write the row of metrics that waits, if there is one. Drop the runs that
        diverged in it."""
        if self._waiting is None:
            return
        step, metrics = self._waiting
        self._waiting = None
        values = values_of(metrics)
        row = self._archive.metrics(step, values, self._live)
        rates = self._rates(step)
        self._archive.timing(step, rates)
        if self._progress:
            self._progress.update(step, rates, row)
        self.check(step, values)

    def check(self, step: int, values: Mapping[str, np.ndarray]) -> None:
        """Drop the runs that have a metric that is nan or infinite.

        Args:
          values: name -> a value of each run, ``[members]``.
        """
        if SKIPPED in values:
            self._skipped(step, values[SKIPPED])
            return
        bad = {
            int(place)
            for value in values.values()
            for place in np.flatnonzero(~np.isfinite(value))
        }
        for place in [place for place in self._live if place in bad]:
            name, value = next(
                (k, float(x[place]))
                for k, x in values.items()
                if not math.isfinite(x[place])
            )
            self._drop(place, Diverged(step, name, value))

    def _rates(self, step):
        now = time.monotonic()
        first_step, first_time = self._marks[0]
        if len(self._marks) > 1 and self._marks[0][1] == self._start:
            self._marks.popleft()
        self._marks.append((step, now))
        rate = (step - first_step) / max(now - first_time, 1e-9)
        return {
            "seconds": now - self._start,
            "steps_per_second": rate,
            "images_per_second": rate * self._batch_size,
        }
