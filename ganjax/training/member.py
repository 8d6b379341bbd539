"""One run in the training loop: its records, pictures, scores and checkpoints.

The members of a population share one compiled step. A single run is a population of
one. Each member writes the same files as if it ran alone.
"""

import contextlib
import dataclasses
import traceback
from collections.abc import Callable, Iterator, Mapping

import jax

from ganjax.core import GameState, state_digest
from ganjax.data import Source
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import Evaluation
from ganjax.model import Model
from ganjax.run_files import failed_evaluation, write_json
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
    """One run of a population: runs that one program trains together. All members share
    the game, the data and the plan.

    Attributes:
      run: folder of the run.
      knobs: values of the numbers that are data of the compiled step, by the path of
        their config field, as ``optimizers.generator.learning_rate``.
      seed: seed of a new run. A resumed run has its key in its state.
      evaluation: computes the scores.
      start_from: turns a fresh state into the first state, if there is no checkpoint.
      begin: called once, after all checks and before the run writes.
      ended: whether nothing is written: the run is over, or another process writes it.
        It is still computed, because the other members share its program.
    """

    run: RunDirectory
    knobs: Mapping[str, float]
    seed: int
    evaluation: Evaluation | None = None
    start_from: Callable[[GameState], GameState] = lambda state: state
    begin: Callable[[], None] = lambda: None
    ended: bool = False


def reason(error: Exception) -> str:
    """Return the message of the error that ended a run, in one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())


def _why(error):
    known = isinstance(error, BadInput | Uncomputable)
    return reason(error) if known else f"{type(error).__name__}: {reason(error)}"


def prepared(
    member: Member, state: GameState, source: Source, plan: Plan, restored: bool
) -> SamplePictures:
    """Check, before anything is written, that a member can continue from ``state``, and
    return the writer of its pictures.

    Args:
      restored: whether ``state`` comes from a checkpoint.

    Raises:
      BadInput: if the state is past the last step, or ``checkpoint.best`` is not the
        name of a score, or for this score neither lower nor higher is better.
    """
    step = int(state.step)
    if step > plan.steps:
        raise BadInput(
            f"steps={plan.steps}: expected at least {step}, the current step of "
            f"the run in workdir={member.run.path}"
        )
    # Find a wrong score name now and not at the first evaluation.
    check_best(plan, member.evaluation, None if restored else state)
    # All randomness of a run comes from the key in its state, not from the config.
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
    """Remove a member's records after ``step``, open its logs, and yield its
    ``Recorder``.

    Args:
      shown: whether to show the progress of this member.
      model: builds the finished model of a state, for pictures.
      step: the step at which training starts or resumes.
      restored: whether the member resumes from a checkpoint.
    """
    run = member.run
    if restored:
        run.say(f"resuming from step {step}")
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
    """Writer of one run's files during training. ``recorder`` builds it. The training
    loop calls it after each dispatch (one call of the compiled step)."""

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
        """Write what is due after a dispatch that ended at ``step``: a row of metrics,
        a checkpoint, scores, a picture. The checkpoint comes before the scores, so a
        failed evaluation loses no training.

        Args:
          state: returns the member's own state.
          metrics: metrics of the dispatch, as arrays. ``value[at]`` is the value of
            this member at ``step``.
          at: the index in ``metrics``.

        Raises:
          Diverged: if a metric is not finite in a logged row or at a checkpoint.
        """
        plan = self.plan
        if plan.due(plan.log.every, step):
            self.log.note(step, metrics, at)
        if plan.due(plan.checkpoint.every, step):
            self.save(step, state(), metrics, at)
        self._show(step, state)

    def make_up(self, step, state: Callable[[], GameState], metrics, at) -> None:
        """Write the scores and the picture that are due at the step of a restored
        checkpoint, if the stopped run did not write them. Arguments have the meaning of
        ``after``."""
        if step:
            self._show(step, state)

    def _show(self, step, state):
        run, plan = self.member.run, self.plan
        scores = plan.due(plan.evaluation.every, step) and self.member.evaluation
        if scores and not run.scored(step):
            self.log.settle()
            # A process that dies in an evaluation must not lose the checkpoint.
            self.checkpoints.finish()
            self._evaluate(step, state())
        if plan.due(plan.samples.every, step) and not run.picture(step).exists():
            picture = self.pictures.generated(self.model(state()), step)
            self.records.picture(step, "samples", picture)

    def _evaluate(self, step, state):
        run, evaluation = self.member.run, self.member.evaluation
        scores, errors = evaluation.attempt(state)
        if scores:
            row = {f"evaluation/{name}": value for name, value in scores.items()}
            self.records.metrics(step, row)
            self.records.flush()
            self.offer(scores, state)
        directions = {name: evaluation.direction(name) for name in scores}
        kept = {
            "scores": scores,
            "directions": {k: v for k, v in directions.items() if v},
            "protocol": evaluation.protocol(step),
        }
        if errors:
            kept["failed"] = {name: _why(error) for name, error in errors.items()}
        for name, error in errors.items():
            run.say(f"{failed_evaluation(step, name, _why(error))}; training continues")
            if not isinstance(error, BadInput | Uncomputable):
                run.say("".join(traceback.format_exception(error)).rstrip())
        # Last: the file shows that nothing of this evaluation is missing.
        write_json(run.evaluation(step), kept)

    def save(self, step, state: GameState, metrics, at) -> None:
        """Write the rows of metrics up to ``step``, then start to write a checkpoint.

        Raises:
          Diverged: if a metric is not finite; then no checkpoint is written.
        """
        # Write the rows first, so that a checkpoint never exists without its rows.
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
        """Write the last checkpoint and the final status.

        Args:
          state, metrics, at: see ``after``.
          signal: number of the signal that stopped the run; 0 or less if there was
            none.

        Raises:
          Diverged: if a metric is not finite; then no checkpoint is written.
        """
        state = state()
        self.save(step, state, metrics, at)
        self.checkpoints.finish()
        failed = self.member.run.failed_evaluations()
        more = {"failed_evaluations": failed} if failed else {}
        self.member.run.write_status(
            "finished" if step >= self.plan.steps else "interrupted",
            step,
            steps=self.plan.steps,
            exit_reason=f"signal {signal}" if signal > 0 else "all steps done",
            state_digest=state_digest(state),
            carrier=self.plan.described(),
            **more,
        )

    def fail(self, error: Exception, step: int) -> None:
        """Write the status of a member that failed with ``error``."""
        diverged = {"diverged": True} if isinstance(error, Diverged) else {}
        self.member.run.write_status(
            "failed",
            step,
            steps=self.plan.steps,
            exit_reason=reason(error),
            **diverged,
        )
