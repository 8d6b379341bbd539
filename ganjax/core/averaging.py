"""Averages of arrays over devices."""

from typing import Any

import jax
from jax.flatten_util import ravel_pytree

Tree = Any


def average(tree: Tree, axis: str) -> Tree:
    """Return the mean of every array in ``tree`` over the devices of the mapped
    ``axis``.

    With several devices, all arrays are sent as one vector. A collective operation
    costs more than the data that it moves, and on CPU each array would need a separate
    operation.
    """
    if jax.lax.axis_size(axis) == 1:
        return jax.lax.pmean(tree, axis)
    vector, unravel = ravel_pytree(tree)
    return unravel(jax.lax.pmean(vector, axis))
