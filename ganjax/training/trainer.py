"""The loop around the compiled step: the only one there is."""

import contextlib
import functools
import signal
import traceback
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
from ganjax.errors import BadInput
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
        everyone = _Everyone(
            [stack.enter_context(Recorder(m, game, source, plan)) for m in members],
            together=bool(plan.population),
        )
        states, restored = _first_states(game, everyone.recorders)
        start = step = int(states[0].step)
        everyone.prepare(states, restored)
        stack.enter_context(_stepped(lambda: step))
        everyone.begin(start, restored)
        stop = stack.enter_context(_signals())
        # A population is of data on the device, whose order is of the members' keys.
        data = stack.enter_context(dispatched_data(feed, states[0].key, start, plan))
        if plan.population:
            state = spread_members(stack_members(states), plan.devices)
        else:
            state = replicate(states[0], plan.devices)
        del states

        metrics, end = {}, 0
        while step < plan.steps and not (end := agreed(everyone.ends(stop))):
            state, metrics = compiled(state, next(data))
            step += plan.inner_steps
            everyone.each(Recorder.after, step, state, metrics)
        everyone.each(Recorder.end, step, state, metrics, end)
        together("end")  # what the first process wrote, the others may read
    return state


class _Everyone:
    """The members' recorders, and where each finds what is its own."""

    def __init__(self, recorders: Sequence[Recorder], together: bool):
        self.recorders, self._together = recorders, together

    @property
    def _living(self):
        return [(i, r) for i, r in enumerate(self.recorders) if r.live]

    def prepare(self, states, restored):
        for place, recorder in self._living:
            recorder.prepare(states[place], restored)
        for _, recorder in self._living:
            recorder.member.begin()

    def begin(self, step, restored):
        for place, recorder in self._living:
            recorder.begin(step, restored, shown=place == 0)

    def ends(self, stop) -> int:
        """A signal's number, or -1 where nobody is left; 0 to go on."""
        if stop:
            return stop[0]
        follows = jax.process_index() > 0
        return 0 if follows or self._living else -1

    def each(self, act, step, state, metrics, *more):
        """``act`` of every recorder that lives, with its own state (a function that
        gives it) and where its metrics are. Who diverges in it lives no longer; nor
        does a member of a population that raises, whatever it is."""
        for place, recorder in self._living:
            if self._together:
                at, own = (place, -1), functools.partial(member, state, place)
            else:
                shared = jax.process_count() > 1
                at, own = (-1,), functools.partial(here if shared else _same, state)
            try:
                act(recorder, step, own, metrics, at, *more)
            except Diverged as error:
                recorder.fail(error, error.step)
            except Exception as error:
                if not self._together:
                    raise
                if not isinstance(error, BadInput):
                    traceback.print_exc()
                recorder.fail(error, step)


def _same(state):
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
