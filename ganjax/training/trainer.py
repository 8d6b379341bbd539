"""The loop around the compiled step: the only one there is."""

import contextlib
import dataclasses
import itertools
import signal
from collections.abc import Mapping, Sequence

import jax

from ganjax.core import (
    Game,
    GameState,
    child_key,
    compile_step,
    init_state,
    make_train_step,
    replicate,
    split_batch,
    state_digest,
)
from ganjax.data import Feed, Source
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.records import Records
from ganjax.training.run_directory import RunDirectory
from ganjax.training.run_log import RunLog, require_finite
from ganjax.training.samples import SamplePictures


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long a run is and what happens when. Every interval is in steps and a
    multiple of ``inner_steps``; 0 means only at the end."""

    seed: int
    steps: int
    batch_size: int
    devices: Sequence[jax.Device]
    carrier: str
    inner_steps: int
    log_every: int
    sample_every: int
    sample_count: int
    evaluate_every: int
    checkpoint_every: int
    checkpoints_kept: int

    def due(self, every: int, step: int) -> bool:
        return step == self.steps or (every > 0 and step % every == 0)


def train(
    run: RunDirectory,
    *,
    game: Game,
    knobs: Mapping[str, float],
    source: Source,
    feed: Feed,
    evaluators: Mapping[str, object],
    plan: Plan,
) -> GameState:
    """Trains up to ``plan.steps``, from the run's newest checkpoint if there is one.

    A signal (SIGINT, SIGTERM, SIGUSR2) ends it after the current dispatch with a
    checkpoint and the status ``interrupted``; the same call goes on from there.

    Raises:
      Diverged: when a logged metric is not finite; the last checkpoint stays.
      BadInput: when no checkpoint of the run is readable.
    """
    compiled = compile_step(
        make_train_step(game, batch=feed.batch),
        devices=plan.devices,
        inner_steps=plan.inner_steps,
        resident=feed.stream is None,
        carrier=plan.carrier,
    )
    key = jax.random.key(plan.seed)
    fresh = init_state(game, key, knobs)
    with contextlib.ExitStack() as stack:
        checkpoints = stack.enter_context(
            Checkpoints(run.checkpoints, plan.checkpoints_kept, run.say)
        )
        # The knobs are always the config's, also where it was changed on purpose.
        restored = checkpoints.restore(fresh)
        state = restored.replace(knobs=fresh.knobs) if restored else fresh
        start = step = int(state.step)
        if restored:
            run.say(f"going on from step {start}")
        records = stack.enter_context(Records(run.path, start))
        log = stack.enter_context(RunLog(records, plan.steps, plan.batch_size, start))
        pictures = SamplePictures(run, game, source, key, plan.sample_count)
        pictures.real()
        stop = stack.enter_context(_signals())
        carrier = _carrier(plan)
        run.write_status("running", step, steps=plan.steps, carrier=carrier)
        state = replicate(state, plan.devices)
        data = _data(feed, key, start, plan, stack)

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
            if plan.due(plan.evaluate_every, step) and evaluators:
                log.settle()
                scores = {
                    f"evaluation/{name}": value
                    for evaluator in evaluators.values()
                    for name, value in evaluator.run(state)
                }
                row = records.metrics(step, scores)
                run.write_json(f"evaluation/{step:08d}.json", row)
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


def _data(feed, key, start, plan, stack):
    """What each dispatch is given: the same arrays on the devices, or the next batches
    of the stream."""
    if feed.stream is None:
        return itertools.repeat(replicate(feed.data, plan.devices))
    batches = stack.enter_context(feed.stream(child_key(key, "data"), start))

    def dispatches():
        while True:
            taken = list(itertools.islice(batches, plan.inner_steps))
            yield split_batch(taken, plan.devices)

    return dispatches()


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
