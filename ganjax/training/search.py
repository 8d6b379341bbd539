"""The search for the dispatch that first gives a number that is not finite.

A row or a checkpoint shows such a number, often many steps after it arose. The steps
since the last checkpoint are computed again by the same program, so all bits are equal,
and each dispatch (a call of the compiled step) is judged. This costs training nothing.
"""

import dataclasses
import itertools
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from ganjax.core import SKIPPED, GameState, child_key, replicate
from ganjax.core.state import serialised
from ganjax.data import Feed
from ganjax.training.bundle import Bundle, write_bundle
from ganjax.training.dispatch import dispatched_data
from ganjax.training.finite import non_finite
from ganjax.training.member import reason
from ganjax.training.plan import Plan
from ganjax.training.run_archive import RunArchive


@dataclasses.dataclass(frozen=True)
class Search:
    """The search in one run.

    Attributes:
      advance: the compiled step of the run.
      feed, plan: of the run.
      unjudged: names of arrays that are not judged, from ``infinite_at_start``.
      stop: receives the number of a signal.
    """

    advance: Callable
    feed: Feed
    plan: Plan
    unjudged: Collection[str]
    stop: Sequence[int]

    def write_bundle(
        self, archive: RunArchive, first: Callable[[], GameState], until: int
    ) -> None:
        """Find the dispatch, and write a bundle of it into the run's folder. Say why,
        if there is none: no error of a bundle ends a run. After a signal there is none.

        Args:
          first: returns the state from which the search starts.
          until: see ``find``.
        """
        if self.stop:
            return
        try:
            state = first()
            archive.say(
                f"steps {int(state.step)} to {until} are computed again, for a bundle"
            )
            found = self.find(state, until)
            if found is None:
                signalled = "a signal came"
                why = signalled if self.stop else "all numbers are finite this time"
                archive.say(f"no bundle: {why}")
                return
            folder = write_bundle(archive.run, found)
            archive.say(f"ganjax replay {shlex.quote(str(folder))} reproduces the step")
        except Exception as error:
            archive.say(f"no bundle: {reason(error)}")

    def find(self, state: GameState, until: int) -> Bundle | None:
        """Return the first dispatch with a result that is not finite, or with a skipped
        step; ``None`` if there is none, or a signal came.

        Args:
          state: the state of a single run, from which the search starts.
          until: the last step of the search.
        """
        feed, inner_steps = self.feed, self.plan.parallel.inner_steps
        step, key = int(state.step), jax.random.clone(state.key)
        state = replicate(state, self.plan.devices)
        with dispatched_data(feed, key, step, self.plan) as data:
            while step < until and not self.stop:
                # A copy: the compiled step reuses the memory of the state.
                before = jax.tree.map(np.array, serialised(state))
                state, metrics = self.advance(state, next(data))
                if _is_bad(before, state, metrics, self.unjudged):
                    batches = _batches(feed, key, step, inner_steps)
                    values = {k: np.ravel(x).tolist() for k, x in metrics.items()}
                    return Bundle(step, before, batches, values)
                step += inner_steps
        return None


def _is_bad(before, state, metrics, unjudged):
    if SKIPPED in metrics:
        return int(state.memory[SKIPPED]) > int(before["memory"][SKIPPED])
    finite = all(np.isfinite(x).all() for x in metrics.values())
    return not finite or bool(non_finite(state, False, [0], unjudged))


def _batches(
    feed: Feed, key: jax.Array, first: int, count: int
) -> list[Mapping[str, Any]]:
    """Return the batches ``[rounds, batch, …]`` of some steps, on the host."""
    of_data = child_key(key, "data")
    if feed.stream is not None:
        with feed.stream(of_data, first) as stream:
            return list(itertools.islice(stream, count))

    def batch(data, step):
        return feed.batch(data, of_data, step, "data")

    program = jax.jit(
        jax.vmap(batch, (None, None), axis_name="data", axis_size=1)  # one device
    )
    steps = np.arange(first, first + count, dtype=np.int32)
    found = [jax.device_get(program(feed.data, step)) for step in steps]
    return [jax.tree.map(lambda x: x[0], batch) for batch in found]
