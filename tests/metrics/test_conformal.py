"""The threshold of anomaly scores, against ranks counted by hand."""

import numpy as np
import pytest
from scipy.stats import binom

from ganjax.errors import Uncomputable
from ganjax.metrics import conformal_threshold


@pytest.mark.parametrize(
    ("count", "quantile", "rank"),
    [
        (19, 0.95, 19),
        (99, 0.9, 90),
        (100, 0.9, 91),  # 0.9 of 101 is 90.9, rounded up
        (99, 0.07, 7),  # (99 + 1)·0.07 is 7.000000000000001 in floating point
        (3, 0.1, 1),
    ],
)
def test_the_threshold_is_a_rank_of_the_scores(count, quantile, rank):
    scores = np.random.default_rng(0).permutation(count) + 1.0
    found = conformal_threshold(scores, quantile)
    assert found.value == rank
    assert found.rate == pytest.approx(1 - rank / (count + 1), abs=1e-12)
    assert found.rate <= 1 - quantile + 1e-12
    assert found.low < found.rate < found.high


def test_the_rate_and_its_interval_are_those_of_new_samples():
    """Scores are uniform, so the share above a threshold t is 1 − t. Over 4,000 draws
    of 60 scores its mean is the stated rate, and it is in the interval in 95 %."""
    rng, draws = np.random.default_rng(1), 4000
    found = [conformal_threshold(rng.random(60), 0.9) for _ in range(draws)]
    share = np.array([1 - x.value for x in found])
    rate, low, high = found[0].rate, found[0].low, found[0].high
    assert rate == pytest.approx(6 / 61)
    assert abs(share.mean() - rate) < 4 * share.std() / draws**0.5
    inside = np.sum((low <= share) & (share <= high))
    assert 0.001 < binom.cdf(inside, draws, 0.95) < 0.999


def test_tied_scores_are_not_above_the_threshold():
    found = conformal_threshold([2.0] * 50 + [1.0] * 50, 0.95)
    assert found.value == 2.0


@pytest.mark.parametrize(
    ("scores", "quantile", "said"),
    [
        ([1.0] * 18, 0.95, "at least 19 held-out normal samples, found 18"),
        ([], 0.5, "at least 1 held-out normal samples, found 0"),
        ([1.0] * 98, 0.99, "at least 99 held-out"),
        ([1.0] * 9, 1.0, "quantile=1: expected a number between 0 and 1"),
        ([1.0] * 9, float("nan"), "quantile=nan: expected"),
        ([1.0, np.nan], 0.5, "expected finite numbers"),
    ],
)
def test_too_few_scores_are_refused(scores, quantile, said):
    with pytest.raises(Uncomputable, match=said):
        conformal_threshold(scores, quantile)
