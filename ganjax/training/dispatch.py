"""One dispatch: the compiled step on the plan's devices, and the data that it takes."""

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
    """Return ``(state, data) -> (state, metrics)`` that advances ``inner_steps``."""
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
    feed: Feed, key: jax.Array, start: int, plan: Plan
) -> Iterator[Iterator]:
    """Give the data of each dispatch from step ``start`` on: the same arrays on the
    devices, or the next batches of the stream. ``key`` is the state's."""
    if feed.stream is None:
        yield itertools.repeat(replicate(feed.data, plan.devices))
        return
    with feed.stream(child_key(key, "data"), start) as batches:

        def dispatches():
            while True:
                taken = list(itertools.islice(batches, plan.parallel.inner_steps))
                yield split_batch(taken, plan.devices)

        yield dispatches()


def trace(game: Game, knobs: Mapping[str, float], feed: Feed, plan: Plan) -> GameState:
    """Trace the initialisation and one dispatch, as a run would compile them, without
    reading, computing or compiling anything. Return the shapes of the state.

    Raises:
      BadInput: where the run would, on its first dispatch.
    """
    state = jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs))
    data = feed.data if feed.stream is None else _dispatched_shapes(feed, plan)
    jax.eval_shape(compiled_step(game, feed, plan), state, data)
    return state


def _dispatched_shapes(feed, plan):
    """The shapes of ``split_batch`` over one dispatch of the stream."""
    n = len(plan.devices)

    def spread(x):
        rounds, batch, *rest = x.shape
        shape = (n, plan.parallel.inner_steps, rounds, batch // n, *rest)
        return jax.ShapeDtypeStruct(shape, x.dtype)

    return jax.tree.map(spread, feed.shapes)
