"""One run's part in the loop: its records, pictures, scores and checkpoints.

A population has many of them beside one compiled step; a run alone is a population of
one. Each leaves the folder that it would have left alone.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping

import jax

from ganjax.core import Game, GameState, state_digest
from ganjax.data import Source
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation
from ganjax.training.best import best_checkpoint, check_best
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.plan import Plan
from ganjax.training.records import Records
from ganjax.training.rewind import rewind
from ganjax.training.run_directory import RunDirectory
from ganjax.training.run_log import Diverged, RunLog, require_finite, values_at
from ganjax.training.samples import SamplePictures


@dataclasses.dataclass(frozen=True)
class Member:
    """What a run has of its own beside the game, the data and the plan of all.

    Attributes:
      run: its folder.
      knobs: its numbers, by name.
      seed: of a new run; one that goes on has its key in its state.
      evaluation: its scores.
      start_from: what becomes of a fresh state, where there is no checkpoint.
      begin: called once, when the run is known to go on and before it writes.
      ended: whether the run is over, and is computed only because the others of its
        population, with whom it shares a program, are not; it writes nothing.
    """

    run: RunDirectory
    knobs: Mapping[str, float]
    seed: int
    evaluation: Evaluation | None = None
    start_from: Callable[[GameState], GameState] = lambda state: state
    begin: Callable[[], None] = lambda: None
    ended: bool = False


def reason(error: Exception) -> str:
    """Why a run ended, in one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())


class Recorder:
    """What happens to a member's state between dispatches; a context manager.

    Attributes:
      live: whether it still records: neither over nor failed.
    """

    def __init__(self, member: Member, game: Game, source: Source, plan: Plan):
        self.member, self._run = member, member.run
        self._game, self._source, self._plan = game, source, plan
        self.live = not member.ended
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Recorder":
        run = self._run
        self.checkpoints = self._stack.enter_context(
            Checkpoints(run.checkpoints, self._plan.checkpoints_kept, run.say,
                        run.reached)
        )  # fmt: skip
        return self

    def __exit__(self, *error) -> None:
        self._stack.__exit__(*error)

    def prepare(self, state: GameState, restored: bool) -> None:
        """Checks, before anything is written, that the member can go on from ``state``.

        Raises:
          BadInput: if it stands past the end, or its best score is one it has not.
        """
        step, plan = int(state.step), self._plan
        if step > plan.steps:
            raise BadInput(
                f"steps={plan.steps}: expected at least {step}, the step at which the "
                f"run in workdir={self._run.path} stands"
            )
        # All randomness of a run is of its state's key, whatever the config says now.
        self._pictures = SamplePictures(
            self._run, self._game, self._source, state.key, plan.sample_count
        )
        if plan.best and not restored:  # a wrong name is found now, not in an hour
            check_best(plan, self.member.evaluation.run(state))

    def begin(self, step: int, restored: bool, shown: bool) -> None:
        """Opens the records at ``step``; ``shown`` where progress is told of it."""
        run, plan, enter = self._run, self._plan, self._stack.enter_context
        if restored:
            run.say(f"going on from step {step}")
        rewind(run.path, step, plan)
        self._records = enter(Records(run.path, step))
        self._offer = enter(best_checkpoint(run, plan))
        self._log = enter(
            RunLog(self._records, plan.steps, plan.batch_size, step, shown)
        )
        self._pictures.real()
        run.write_status("running", step, steps=plan.steps, carrier=plan.described())

    def after(
        self,
        step: int,
        state: Callable[[], GameState],
        metrics: Mapping[str, jax.Array],
        at: tuple[int, ...],
    ) -> None:
        """Whatever is due after a dispatch that ended at ``step``.

        Args:
          state: gives the member's own state.
          metrics: of the dispatch; ``[*at]`` is the member's at ``step``.

        Raises:
          Diverged: if a number that is looked at is not finite.
        """
        plan, records = self._plan, self._records
        if plan.due(plan.log_every, step):
            self._log.note(step, metrics, at)
        if plan.due(plan.evaluate_every, step) and self.member.evaluation:
            self._log.settle()
            self._evaluate(step, state())
        if plan.due(plan.sample_every, step):
            records.picture(step, "samples", self._pictures.generated(state(), step))
        if plan.due(plan.checkpoint_every, step):
            self.save(step, state(), metrics, at)

    def _evaluate(self, step, state):
        evaluation, records = self.member.evaluation, self._records
        scores = evaluation.run(state)
        records.metrics(step, {f"evaluation/{k}": v for k, v in scores.items()})
        kept = {"scores": scores, "protocol": evaluation.protocol(step)}
        self._run.write_json(f"evaluation/{step:08d}.json", kept)
        records.flush()
        self._offer(scores, state)

    def save(self, step, state: GameState, metrics, at) -> None:
        """Begins to write a checkpoint.

        Raises:
          Diverged: if a metric is not finite; the last checkpoint stays.
        """
        # The rows up to a checkpoint are on the disk before it counts.
        self._log.settle()
        require_finite(step, values_at(metrics, at))
        self._records.flush()
        self.checkpoints.save(state)

    def end(
        self,
        step: int,
        state: Callable[[], GameState],
        metrics: Mapping[str, jax.Array],
        at: tuple[int, ...],
        signal: int,
    ) -> None:
        """The last checkpoint, and the status that goes with it; ``signal`` is what
        stopped the run, 0 where nothing did."""
        state = state()
        self.save(step, state, metrics, at)
        self.checkpoints.finish()
        self._run.write_status(
            "finished" if step >= self._plan.steps else "interrupted",
            step,
            steps=self._plan.steps,
            exit_reason=f"signal {signal}" if signal > 0 else "all steps done",
            state_digest=state_digest(state),
            carrier=self._plan.described(),
        )

    def fail(self, error: Exception, step: int) -> None:
        """The member is over, and the others go on."""
        self.live = False
        diverged = {"diverged": True} if isinstance(error, Diverged) else {}
        self._run.write_status(
            "failed",
            step,
            steps=self._plan.steps,
            exit_reason=reason(error),
            **diverged,
        )
