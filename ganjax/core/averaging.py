"""The average of a tree over devices."""

from typing import Any

import jax
from jax.flatten_util import ravel_pytree

Tree = Any


def average(tree: Tree, axis: str) -> Tree:
    """The mean of every leaf over ``axis``.

    Over several devices all leaves travel as one vector: a meeting of devices costs
    more than what they exchange there, and on CPU there would be one for each leaf.
    """
    if jax.lax.axis_size(axis) == 1:
        return jax.lax.pmean(tree, axis)
    vector, unravel = ravel_pytree(tree)
    return unravel(jax.lax.pmean(vector, axis))
