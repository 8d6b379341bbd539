"""Error bars and tests over the seeds of an experiment."""

import dataclasses
import math
import warnings
from collections.abc import Sequence

import numpy as np
from scipy import stats

LEVEL = 0.95
RESAMPLES = 9999


@dataclasses.dataclass(frozen=True)
class Estimate:
    """The mean of ``n`` values, with the ends ``low`` and ``high`` of its bootstrap
    interval. The ends are nan for a single value."""

    mean: float
    low: float
    high: float
    n: int

    def apart(self, other: "Estimate") -> bool:
        """Return whether the two intervals do not overlap. An estimate of a single
        value always returns False."""
        return self.high < other.low or other.high < self.low


def estimate(values: Sequence[float]) -> Estimate:
    """Return mean and 95 % bias-corrected accelerated bootstrap interval (Efron 1987).

    Args:
      values: at least one, one for each seed.
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2 or not np.isfinite(values).all():
        return Estimate(mean, math.nan, math.nan, len(values))
    if np.ptp(values) == 0:
        return Estimate(mean, mean, mean, len(values))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the acceleration of two values is undefined
        found = stats.bootstrap(
            (values,),
            np.mean,
            confidence_level=LEVEL,
            n_resamples=RESAMPLES,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
        low, high = found.low, found.high
        if not math.isfinite(low + high):
            low, high = _percentiles(values)
    return Estimate(mean, float(low), float(high), len(values))


def _percentiles(values):
    rng = np.random.default_rng(0)
    means = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    return np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])


@dataclasses.dataclass(frozen=True)
class Difference:
    """The first minus the second value, over pairs.

    Attributes:
      mean: the mean difference with its interval.
      p: two-sided p-value of the paired permutation test: the share of all sign flips
        of the differences with a mean at least as far from 0. With n pairs it is at
        least 2 / 2ⁿ.
      effect: the mean in standard deviations of the differences (Cohen's d_z); nan if
        all differences are equal.
    """

    mean: Estimate
    p: float
    effect: float


def difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Test whether two sequences of values differ, in pairs of equal index.

    Raises:
      ValueError: for fewer than two pairs, or for sequences of different lengths.
    """
    gaps = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if len(gaps) < 2:
        raise ValueError(f"{len(gaps)} pairs of scores: expected at least 2")
    found = stats.permutation_test(
        (gaps,),
        np.mean,
        permutation_type="samples",
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(0),
    )
    std = gaps.std(ddof=1)
    return Difference(
        mean=estimate(gaps),
        p=float(found.pvalue),
        effect=float(gaps.mean() / std) if std else math.nan,
    )
