"""What a ``sweep()`` is made of: spaces, lists of overrides by the path of a field.

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
    """Every combination of the fields' values, the last field varying fastest."""
    values = itertools.product(*fields.values())
    return [dict(zip(fields, chosen, strict=True)) for chosen in values]


def together(fields: Mapping[str, Iterable]) -> Space:
    """The fields' first values, their second ones, and so on.

    Raises:
      ValueError: if they have not equally many.
    """
    rows = zip(*fields.values(), strict=True)
    return [dict(zip(fields, row, strict=True)) for row in rows]


def seeds(count: int, first: int = 0) -> Space:
    """``count`` seeds."""
    return grid({"seed": range(first, first + count)})


def product(*spaces: Space) -> Space:
    """Every combination of a point of each; a later space's field counts."""
    return [
        {path: value for point in points for path, value in point.items()}
        for points in itertools.product(*spaces)
    ]


def draws(count: int, fields: Mapping[str, Draw], seed: int = 0) -> Space:
    """``count`` random points, each field drawn on its own; equal for equal ``seed``.

    More points of the same seed begin with the same ones, so that a sweep can grow.
    """
    random = np.random.RandomState(seed)  # its streams never change
    return [{path: draw(random) for path, draw in fields.items()} for _ in range(count)]


def uniform(low: float, high: float) -> Draw:
    """Evenly between two numbers, to four significant digits."""
    return lambda random: _short(random.uniform(low, high))


def log_uniform(low: float, high: float) -> Draw:
    """The logarithm evenly between those of two positive numbers, to four digits."""
    ends = math.log(low), math.log(high)
    return lambda random: _short(math.exp(random.uniform(*ends)))


def choice(values: Iterable) -> Draw:
    """One of some values."""
    values = list(values)
    return lambda random: values[random.randint(len(values))]


def _short(value):
    return float(f"{value:.4g}")
