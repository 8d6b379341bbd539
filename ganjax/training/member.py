"""One run's part in the loop: its records, pictures, scores and checkpoints.

A population has many members beside one compiled step; a run alone is a population of
one. Each member leaves the folder that it would have left alone.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping

import jax

from ganjax.core import GameState, state_digest
from ganjax.data import Source
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation
from ganjax.model import Model
from ganjax.run_files import write_json
from ganjax.training.best import best_checkpoint, check_best
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.metrics_log import MetricsLog
from ganjax.training.plan import Plan
from ganjax.training.rewind import rewind
from ganjax.training.run_directory import RunDirectory
from ganjax.training.run_log import Diverged, RunLog, require_finite, values_at
from ganjax.training.samples import SamplePictures


@dataclasses.dataclass(frozen=True)
class Member:
    """What a run has beside the game, the data and the plan of all members.

    Attributes:
      run: its folder.
      knobs: its numbers, by name.
      seed: of a new run; a run that goes on has its key in its state.
      evaluation: its scores.
      start_from: what becomes of a fresh state, where there is no checkpoint.
      begin: called once, when the run is known to go on and before it writes.
      ended: whether the run is over. It is computed because the other members share its
        program, and it writes nothing.
    """

    run: RunDirectory
    knobs: Mapping[str, float]
    seed: int
    evaluation: Evaluation | None = None
    start_from: Callable[[GameState], GameState] = lambda state: state
    begin: Callable[[], None] = lambda: None
    ended: bool = False


def reason(error: Exception) -> str:
    """Return why a run ended, in one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())


def prepared(
    member: Member, state: GameState, source: Source, plan: Plan, restored: bool
) -> SamplePictures:
    """Check, before anything is written, that a member can go on from ``state``, and
    return what draws its pictures.

    Raises:
      BadInput: if the state is past the end, or ``checkpoint.best`` is no score to keep
        a checkpoint by.
    """
    step = int(state.step)
    if step > plan.steps:
        raise BadInput(
            f"steps={plan.steps}: expected at least {step}, the step of the run in "
            f"workdir={member.run.path}"
        )
    # A wrong name is found now, not in an hour.
    check_best(plan, member.evaluation, None if restored else state)
    # All randomness of a run is of its state's key, whatever the config says now.
    return SamplePictures(member.run, source, state.key, plan.samples.count)


@contextlib.contextmanager
def recorder(
    member: Member,
    checkpoints: Checkpoints,
    pictures: SamplePictures,
    shown: bool,
    *,
    model: Callable[[GameState], Model],
    plan: Plan,
    step: int,
    restored: bool,
) -> Iterator["Recorder"]:
    """Take a member's records back to ``step``, open them, and give its ``Recorder``.

    Args:
      shown: whether the user sees its progress.
      restored: whether the member goes on from a checkpoint.
    """
    run = member.run
    if restored:
        run.say(f"going on from step {step}")
    rewind(run, step, plan)
    with (
        MetricsLog(run, step) as records,
        best_checkpoint(run, member.evaluation, plan) as offer,
        RunLog(records, plan.steps, plan.batch_size, step, shown) as log,
    ):
        pictures.real()
        run.write_status("running", step, steps=plan.steps, carrier=plan.described())
        yield Recorder(member, checkpoints, pictures, model, plan, records, offer, log)


@dataclasses.dataclass(frozen=True)
class Recorder:
    """What happens to a member's state between dispatches; ``recorder`` makes it."""

    member: Member
    checkpoints: Checkpoints
    pictures: SamplePictures
    model: Callable[[GameState], Model]
    plan: Plan
    records: MetricsLog
    offer: Callable[[Mapping[str, float], GameState], None]
    log: RunLog

    def after(
        self,
        step: int,
        state: Callable[[], GameState],
        metrics: Mapping[str, jax.Array],
        at: tuple[int, ...],
    ) -> None:
        """Do what is due after a dispatch that ended at ``step``.

        Args:
          state: gives the member's own state.
          metrics: of the dispatch; ``[*at]`` is the member's at ``step``.

        Raises:
          Diverged: if a number that is looked at is not finite.
        """
        plan = self.plan
        if plan.due(plan.log.every, step):
            self.log.note(step, metrics, at)
        if plan.due(plan.evaluation.every, step) and self.member.evaluation:
            self.log.settle()
            self._evaluate(step, state())
        if plan.due(plan.samples.every, step):
            picture = self.pictures.generated(self.model(state()), step)
            self.records.picture(step, "samples", picture)
        if plan.due(plan.checkpoint.every, step):
            self.save(step, state(), metrics, at)

    def _evaluate(self, step, state):
        evaluation = self.member.evaluation
        scores = evaluation.run(state)
        self.records.metrics(step, {f"evaluation/{k}": v for k, v in scores.items()})
        directions = {name: evaluation.direction(name) for name in scores}
        kept = {
            "scores": scores,
            "directions": {k: v for k, v in directions.items() if v},
            "protocol": evaluation.protocol(step),
        }
        write_json(self.member.run.evaluation(step), kept)
        self.records.flush()
        self.offer(scores, state)

    def save(self, step, state: GameState, metrics, at) -> None:
        """Begin to write a checkpoint.

        Raises:
          Diverged: if a metric is not finite; the last checkpoint stays.
        """
        # The rows up to a checkpoint are on the disk before it counts.
        self.log.settle()
        require_finite(step, values_at(metrics, at))
        self.records.flush()
        self.checkpoints.save(state)

    def end(
        self,
        step: int,
        state: Callable[[], GameState],
        metrics: Mapping[str, jax.Array],
        at: tuple[int, ...],
        signal: int,
    ) -> None:
        """Write the last checkpoint, and the status that goes with it.

        Args:
          signal: what stopped the run, 0 where nothing did.
        """
        state = state()
        self.save(step, state, metrics, at)
        self.checkpoints.finish()
        self.member.run.write_status(
            "finished" if step >= self.plan.steps else "interrupted",
            step,
            steps=self.plan.steps,
            exit_reason=f"signal {signal}" if signal > 0 else "all steps done",
            state_digest=state_digest(state),
            carrier=self.plan.described(),
        )

    def fail(self, error: Exception, step: int) -> None:
        """Write that the member has failed."""
        diverged = {"diverged": True} if isinstance(error, Diverged) else {}
        self.member.run.write_status(
            "failed",
            step,
            steps=self.plan.steps,
            exit_reason=reason(error),
            **diverged,
        )
