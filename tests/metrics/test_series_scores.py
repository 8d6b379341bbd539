"""Scores of time series on data with known answers."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics.series import discriminative_score, predictive_score, shuffled


def walks(seed, n=400):
    """Series of one variable whose next value is known: a value and its negative about
    ½, in turn."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(0.1, 0.5, (n, 1, 1))
    sign = np.where(np.arange(8) % 2, 1.0, -1.0).reshape(1, 8, 1)
    return (0.5 + size * sign).astype(np.float32)


@pytest.mark.full
def test_equal_distributions_cannot_be_told_apart():
    """Of 160 unseen series the share that is classified rightly has the standard
    deviation 0.04."""
    assert discriminative_score(walks(0), walks(1), updates=200) < 0.12


def test_shuffled_steps_are_found():
    """The order alternates in the real series. The values are the same."""
    score = discriminative_score(walks(0), shuffled(walks(1)), updates=400)
    assert score > 0.45


def test_shuffling_keeps_the_values_of_a_series():
    series = walks(0, 5)
    found = shuffled(series)
    assert not np.array_equal(found, series)
    np.testing.assert_array_equal(np.sort(found, 1), np.sort(series, 1))
    pairs = np.repeat(series, 2, axis=2)
    both = shuffled(pairs)
    np.testing.assert_array_equal(both[..., 0], both[..., 1])


@pytest.mark.full
def test_a_predictable_series_is_predicted():
    assert predictive_score(walks(0), walks(1), updates=600) < 0.1


@pytest.mark.full
def test_series_without_dynamics_teach_only_the_median():
    """The best prediction of independent uniform numbers is ½. It misses a value of
    ``walks`` by its size, whose mean is 0.3."""
    noise = np.random.default_rng(0).random((400, 8, 1))
    assert abs(predictive_score(noise, walks(1), updates=600) - 0.3) < 0.03


@pytest.mark.full
def test_the_last_variable_is_predicted_from_the_others():
    """The first variable says the next value of the last one; in the second set it does
    not."""
    rng = np.random.default_rng(0)
    told = rng.uniform(0.1, 0.9, (400, 8, 1)).astype(np.float32)
    last = np.roll(told, 1, axis=1)
    series = np.concatenate([told, last], axis=2)
    assert predictive_score(series, series, updates=600) < 0.06
    noise = np.concatenate([told, rng.permutation(last)], axis=2)
    assert predictive_score(noise, series, updates=300) > 0.15


def test_too_few_series():
    with pytest.raises(Uncomputable, match="expected at least 10"):
        discriminative_score(walks(0, 9), walks(1))
