import numpy as np
import pytest
from scipy import stats

from ganjax.report.statistics import estimate


@pytest.mark.parametrize("values", [
    [0.1, 0.4],
    [1.0, 2.0, 3.0, 4.0],  # many resamples have the mean of the values
    [1.0, 1.0, 1.0, 9.0],
    np.random.default_rng(1).lognormal(size=8),
    1e6 + np.random.default_rng(2).normal(size=13),
    np.random.default_rng(3).normal(size=200),
])  # fmt: skip
def test_the_interval_is_the_bootstrap_of_scipy(values):
    expected = stats.bootstrap(
        (np.asarray(values),), np.mean, n_resamples=9999, method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    found = estimate(values)
    assert (found.mean, found.n) == (pytest.approx(np.mean(values)), len(values))
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-12)


def test_values_without_an_interval():
    one, equal, lost = estimate([2.0]), estimate([3.0, 3.0]), estimate([1.0, np.nan])
    assert one.n == 1 and np.isnan([one.low, one.high, lost.low, lost.high]).all()
    assert (equal.mean, equal.low, equal.high) == (3.0, 3.0, 3.0)


def test_values_that_are_too_close_for_an_acceleration():
    """The squares of these differences are below the smallest float64."""
    found = estimate([1e-170, 2e-170, 3e-170])
    assert 1e-170 <= found.low < found.mean < found.high <= 3e-170
