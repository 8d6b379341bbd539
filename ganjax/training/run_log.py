"""The log of a run: rows of metrics on the disk, and progress for the user."""

import collections
import math
import time
from collections.abc import Mapping

import jax
import numpy as np

from ganjax.training.metrics_log import MetricsLog
from ganjax.training.progress import ProgressReport


class Diverged(Exception):
    """Training diverged: a metric is nan or infinite at ``step``."""

    def __init__(self, step: int, metric: str, value: float):
        super().__init__(f"step {step}: {metric} is {value}")
        self.step = step


def require_finite(step: int, metrics: Mapping[str, float]) -> None:
    """Raise ``Diverged`` if a metric is nan or infinite."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise Diverged(step, name, float(value))


def values_at(
    metrics: Mapping[str, jax.Array], at: tuple[int, ...]
) -> dict[str, float]:
    """Return the metrics of one run at one step, as floats on the host.

    Args:
      metrics: metrics of a call of the compiled step, as arrays ``[steps]``, or
        ``[runs, steps]`` if it trains several runs.
      at: the index in these arrays.
    """
    return {name: float(np.asarray(values)[at]) for name, values in metrics.items()}


class RunLog:
    """Writer of logged steps to the disk and to the user; a context manager.

    The metrics of a row stay on the device until the next row comes. So the host starts
    further steps without waiting for the logged step to end.

    Args:
      records: writes the rows to the disk.
      steps: number of steps in the run.
      batch_size: examples that count as one step's images in the shown rate.
      start: the step at which the run starts or resumes.
      shown: whether the user sees the progress.
    """

    def __init__(
        self,
        records: MetricsLog,
        steps: int,
        batch_size: int,
        start: int,
        shown: bool = True,
    ):
        self._records, self._batch_size = records, batch_size
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

    def note(
        self, step: int, metrics: Mapping[str, jax.Array], at: tuple[int, ...]
    ) -> None:
        """Keep the metrics at ``step``, and log them when the next row comes or
        ``settle`` is called. First log the metrics that wait.

        Args:
          metrics: metrics of a call of the compiled step, as arrays.
          at: the index of this run and step in these arrays.

        Raises:
          Diverged: if one of the metrics that wait is not finite.
        """
        self.settle()
        for value in metrics.values():
            value.copy_to_host_async()
        self._waiting = step, metrics, at

    def settle(self) -> None:
        """Write the row of metrics that waits, if there is one.

        Raises:
          Diverged: if one of its metrics is not finite.
        """
        if self._waiting is None:
            return
        step, metrics, at = self._waiting
        self._waiting = None
        row = self._records.metrics(step, values_at(metrics, at))
        rates = self._rates(step)
        self._records.timing(step, rates)
        if self._progress:
            self._progress.update(step, rates, row)
        require_finite(step, row)

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
