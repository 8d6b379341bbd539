"""The training loop around the compiled step."""

import contextlib
import functools
import signal
import traceback
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from ganjax.core import (
    Game,
    GameState,
    init_state,
    local_copy,
    member,
    replicate,
    spread_members,
    stack_members,
)
from ganjax.data import Feed, Source
from ganjax.errors import BadInput
from ganjax.model import Model
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.dispatch import compiled_step, dispatched_data
from ganjax.training.hosts import agreed, barrier
from ganjax.training.member import Member, Recorder, prepared, recorder
from ganjax.training.plan import Plan
from ganjax.training.run_log import Diverged


class Failed(Exception):
    """Training failed at ``step``, after the runs began to write. ``__cause__`` is the
    original error."""

    def __init__(self, step: int):
        super().__init__(f"training failed at step {step}")
        self.step = step


def train(
    members: Sequence[Member],
    *,
    game: Game,
    model: Callable[[GameState], Model],
    source: Source,
    feed: Feed,
    plan: Plan,
) -> GameState:
    """Train up to ``plan.steps``. Resume from the newest checkpoint that every member
    has, if there is one.

    A signal (SIGINT, SIGTERM, SIGUSR2) stops training after the current call of the
    compiled step, with a checkpoint and the status ``interrupted``. The same call of
    ``train`` resumes from there. If a member diverges, it fails and keeps its last
    checkpoint; the other members continue.

    Args:
      members: the run, or several runs if ``plan.population`` is set.
      model: builds the finished model of a state, for pictures.
      source: the data, for pictures.
      feed: the batches of the training examples.

    Returns:
      The final state of all members.

    Raises:
      BadInput: before a member begins: if all checkpoints of a member are damaged or do
        not fit the config, a checkpoint is past the last step, or ``checkpoint.best``
        names no score that can choose a checkpoint.
      Failed: for any error after the members began. The error is its ``__cause__``.
    """
    compiled = compiled_step(game, feed, plan)
    step = None  # until the members begin
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        enter(_failing(lambda: step))
        kept = [
            enter(Checkpoints(r.checkpoints, plan.checkpoint.keep, r.say, r.reached))
            for r in (m.run for m in members)
        ]
        states, restored = _first_states(game, members, kept)
        start = int(states[0].step)
        pictures = {
            place: prepared(m, states[place], source, plan, restored)
            for place, m in enumerate(members)
            if not m.ended
        }
        for place in pictures:
            members[place].begin()
        step = start
        how = {"model": model, "plan": plan, "step": start, "restored": restored}
        recorders = {
            place: enter(recorder(m, kept[place], pictures[place], place == 0, **how))
            for place, m in enumerate(members)
            if place in pictures
        }
        everyone = _Everyone(recorders, together=bool(plan.population))
        stop = enter(_signals())
        # The data of a population are on the device; each member's key orders them.
        data = enter(dispatched_data(feed, states[0].key, start, plan))
        if plan.population:
            state = spread_members(stack_members(states), plan.devices)
        else:
            state = replicate(states[0], plan.devices)
        del states

        metrics, end = {}, 0
        if restored:
            everyone.each(Recorder.make_up, step, state, metrics)
        while step < plan.steps and not (end := agreed(everyone.ends(stop))):
            state, metrics = compiled(state, next(data))
            step += plan.parallel.inner_steps
            everyone.each(Recorder.after, step, state, metrics)
        everyone.each(Recorder.end, step, state, metrics, end)
        barrier("end")  # after this, every process may read the files
    return state


class _Everyone:
    """The recorders of the members that still train, by index of the member."""

    def __init__(self, recorders: dict[int, Recorder], together: bool):
        self._recorders, self._together = recorders, together

    def ends(self, stop) -> int:
        """Return the number of a signal, -1 if no member is left, 0 to continue."""
        if stop:
            return stop[0]
        follows = jax.process_index() > 0
        return 0 if follows or self._recorders else -1

    def each(self, act, step, state, metrics, *more):
        """Call ``act`` for every recorder, with a function that returns its state and
        the index of its metrics. A member that diverges fails and is removed. In a
        population, a member that raises any other error is removed as well."""
        for place, mine in list(self._recorders.items()):
            if self._together:
                at, own = (place, -1), functools.partial(member, state, place)
            else:
                shared = jax.process_count() > 1
                copy = local_copy if shared else _same
                at, own = (-1,), functools.partial(copy, state)
            try:
                act(mine, step, own, metrics, at, *more)
            except Diverged as error:
                self._fail(place, error, error.step)
            except Exception as error:
                if not self._together:
                    raise
                if not isinstance(error, BadInput):
                    traceback.print_exc()
                self._fail(place, error, step)

    def _fail(self, place, error, step):
        self._recorders.pop(place).fail(error, step)


def _same(state):
    return state


def _first_states(game, members, kept) -> tuple[list[GameState], bool]:
    """Return the members' states, and whether they come from checkpoints. They are from
    the newest step that all members have; without such a step they are fresh. Nothing
    is written for a member that has ended, so any state at that step serves for it."""
    fresh = [init_state(game, jax.random.key(m.seed), m.knobs) for m in members]
    readable = [set(checkpoints.readable()) for checkpoints in kept]
    pairs = list(zip(members, readable, strict=True))
    steps = set.intersection(*([x for m, x in pairs if not m.ended] or readable))
    if not steps:
        return [m.start_from(x) for m, x in zip(members, fresh, strict=True)], False
    step = max(steps)
    # Knobs come from the config, which the user may have changed on purpose.
    return [
        checkpoints.read(step, state).replace(knobs=state.knobs)
        if step in found
        else state.replace(step=jnp.asarray(step, state.step.dtype))
        for checkpoints, found, state in zip(kept, readable, fresh, strict=True)
    ], True


@contextlib.contextmanager
def _failing(now):
    """Turn an error in the block into ``Failed``, once ``now()`` returns a step."""
    try:
        yield
    except Exception as error:
        if now() is None:
            raise
        raise Failed(now()) from error


@contextlib.contextmanager
def _signals():
    """Yield a list that receives the number of each signal that asks to stop."""
    came = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)

    def note(number, frame):
        came.append(number)

    try:
        before = {number: signal.signal(number, note) for number in numbers}
    except ValueError:  # only the main thread can handle signals
        before = {}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
