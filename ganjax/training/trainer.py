"""The loop around the compiled step: the only one there is."""

import contextlib
import signal
from collections.abc import Sequence

import jax

from ganjax.core import (
    Game,
    GameState,
    here,
    init_state,
    member,
    replicate,
    spread_members,
    stack_members,
)
from ganjax.data import Feed, Source
from ganjax.training.dispatch import compiled_step, dispatched_data
from ganjax.training.hosts import agreed, together
from ganjax.training.member import Member, Recorder
from ganjax.training.plan import Plan
from ganjax.training.run_log import Diverged


def train(
    members: Sequence[Member],
    *,
    game: Game,
    source: Source,
    feed: Feed,
    plan: Plan,
) -> GameState:
    """Trains up to ``plan.steps``, from the newest checkpoint that every member has, if
    there is one.

    A signal (SIGINT, SIGTERM, SIGUSR2) ends it after the current dispatch with a
    checkpoint and the status ``interrupted``; the same call goes on from there. A
    member that diverges has failed, with its last checkpoint, and the others go on.

    Args:
      members: one, or where ``plan.population`` says how they run together, several.

    Returns:
      The state, of all members.

    Raises:
      BadInput: without a ``step``, before a member began, when no checkpoint of a
        member is readable or it stands past ``plan.steps``.

    What is raised after the members began has the ``step`` that they had come to.
    """
    compiled = compiled_step(game, feed, plan)
    with contextlib.ExitStack() as stack:
        recorders = [
            stack.enter_context(Recorder(member, game, source, plan))
            for member in members
        ]
        states, restored = _first_states(game, recorders)
        for recorder, own in zip(recorders, states, strict=True):
            if recorder.live:
                recorder.prepare(own, restored)
        start = step = int(states[0].step)
        for recorder in recorders:
            if recorder.live:
                recorder.member.begin()
        stack.enter_context(_stepped(lambda: step))
        for place, recorder in enumerate(recorders):
            if recorder.live:
                recorder.begin(step, restored, shown=place == 0)
        stop = stack.enter_context(_signals())
        # A population is of data on the device, whose order is of the members' keys.
        data = stack.enter_context(dispatched_data(feed, states[0].key, start, plan))
        if plan.population:
            state = spread_members(stack_members(states), plan.devices)
        else:
            state = replicate(states[0], plan.devices)
        del states

        metrics = {}
        one = here if jax.process_count() > 1 else lambda state: state

        def each(act):
            """``act(recorder, own state, where its metrics are)`` for those who live;
            who diverges in it does so no longer."""
            for place, recorder in enumerate(recorders):
                if not recorder.live:
                    continue
                at, own = (-1,), lambda: one(state)
                if plan.population:
                    at, own = (place, -1), lambda p=place: member(state, p)
                try:
                    act(recorder, own, at)
                except Diverged as error:
                    recorder.fail(error)

        def ends():
            """A signal's number, or -1 where nobody is left; 0 to go on."""
            if stop:
                return stop[0]
            follows = jax.process_index() > 0
            return 0 if follows or any(r.live for r in recorders) else -1

        end = 0
        while step < plan.steps and not (end := agreed(ends())):
            state, metrics = compiled(state, next(data))
            step += plan.inner_steps
            each(lambda r, own, at: r.after(step, own, metrics, at))  # noqa: B023

        reason = f"signal {end}" if end > 0 else "all steps done"
        each(lambda r, own, at: r.end(step, own(), metrics, at, reason))
        together("end")  # what the first process wrote, the others may read
    return state


def _first_states(game, recorders) -> tuple[list[GameState], bool]:
    """The members' states at the newest step that all have, and whether it is from
    their checkpoints; fresh ones where there is no such step."""
    fresh = [
        init_state(game, jax.random.key(r.member.seed), r.member.knobs)
        for r in recorders
    ]
    steps = set.intersection(*(set(r.checkpoints.readable()) for r in recorders))
    if not steps:
        pairs = zip(recorders, fresh, strict=True)
        return [r.member.start_from(state) for r, state in pairs], False
    # The knobs are always the config's, also where it was changed on purpose.
    return [
        r.checkpoints.read(max(steps), state).replace(knobs=state.knobs)
        for r, state in zip(recorders, fresh, strict=True)
    ], True


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
