"""The training loop around the compiled step."""

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax import signals
from ganjax.core import (
    SKIPPED,
    Game,
    GameState,
    replicate,
    spread_members,
)
from ganjax.data import Feed, Source
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation
from ganjax.model import Model
from ganjax.streams import lasting_streams
from ganjax.training.archive import Archive
from ganjax.training.beginning import Beginning
from ganjax.training.best import check_best
from ganjax.training.dispatch import dispatched_data
from ganjax.training.finite import infinite_at_start
from ganjax.training.hosts import agreed, barrier
from ganjax.training.member import Member, reason
from ganjax.training.plan import Plan
from ganjax.training.recorder import Recorder, RollBack
from ganjax.training.run_archive import RunArchive
from ganjax.training.samples import real_examples, sample_count
from ganjax.training.search import Search


class Failed(Exception):
    """Training failed at ``step``, after the runs began to write. ``__cause__`` is the
    original error."""

    def __init__(self, step: int):
        super().__init__(f"training failed at step {step}")
        self.step = step


def train(
    members: Sequence[Member],
    archive: Archive,
    advance: Callable,
    *,
    game: Game,
    model: Callable[[GameState], Model],
    evaluations: Callable[[int], Evaluation],
    source: Source,
    feed: Feed,
    plan: Plan,
    begin: Callable[[], None] = lambda: None,
) -> GameState:
    """Train up to ``plan.steps``. Resume from the newest checkpoint, if there is one.

    A signal (``ganjax.signals``) stops training after the current call of the compiled
    step, with a checkpoint and the status ``interrupted``. The same call of ``train``
    resumes from there. An error stops it too. If the state before the error is good, it
    is saved first. If a member diverges, it fails and keeps its last checkpoint; the
    other members continue. With ``plan.on_nonfinite='skip'`` the step is left out
    instead. With ``'rollback'`` the run goes back to its last scheduled checkpoint and
    continues with another key.

    Args:
      members: the run, or several runs if ``plan.population`` is set.
      archive: writes the records. It is closed at the end.
      advance: the compiled step, from ``compiled_step`` with the same ``game``,
        ``feed`` and ``plan``.
      model: builds the finished model of a state.
      evaluations: seed -> the ``Evaluation`` of a run.
      source: the data, for pictures.
      feed: the batches of the training examples.
      begin: called once, after all checks and before anything is written.

    Returns:
      The final state of all members.

    Raises:
      BadInput: before anything is written: if all checkpoints are damaged or do not fit
        the config, a checkpoint is past the last step, runs that train together should
        roll back, or ``checkpoint.best`` names no score that can choose a checkpoint.
      Failed: for any error after the members began. The error is its ``__cause__``.
    """
    step = None  # until the members begin
    beginning = Beginning(game, members, archive, plan)
    alone = archive if isinstance(archive, RunArchive) else None
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        enter(lasting_streams())
        enter(_failing(lambda: step))
        enter(archive)
        fresh = beginning.fresh()
        unjudged = infinite_at_start(fresh[0])
        state, restored = beginning.state(fresh)
        start = int(state.step)
        seeds = {i: m.seed for i, m in enumerate(members) if not m.ended}
        if seeds:
            _check(archive, plan, start)
            new = None if restored else fresh[next(iter(seeds))]
            check_best(plan, evaluations, next(iter(seeds.values())), new)
            real = real_examples(source, plan.samples.count)
            if alone and plan.on_nonfinite == "rollback":
                beginning = beginning.after(alone.rollbacks(start))
                state = beginning.with_key(state)
            begin()
        stop = enter(signals.noted())
        search = Search(advance, feed, plan, unjudged, stop)
        del fresh
        while True:
            # A copy: the compiled step reuses the memory of the state.
            step, keys = int(state.step), jnp.copy(state.key.reshape(-1))
            skipped = _skipped(state)
            recorder: Any = contextlib.nullcontext(_NoRecorder())
            if seeds:
                counts = _counts(beginning, skipped)
                archive.begin(step, restored, real, list(seeds), counts)
                recorder = Recorder(
                    archive,
                    seeds,
                    model=model,
                    evaluations=evaluations,
                    keys=keys,
                    samples=sample_count(source, plan.samples.count),
                    plan=plan,
                    start=step,
                    unjudged=unjudged,
                    goes_back=beginning.goes_back,
                    skipped=dict(enumerate(skipped)),
                    explain=functools.partial(_explain, alone, search, beginning),
                )
            try:
                with recorder as entered:
                    state = _to_the_end(
                        entered, advance, feed, plan, state, keys[0], stop, restored
                    )
                    step = int(state.step)
                break
            except RollBack as found:
                assert alone is not None  # ``_check`` refuses others
                alone.go_back()
                beginning = beginning.after(beginning.rollbacks + 1)
                state, restored = beginning.state(beginning.fresh())
                why, count = reason(found.__cause__), beginning.rollbacks
                archive.say(
                    f"{why}; going back to step {int(state.step)} with another key, "
                    f"rollback {count} of {plan.max_rollbacks}"
                )
        barrier("end")  # after this, every process may read the files
    return state


def _explain(archive, search, beginning, until):
    """Write a bundle of the first dispatch whose result is not finite."""
    if archive and jax.process_count() == 1:
        archive.settle()

        def first():
            return beginning.state(beginning.fresh())[0]

        search.write_bundle(archive, first, until)


def _to_the_end(recorder, advance, feed, plan, state, key, stop, restored) -> GameState:
    """Train from a state to the last step, or until a signal comes or no run is left.
    Return the last state."""
    step, metrics, end = int(state.step), {}, 0

    def waiting():
        return recorder.waiting(step, state, metrics)

    # The data of a population are on the device; each member's key orders them.
    with dispatched_data(feed, key, step, plan, waiting) as data, recorder.unsaved():
        put = spread_members if plan.population else replicate
        state = put(state, plan.devices)
        try:
            if restored and step:
                recorder.show(step, state)
            while step < plan.steps and not (end := agreed(_ends(stop, recorder))):
                state, metrics = advance(state, next(data))
                step += plan.parallel.inner_steps
                recorder.after(step, state, metrics)
            recorder.end(step, state, metrics, end)
        except RollBack:
            raise
        except Exception as error:
            recorder.rescue(step, state, metrics)
            raise Failed(step) from error
    return state


class _NoRecorder:
    """A process that follows the first one records nothing."""

    live = (0,)

    def after(self, step, state, metrics):
        pass

    def waiting(self, step, state, metrics):
        return contextlib.nullcontext()

    def unsaved(self):
        return contextlib.nullcontext()

    show = end = rescue = lambda self, *_: None


def _ends(stop, recorder) -> int:
    """Return the number of a signal, -1 if no run is left, 0 to continue."""
    return stop[0] if stop else 0 if recorder.live else -1


def _skipped(state) -> list[int]:
    """Return the number of skipped steps of each run; empty if the game skips none."""
    counts = state.memory.get(SKIPPED)
    return [] if counts is None else np.atleast_1d(np.asarray(counts)).tolist()


def _counts(beginning, skipped):
    """Return the facts about numbers that are not finite, for the history."""
    plan = beginning.plan
    if plan.on_nonfinite == "rollback":
        return {"rollbacks": beginning.rollbacks}
    return {"skipped": skipped if plan.population else skipped[0]} if skipped else {}


def _check(archive, plan, start):
    """Raise ``BadInput`` if the runs are past the last step, or if runs that train
    together should go back to a checkpoint."""
    if plan.population and plan.on_nonfinite == "rollback":
        raise BadInput(
            "on_nonfinite='rollback': expected 'halt' or 'skip' for runs that train "
            "together, because all of them would go back"
        )
    if start > plan.steps:
        raise BadInput(
            f"steps={plan.steps}: expected at least {start}, the current step of "
            f"the run in workdir={archive.path}"
        )


@contextlib.contextmanager
def _failing(now):
    """Turn an error in the block into ``Failed``, once ``now()`` returns a step."""
    try:
        yield
    except Failed:
        raise
    except Exception as error:
        if now() is None:
            raise
        raise Failed(now()) from error
