"""The records of a run that is trained alone, in its folder."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ganjax.core import GameState
from ganjax.data import form_of
from ganjax.run_files import write_json
from ganjax.training.archive import Archive
from ganjax.training.best import values_of_score
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
    whole_picture,
)


class RunArchive(Archive):
    """The records of one run. Its place is 0.

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
        return self._checkpoints.restore(fresh[0])

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
        self._form = form_of(run.data)
        save_picture(run.real, picture_of_real(real, self._form))
        more = {"steps": self.plan.steps, "carrier": self._carrier}
        run.write_status("running", step, **more)

    def metrics(
        self, step: int, values: Mapping[str, np.ndarray], places: Collection[int]
    ) -> dict[str, float]:
        return self._log.metrics(step, {k: v[0] for k, v in values.items()})

    def timing(self, step: int, values: Mapping[str, float]) -> None:
        self._log.timing(step, values)

    def flush(self) -> None:
        self._log.flush()

    def scored(self, step: int, places: Collection[int]) -> bool:
        return self.run.scored(step)

    def score_rows(self, step: int, found: Mapping[int, Mapping[str, float]]) -> None:
        (scores,) = found.values()
        if scores:
            self._log.metrics(step, {f"evaluation/{k}": x for k, x in scores.items()})
            self._log.flush()

    def scores(self, step: int, found: Mapping[int, dict[str, Any]]) -> None:
        (kept,) = found.values()
        write_json(self.run.evaluation(step), kept)

    def earlier(self, place: int, score: str) -> list[tuple[int, float]]:
        return values_of_score(self.run.rows(), score)

    def keep_best(self, wanted: Mapping[int, int]) -> set[int]:
        for path in step_folders(self.run.best):
            if int(path.name) != wanted[0] or damage(path):
                remove(path)
        return {0} if finished_steps(self.run.best) else set()

    def pictured(self, step: int) -> bool:
        return whole_picture(self.run.picture(step))

    def samples(self, step: int, found: Mapping[int, np.ndarray]) -> None:
        picture = picture_of_samples(found[0], self._real, step, self._form)
        save_picture(self.run.picture(step), picture)
        self._log.picture(step, "samples", picture)

    def save(self, step: int, state: GameState, places: Collection[int]) -> None:
        self._checkpoints.save(state)

    def settle(self) -> None:
        self._checkpoints.finish()

    def save_best(self, step: int, state: GameState, places: Collection[int]) -> None:
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
        more: dict[str, Any] = {"diverged": True} if diverged else {}
        # The number of skipped steps is only known when training ends.
        if rollbacks := self._counts.get("rollbacks"):
            more["rollbacks"] = rollbacks
        steps = self.plan.steps
        self.run.write_status(
            "failed", step, steps=steps, exit_reason=exit_reason, **more
        )

    def fail_all(self, step: int, exit_reason: str) -> None:
        if self.run.read_status().get("state") != "failed":
            self.fail(0, step, exit_reason)
