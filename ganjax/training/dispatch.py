"""One dispatch: a call of the compiled program that takes ``parallel.inner_steps``
steps on the devices of the plan, and the data for it."""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping

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
)
from ganjax.data import Feed
from ganjax.training.plan import Plan


def compiled_step(game: Game, feed: Feed, plan: Plan) -> Callable:
    """Return the compiled function ``(state, data) -> (state, metrics)`` that takes
    ``parallel.inner_steps`` training steps in one call, on the devices of the plan."""
    return compile_step(
        make_train_step(game, batch=feed.batch),
        devices=plan.devices,
        inner_steps=plan.parallel.inner_steps,
        resident=feed.stream is None,
        carrier=plan.parallel.carrier,
        population=plan.population,
        intervals=game.intervals,
    )


@contextlib.contextmanager
def dispatched_data(
    feed: Feed,
    key: jax.Array,
    start: int,
    plan: Plan,
    waiting: Callable[[], contextlib.AbstractContextManager] = contextlib.nullcontext,
) -> Iterator[Iterator]:
    """Yield an iterator over the ``data`` arguments of the compiled steps.

    If the data are stored or drawn on the device, every item is the same arrays. If the
    host reads the data, each item holds the next batches, one for each step of a call.

    Args:
      key: the random key in the run's state. It decides the order of the examples.
      start: the first step.
      waiting: returns a context. The iterator waits inside it for data that the host
        reads.
    """
    if feed.stream is None:
        yield itertools.repeat(replicate(feed.data, plan.devices))
        return
    with feed.stream(child_key(key, "data"), start) as batches:

        def dispatches():
            while True:
                with waiting():
                    taken = list(itertools.islice(batches, plan.parallel.inner_steps))
                yield split_batch(taken, plan.devices)

        yield dispatches()


def trace(game: Game, knobs: Mapping[str, float], feed: Feed, plan: Plan) -> GameState:
    """Trace the initialisation and the first call of a run's compiled step, and return
    the state as shapes and types. Nothing is read, computed or compiled.

    Raises:
      BadInput: if a component finds a mistake in the config while it is traced.
    """
    state = jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs))
    data = feed.data if feed.stream is None else _dispatched_shapes(feed, plan)
    jax.eval_shape(compiled_step(game, feed, plan), state, data)
    return state


def _dispatched_shapes(feed, plan):
    """Return the shapes that ``split_batch`` gives for one dispatch of the stream."""
    n = len(plan.devices)

    def spread(x):
        rounds, batch, *rest = x.shape
        shape = (n, plan.parallel.inner_steps, rounds, batch // n, *rest)
        return jax.ShapeDtypeStruct(shape, x.dtype)

    return jax.tree.map(spread, feed.shapes)
