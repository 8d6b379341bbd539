"""Whether a state is finite: the check before a checkpoint is written.

Metrics do not suffice: the metrics of a step are computed before its update.
"""

import functools
from collections.abc import Collection

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import GameState

_PARTS = ("params", "variables", "optimizer", "ema")


def non_finite(
    state: GameState, together: bool, places: Collection[int]
) -> dict[int, tuple[str, float]]:
    """Return the runs whose state holds nan or an infinity: place -> the name and the
    value of the first such number. Parameters, variables, optimizers and averages
    count.

    Args:
      state: the state of a run, or the joined states of several runs.
      together: whether the state has an axis for several runs.
      places: the runs to judge; ``[0]`` for a single run.
    """
    parts = {name: getattr(state, name) for name in _PARTS}
    finite = np.atleast_1d(np.asarray(_finite(parts, together)))
    bad = [place for place in places if not finite[place]]
    return {place: _first(parts, place if together else ...) for place in bad}


# One program for all arrays. The host waits for one number of each run.
@functools.partial(jax.jit, static_argnums=1)
def _finite(parts, together):
    found = [
        jnp.isfinite(x).all(axis=tuple(range(int(together), x.ndim)))
        for x in jax.tree.leaves(parts)
        if jnp.issubdtype(x.dtype, jnp.inexact)
    ]
    return functools.reduce(jnp.logical_and, found, jnp.asarray(True))


def _first(parts, place):
    for path, leaf in jax.tree_util.tree_leaves_with_path(parts):
        if jnp.issubdtype(leaf.dtype, jnp.inexact):
            values = np.atleast_1d(np.asarray(leaf)[place])
            bad = values[~np.isfinite(values)]
            if bad.size:
                name = jax.tree_util.keystr(path, simple=True, separator=".")
                return name, float(bad[0])
    raise AssertionError("the program found a number that is not finite")
