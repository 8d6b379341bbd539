"""Spaces of a sweep, for the function ``sweep()`` of a sweep file. A space is a list of
points. A point maps config fields to values and describes one trial.

def sweep():
    return product(grid({"loss.name": ("hinge", "wasserstein")}), seeds(8))
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

Space = list[dict[str, Any]]
Draw = Callable[[np.random.RandomState], Any]


def grid(fields: Mapping[str, Iterable]) -> Space:
    """Return every combination of the fields' values; the last field varies fastest."""
    values = itertools.product(*fields.values())
    return [dict(zip(fields, chosen, strict=True)) for chosen in values]


def together(fields: Mapping[str, Iterable]) -> Space:
    """Return one point with the first value of every field, one with the second value
    of every field, and so on.

    Raises:
      ValueError: if the fields have different numbers of values.
    """
    rows = zip(*fields.values(), strict=True)
    return [dict(zip(fields, row, strict=True)) for row in rows]


def seeds(count: int, first: int = 0) -> Space:
    """Return ``count`` points with consecutive seeds."""
    return grid({"seed": range(first, first + count)})


def product(*spaces: Space) -> Space:
    """Return every combination of one point from each space, joined into one point. If
    two spaces set the same field, the later space overrides the earlier one."""
    return [
        {path: value for point in points for path, value in point.items()}
        for points in itertools.product(*spaces)
    ]


def draws(count: int, fields: Mapping[str, Draw], seed: int = 0) -> Space:
    """Return ``count`` random points. Each field is drawn independently; ``seed``
    determines all draws.

    A larger ``count`` with the same seed keeps the earlier points and adds new ones, so
    that a sweep can grow.
    """
    random = np.random.RandomState(seed)  # NumPy never changes its streams
    return [{path: draw(random) for path, draw in fields.items()} for _ in range(count)]


def uniform(low: float, high: float) -> Draw:
    """Return a function that draws a uniform number from ``low`` to ``high``, to four
    significant digits, for ``draws``."""
    return lambda random: _short(random.uniform(low, high))


def log_uniform(low: float, high: float) -> Draw:
    """Return a function that draws a number whose logarithm is uniform, from ``low`` to
    ``high``, both above 0, to four significant digits, for ``draws``."""
    ends = math.log(low), math.log(high)
    return lambda random: _short(math.exp(random.uniform(*ends)))


def choice(values: Iterable) -> Draw:
    """Return a function that draws one of ``values``, each equally likely, for
    ``draws``."""
    values = list(values)
    return lambda random: values[random.randint(len(values))]


def _short(value):
    return float(f"{value:.4g}")
