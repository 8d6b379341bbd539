"""Whether a state is finite: the check before a checkpoint is written.

Metrics do not suffice: the metrics of a step are computed before its update.
"""

import functools
from collections.abc import Collection
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import GameState

Tree = Any
_PARTS = ("params", "variables", "optimizer", "ema")


def non_finite(
    state: GameState,
    together: bool,
    places: Collection[int],
    unjudged: Collection[str] = (),
) -> dict[int, tuple[str, float]]:
    """Return the runs whose state holds nan or an infinity: place -> the name and the
    value of the first such number. Parameters, variables, optimizers and averages
    count.

    Args:
      state: the state of a run, or the joined states of several runs.
      together: whether the state has an axis for several runs.
      places: the runs to judge; ``[0]`` for a single run.
      unjudged: names of arrays that are not judged, from ``infinite_at_start``.
    """
    parts = {k: x for k, x in _named(state).items() if k not in unjudged}
    on_host = next(iter(state.key.devices())).platform == "cpu"
    judge = finite_on_host if on_host else finite_on_device
    finite = np.atleast_1d(np.asarray(judge(parts, together)))
    bad = [place for place in places if not finite[place]]
    return {place: _first(parts, place if together else ...) for place in bad}


def infinite_at_start(fresh: GameState) -> frozenset[str]:
    """Return the names of the arrays that are not finite in the state before the first
    step. Some optimizers begin with an infinity, for example as the best loss so far.
    No step made it, so it says nothing about the training."""
    return frozenset(
        name for name, x in _named(fresh).items() if not np.isfinite(x).all()
    )


@functools.partial(jax.jit, static_argnums=1)
def finite_on_device(parts: Tree, together: bool) -> jax.Array:
    """Return whether all arrays are finite, for each run: ``[]`` or ``[members]``. It
    is one program, and the host waits for one number of each run."""
    return _finite(jax.tree.leaves(parts), together, jnp)


def finite_on_host(parts: Tree, together: bool) -> np.ndarray:
    """Return the same as ``finite_on_device``, for arrays in the memory of the host. It
    is as fast there, and compiles nothing."""
    return _finite([np.asarray(x) for x in jax.tree.leaves(parts)], together, np)


def _finite(leaves, together, numpy):
    found = [
        numpy.isfinite(x).all(axis=tuple(range(int(together), x.ndim))) for x in leaves
    ]
    return functools.reduce(numpy.logical_and, found, numpy.asarray(True))


def _named(state):
    """Return the arrays of a state that can hold nan, by name."""
    parts = {name: getattr(state, name) for name in _PARTS}
    return {
        jax.tree_util.keystr(path, simple=True, separator="."): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(parts)
        if jnp.issubdtype(leaf.dtype, jnp.inexact)
    }


def _first(parts, place):
    for name, leaf in parts.items():
        values = np.atleast_1d(np.asarray(leaf)[place])
        bad = values[~np.isfinite(values)]
        if bad.size:
            return name, float(bad[0])
    raise AssertionError("the program found a number that is not finite")
