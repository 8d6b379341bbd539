"""The loop around the compiled step: the only one there is."""

import contextlib
import functools
import signal
import traceback
from collections.abc import Callable, Sequence

import jax

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
    """Training ended at ``step``, after the members had begun; the cause says why."""

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
    """Train up to ``plan.steps``, from the newest checkpoint that every member has, if
    there is one.

    A signal (SIGINT, SIGTERM, SIGUSR2) ends it after the current dispatch with a
    checkpoint and the status ``interrupted``; the same call goes on from there. A
    member that diverges has failed, with its last checkpoint, and the others go on.

    Args:
      members: one, or where ``plan.population`` says how they run together, several.
      model: the finished model of a state, for pictures.

    Returns:
      The state, of all members.

    Raises:
      BadInput: before a member began: if no checkpoint of a member is readable, or as
        ``prepared``.
      Failed: for whatever is raised after the members began, which is its cause.
    """
    compiled = compiled_step(game, feed, plan)
    step = None  # until the members have begun
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
        # A population is of data on the device, whose order is of the members' keys.
        data = enter(dispatched_data(feed, states[0].key, start, plan))
        if plan.population:
            state = spread_members(stack_members(states), plan.devices)
        else:
            state = replicate(states[0], plan.devices)
        del states

        metrics, end = {}, 0
        while step < plan.steps and not (end := agreed(everyone.ends(stop))):
            state, metrics = compiled(state, next(data))
            step += plan.parallel.inner_steps
            everyone.each(Recorder.after, step, state, metrics)
        everyone.each(Recorder.end, step, state, metrics, end)
        barrier("end")  # what the first process wrote, the others may read
    return state


class _Everyone:
    """The recorders of the members that go on, by the members' places."""

    def __init__(self, recorders: dict[int, Recorder], together: bool):
        self._recorders, self._together = recorders, together

    def ends(self, stop) -> int:
        """Return a signal's number, or -1 where no member is left; 0 to go on."""
        if stop:
            return stop[0]
        follows = jax.process_index() > 0
        return 0 if follows or self._recorders else -1

    def each(self, act, step, state, metrics, *more):
        """Do ``act`` for every recorder, with its own state (a function that gives it)
        and where its metrics are. A member that diverges in it is left out from then
        on; so is a member of a population that raises anything."""
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
    """Return the members' states at the newest step that all have, and whether it is
    from their checkpoints; fresh states where there is no such step."""
    fresh = [init_state(game, jax.random.key(m.seed), m.knobs) for m in members]
    steps = set.intersection(*(set(checkpoints.readable()) for checkpoints in kept))
    if not steps:
        pairs = zip(members, fresh, strict=True)
        return [m.start_from(state) for m, state in pairs], False
    # The knobs are always the config's, also where it was changed on purpose.
    return [
        checkpoints.read(max(steps), state).replace(knobs=state.knobs)
        for checkpoints, state in zip(kept, fresh, strict=True)
    ], True


@contextlib.contextmanager
def _failing(now):
    """Turn what is raised inside into ``Failed``, once there is a step."""
    try:
        yield
    except Exception as error:
        if now() is None:
            raise
        raise Failed(now()) from error


@contextlib.contextmanager
def _signals():
    """Give a list that holds the number of the first signal to stop, once it came."""
    came = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)

    def note(number, frame):
        came.append(number)

    try:
        before = {number: signal.signal(number, note) for number in numbers}
    except ValueError:  # not the main thread, which decides
        before = {}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
