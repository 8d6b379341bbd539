"""The records of a run that is trained alone, in its folder."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.core import GameState
from ganjax.run_files import write_json
from ganjax.training.best import values_of_score
from ganjax.training.bundle import Bundle, write_bundle
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.checkpoint_folders import (
    damage,
    finished_steps,
    remove,
    step_folders,
)
from ganjax.training.history import (
    add_start,
    read_history,
    rollbacks_at,
    whole_carrier,
)
from ganjax.training.metrics_log import MetricsLog
from ganjax.training.plan import Plan
from ganjax.training.rewind import rewind
from ganjax.training.run_directory import RunDirectory
from ganjax.training.samples import (
    picture_of_real,
    picture_of_samples,
    save_picture,
)


class RunArchive:
    """The records of one run: rows, scores, pictures, checkpoints and its status.

    ``PopulationArchive`` has the same methods for runs that are trained together. Each
    run has a place, its index; a single run has the place 0.

    Args:
      run: the folder of the run.
      about: facts about this start of the run, for its history.
    """

    def __init__(
        self, run: RunDirectory, plan: Plan, about: Mapping[str, Any] | None = None
    ):
        self.run, self.plan, self._about = run, plan, dict(about or {})
        self.say, self.path = run.say, run.path
        goes_back = plan.on_nonfinite == "rollback"
        self._checkpoints = Checkpoints(
            run.checkpoints,
            plan.checkpoint.keep,
            run.say,
            run.reached,
            every=plan.checkpoint.every if goes_back else 0,
        )
        self._best: Checkpoints | None = None
        self._log: MetricsLog | None = None
        self._counts: dict[str, int] = {}

    def __enter__(self) -> "RunArchive":
        return self

    def __exit__(self, *error) -> None:
        # Closed in reverse order, each also after an error of another one.
        with contextlib.ExitStack() as closing:
            for part in (self._checkpoints, self._best, self._log):
                if part:
                    closing.callback(part.__exit__, *error)

    def restore(self, fresh: Sequence[GameState]) -> GameState | None:
        """Return the state in the newest readable checkpoint; ``None`` without one.

        Args:
          fresh: the state of a new run, in a sequence of one.

        Raises:
          BadInput: if all checkpoints are damaged or do not fit the config.
        """
        return self._checkpoints.restore(fresh[0])

    def keep_bundle(self, bundle: Bundle) -> Path:
        """Write a bundle to reproduce a step. Return its folder."""
        return write_bundle(self.run, bundle)

    def rollbacks(self, step: int) -> int:
        """Return the number of rollbacks of the run before the state of ``step``."""
        return rollbacks_at(read_history(self.run.history), step)

    def go_back(self) -> None:
        """Remove the checkpoints after the one to which a rollback goes."""
        self._checkpoints.go_back()

    def begin(
        self,
        step: int,
        restored: bool,
        real: np.ndarray,
        places: Collection[int],
        counts: Mapping[str, Any] | None = None,
    ) -> None:
        """Remove the records after ``step``, open the logs, and write that the run is
        running.

        Args:
          places: the runs that train, here ``[0]``.
          restored: whether the run resumes from a checkpoint.
          real: held-out examples, which the pictures show beside samples.
          counts: the number of ``rollbacks``, or of ``skipped`` steps, so far.

        After a rollback this is called again.
        """
        run = self.run
        if self._log:
            self._log, log = None, self._log
            log.__exit__(None, None, None)
        elif restored:
            run.say(f"resuming from step {step}")
        self._counts = dict(counts or {})
        about = self._about | self._counts | {"carrier": self.plan.described()}
        add_start(run.history, step, about)
        self._carrier = whole_carrier(read_history(run.history))
        for line in rewind(run, step, self.plan, run.scored(step)):
            run.say(line)
        self._real = real
        self._log = MetricsLog(run, step)
        save_picture(run.real, picture_of_real(real))
        more = {"steps": self.plan.steps, "carrier": self._carrier}
        run.write_status("running", step, **more)

    def metrics(
        self, step: int, values: Mapping[str, np.ndarray], places: Collection[int]
    ) -> dict[str, float]:
        """Append a row of scalars. Return the row.

        Args:
          values: name -> a value of each run, ``[members]``.
          places: the runs that still train.
        """
        return self._log.metrics(step, {k: v[0] for k, v in values.items()})

    def timing(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row of measured times and rates."""
        self._log.timing(step, values)

    def flush(self) -> None:
        """Write all rows to the disk. Call this before a checkpoint is saved."""
        self._log.flush()

    def scored(self, step: int, places: Collection[int]) -> bool:
        """Return whether the scores at ``step`` are complete."""
        return self.run.scored(step)

    def score_rows(self, step: int, found: Mapping[int, Mapping[str, float]]) -> None:
        """Append the row of scores of a step, and write it to the disk.

        Args:
          found: place -> scores by name.
        """
        (scores,) = found.values()
        if scores:
            self._log.metrics(step, {f"evaluation/{k}": x for k, x in scores.items()})
            self._log.flush()

    def scores(self, step: int, found: Mapping[int, dict[str, Any]]) -> None:
        """Write the file of the scores of a step. It comes last: it shows that nothing
        of this evaluation is missing.

        Args:
          found: place -> ``scores``, ``directions`` and ``protocol``, and ``failed`` if
            an evaluator failed.
        """
        (kept,) = found.values()
        write_json(self.run.evaluation(step), kept)

    def earlier(self, place: int, score: str) -> list[tuple[int, float]]:
        """Return the steps and the earlier values of a score of a run."""
        return values_of_score(self.run.rows(), score)

    def keep_best(self, wanted: Mapping[int, int]) -> set[int]:
        """Remove the states in ``best`` that are not the best ones. Return the places
        whose best state is there.

        Args:
          wanted: place -> the step of the best state; ``NEVER`` if there is none.
        """
        for path in step_folders(self.run.best):
            if int(path.name) != wanted[0] or damage(path):
                remove(path)
        return {0} if finished_steps(self.run.best) else set()

    def pictured(self, step: int) -> bool:
        """Return whether the samples at ``step`` are written."""
        return self.run.picture(step).exists()

    def samples(self, step: int, found: Mapping[int, np.ndarray]) -> None:
        """Draw a picture of the samples at ``step``, and write it.

        Args:
          found: place -> samples ``[n, …]``.
        """
        picture = picture_of_samples(found[0], self._real, step)
        save_picture(self.run.picture(step), picture)
        self._log.picture(step, "samples", picture)

    def save(self, step: int, state: GameState, places: Collection[int]) -> None:
        """Start to write a checkpoint of the state.

        Raises:
          OSError: if the disk is full.
        """
        self._checkpoints.save(state)

    def settle(self) -> None:
        """Wait until the last checkpoint is on the disk."""
        self._checkpoints.finish()

    def save_best(self, step: int, state: GameState, places: Collection[int]) -> None:
        """Write the state of a run with a new best score, and wait for it."""
        self._best = self._best or Checkpoints(self.run.best, 1, self.run.say)
        self._best.save(state)
        self._best.finish()

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
        failed = self.run.failed_evaluations()
        counts = self._counts | ({"skipped": skipped[0]} if skipped else {})
        self.run.write_status(
            state,
            step,
            steps=self.plan.steps,
            exit_reason=exit_reason,
            state_digest=digests[0],
            carrier=self._carrier,
            **{name: count for name, count in counts.items() if count},
            **({"failed_evaluations": failed} if failed else {}),
        )

    def fail(
        self, place: int, step: int, exit_reason: str, diverged: bool = False
    ) -> None:
        """Write the status of a run that failed."""
        more = {"diverged": True} if diverged else {}
        more |= {name: count for name, count in self._counts.items() if count}
        steps = self.plan.steps
        self.run.write_status(
            "failed", step, steps=steps, exit_reason=exit_reason, **more
        )

    def fail_all(self, step: int, exit_reason: str) -> None:
        """Write that the run failed, unless its status has this state already."""
        if self.run.read_status().get("state") != "failed":
            self.fail(0, step, exit_reason)
