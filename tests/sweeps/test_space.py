import math

import numpy as np
import pytest

from ganjax.space import (
    choice,
    draws,
    grid,
    log_uniform,
    product,
    seeds,
    together,
    uniform,
)


def test_grids_by_hand():
    assert grid({"a": (1, 2), "b": "xy"}) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert together({"a": (1, 2), "b": "xy"}) == [
        {"a": 1, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert seeds(2, first=5) == [{"seed": 5}, {"seed": 6}]
    assert (
        product(grid({"a": (1, 2)}), seeds(1), [{"a": 3}]) == [{"a": 3, "seed": 0}] * 2
    )
    with pytest.raises(ValueError):
        together({"a": (1, 2), "b": "x"})


def test_draws_have_the_distribution_that_they_name():
    fields = {
        "rate": log_uniform(1e-5, 1e-1),
        "share": uniform(2.0, 4.0),
        "name": choice("xyz"),
    }
    found = draws(3000, fields)
    exponents = [math.log10(point["rate"]) for point in found]
    # Uniform over [-5, -1]: mean -3, deviation 4 / √12 = 1.155. The mean of 3,000 draws
    # has the deviation 0.021.
    assert np.mean(exponents) == pytest.approx(-3, abs=0.09)
    assert np.std(exponents) == pytest.approx(4 / math.sqrt(12), rel=0.05)
    shares = [point["share"] for point in found]
    assert min(shares) >= 2 and max(shares) <= 4
    assert np.mean(shares) == pytest.approx(3, abs=0.05)
    assert {point["name"] for point in found} == set("xyz")


def test_a_larger_sweep_begins_with_the_smaller_one():
    fields = {"a": uniform(0, 1), "b": log_uniform(1, 10)}
    assert draws(5, fields, seed=3) == draws(9, fields, seed=3)[:5]
    assert draws(5, fields, seed=3) != draws(5, fields, seed=4)
