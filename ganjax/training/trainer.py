"""The loop around the compiled step: the only one there is."""

import contextlib
import signal
from collections.abc import Callable, Mapping

import jax

from ganjax.core import Game, GameState, init_state, replicate, state_digest
from ganjax.data import Feed, Source
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation
from ganjax.training.best import best_checkpoint, check_best
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.dispatch import compiled_step, dispatched_data
from ganjax.training.plan import Plan
from ganjax.training.records import Records
from ganjax.training.rewind import rewind
from ganjax.training.run_directory import RunDirectory
from ganjax.training.run_log import RunLog, require_finite
from ganjax.training.samples import SamplePictures


def train(
    run: RunDirectory,
    *,
    game: Game,
    knobs: Mapping[str, float],
    source: Source,
    feed: Feed,
    evaluation: Evaluation | None,
    plan: Plan,
    start_from: Callable[[GameState], GameState] = lambda state: state,
    begin: Callable[[], None] = lambda: None,
) -> GameState:
    """Trains up to ``plan.steps``, from the run's newest checkpoint if there is one.

    A signal (SIGINT, SIGTERM, SIGUSR2) ends it after the current dispatch with a
    checkpoint and the status ``interrupted``; the same call goes on from there.

    Args:
      start_from: what becomes of a fresh state, where there is no checkpoint.
      begin: called once, when the run is known to go on and before it writes.

    Raises:
      Diverged: when a logged metric is not finite; the last checkpoint stays.
      BadInput: without a ``step``, before ``begin``, when no checkpoint of the run is
        readable or it stands past ``plan.steps``.

    What is raised after ``begin`` has the ``step`` that the run had come to.
    """
    compiled = compiled_step(game, feed, plan)
    fresh = init_state(game, jax.random.key(plan.seed), knobs)
    with contextlib.ExitStack() as stack:
        checkpoints = stack.enter_context(
            Checkpoints(run.checkpoints, plan.checkpoints_kept, run.say, run.reached)
        )
        # The knobs are always the config's, also where it was changed on purpose.
        restored = checkpoints.restore(fresh)
        if restored:
            state = restored.replace(knobs=fresh.knobs)
        else:
            state = start_from(fresh)
        start = step = int(state.step)
        if start > plan.steps:
            raise BadInput(
                f"steps={plan.steps}: expected at least {start}, the step at which the "
                f"run in workdir={run.path} stands"
            )
        # All randomness of a run is of its state's key, whatever the plan says now.
        pictures = SamplePictures(run, game, source, state.key, plan.sample_count)
        if plan.best and not restored:  # a wrong name is found now, not in an hour
            check_best(plan, evaluation.run(state))
        begin()
        stack.enter_context(_stepped(lambda: step))
        if restored:
            run.say(f"going on from step {start}")
        rewind(run.path, start, plan)
        records = stack.enter_context(Records(run.path, start))
        offer = stack.enter_context(best_checkpoint(run, plan))
        log = stack.enter_context(RunLog(records, plan.steps, plan.batch_size, start))
        pictures.real()
        stop = stack.enter_context(_signals())
        carrier = _carrier(plan)
        run.write_status("running", step, steps=plan.steps, carrier=carrier)
        data = stack.enter_context(dispatched_data(feed, state.key, start, plan))
        state = replicate(state, plan.devices)

        metrics = {}

        def save():
            # The rows up to a checkpoint are on the disk before it counts.
            log.settle()
            require_finite(step, {k: v[-1] for k, v in metrics.items()})
            records.flush()
            checkpoints.save(state)

        while step < plan.steps and not stop:
            state, metrics = compiled(state, next(data))
            step += plan.inner_steps
            if plan.due(plan.log_every, step):
                log.note(step, metrics)
            if plan.due(plan.evaluate_every, step) and evaluation:
                log.settle()
                scores = evaluation.run(state)
                records.metrics(step, {f"evaluation/{k}": v for k, v in scores.items()})
                kept = {"scores": scores, "protocol": evaluation.protocol(step)}
                run.write_json(f"evaluation/{step:08d}.json", kept)
                records.flush()
                offer(scores, state)
            if plan.due(plan.sample_every, step):
                records.picture(step, "samples", pictures.generated(state, step))
            if plan.due(plan.checkpoint_every, step):
                save()

        save()
        checkpoints.finish()
        finished = step >= plan.steps
        run.write_status(
            "finished" if finished else "interrupted",
            step,
            steps=plan.steps,
            exit_reason="all steps done" if finished else f"signal {stop[0]}",
            state_digest=state_digest(state),
            carrier=carrier,
        )
    return state


def _carrier(plan):
    """On what a ``state_digest`` can be compared."""
    one = len(plan.devices) == 1
    return {
        "carrier": "jit" if one else plan.carrier,
        "devices": len(plan.devices),
        "backend": plan.devices[0].platform,
        "device_kind": plan.devices[0].device_kind,
        "inner_steps": plan.inner_steps,
        "jax": jax.__version__,
    }


@contextlib.contextmanager
def _stepped(now):
    """Whatever is raised inside says at which step, in its ``step``."""
    try:
        yield
    except Exception as error:
        error.step = getattr(error, "step", now())
        raise


@contextlib.contextmanager
def _signals():
    """A list that holds the number of the first signal to stop, once it came."""
    came = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)

    def note(number, frame):
        came.append(number)

    try:
        before = {number: signal.signal(number, note) for number in numbers}
    except ValueError:  # not the main thread: whoever runs that one decides
        before = {}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
