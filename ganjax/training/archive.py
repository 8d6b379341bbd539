"""The records of the runs that are trained together: what the training loop writes."""

import abc
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.core import GameState


class Archive(abc.ABC):
    """The records of one run or of several: rows, scores, pictures, checkpoints and
    statuses; a context manager. Each run has a place, its index; a single run has the
    place 0.

    Attributes:
      path: the folder of the records.
      say: writes a line to the log, and shows it.
    """

    path: Path
    say: Callable[[str], None]

    @abc.abstractmethod
    def __enter__(self) -> "Archive":
        """Return the archive."""

    @abc.abstractmethod
    def __exit__(self, *error) -> None:
        """Close all files, also if one of them cannot be closed."""

    @abc.abstractmethod
    def restore(self, fresh: Sequence[GameState]) -> GameState | None:
        """Return the state in the newest readable checkpoint, with a leading axis if
        the archive is of several runs; ``None`` without a checkpoint.

        Args:
          fresh: the state of each run if it were new.

        Raises:
          BadInput: if all checkpoints are damaged or do not fit the config.
        """

    @abc.abstractmethod
    def begin(
        self,
        step: int,
        restored: bool,
        real: np.ndarray,
        places: Collection[int],
        counts: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove the records after ``step``, open the logs, and write that the runs
        are running. After a rollback this is called again.

        Args:
          restored: whether the runs resume from a checkpoint.
          real: held-out examples ``[n, …]``, which the pictures show with samples.
          places: the runs that train.
          counts: the number of ``rollbacks``, or of ``skipped`` steps, so far.
        """

    @abc.abstractmethod
    def metrics(
        self, step: int, values: Mapping[str, np.ndarray], places: Collection[int]
    ) -> dict[str, float]:
        """Append a row of scalars. Return the row of the first run that trains.

        Args:
          values: name -> a value of each run, ``[members]``.
          places: the runs that still train.
        """

    @abc.abstractmethod
    def timing(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row of measured times and rates of all runs together."""

    @abc.abstractmethod
    def flush(self) -> None:
        """Write all rows to the disk. Call this before a checkpoint is saved."""

    @abc.abstractmethod
    def scored(self, step: int, places: Collection[int]) -> bool:
        """Return whether the scores of all ``places`` at ``step`` are complete."""

    @abc.abstractmethod
    def score_rows(self, step: int, found: Mapping[int, Mapping[str, float]]) -> None:
        """Append the scores of a step to the rows, and write them to the disk.

        Args:
          found: place -> scores by name.
        """

    @abc.abstractmethod
    def scores(self, step: int, found: Mapping[int, dict[str, Any]]) -> None:
        """Write the file of the scores of a step. It comes last: it shows that nothing
        of this evaluation is missing.

        Args:
          found: place -> ``scores``, ``directions`` and ``protocol``, and ``failed`` if
            an evaluator failed.
        """

    @abc.abstractmethod
    def earlier(self, place: int, score: str) -> list[tuple[int, float]]:
        """Return the steps and the earlier values of a score of a run."""

    @abc.abstractmethod
    def keep_best(self, wanted: Mapping[int, int]) -> set[int]:
        """Remove the states in ``best`` that are not the best ones. Return the places
        whose best state is there.

        Args:
          wanted: place -> the step of the best state; ``NEVER`` if there is none.
        """

    @abc.abstractmethod
    def pictured(self, step: int) -> bool:
        """Return whether the samples at ``step`` are written, and undamaged."""

    @abc.abstractmethod
    def samples(self, step: int, found: Mapping[int, np.ndarray]) -> None:
        """Write the samples at ``step``, or a picture of them.

        Args:
          found: place -> samples ``[n, …]``.
        """

    @abc.abstractmethod
    def save(self, step: int, state: GameState, places: Collection[int]) -> None:
        """Start to write a checkpoint. A run that has ended keeps its last state.

        Args:
          state: of all runs.
          places: the runs that still train.

        Raises:
          OSError: if the disk is full.
        """

    @abc.abstractmethod
    def settle(self) -> None:
        """Wait until the last checkpoint is on the disk."""

    @abc.abstractmethod
    def save_best(self, step: int, state: GameState, places: Collection[int]) -> None:
        """Write the states of the runs with a new best score, and wait for them. The
        other runs keep their best state."""

    @abc.abstractmethod
    def end(
        self,
        state: str,
        step: int,
        exit_reason: str,
        digests: Mapping[int, str],
        skipped: Mapping[int, int],
    ) -> None:
        """Write the final status.

        Args:
          state: ``'finished'`` or ``'interrupted'``.
          digests: place -> the hash of the run's state.
          skipped: place -> the number of skipped steps, if there are any.
        """

    @abc.abstractmethod
    def fail(
        self, place: int, step: int, exit_reason: str, diverged: bool = False
    ) -> None:
        """Write the status of a run that failed. The other runs continue."""

    @abc.abstractmethod
    def fail_all(self, step: int, exit_reason: str) -> None:
        """Write that all runs failed that have not ended or failed before."""
