"""A threshold for scores of anomalies, with a known rate of false positives."""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv

from ganjax.errors import Uncomputable

LEVEL = 0.95


class Threshold(NamedTuple):
    """A threshold: a sample with a larger score is an anomaly.

    Attributes:
      value: the threshold.
      rate: expected share of false positives among normal samples.
      low, high: ends of the interval that contains this share with probability
        ``LEVEL``, given the normal samples that chose the threshold.
    """

    value: float
    rate: float
    low: float
    high: float


def conformal_threshold(scores, quantile: float) -> Threshold:
    """Return the threshold at a quantile of the scores ``[n]`` of normal samples.

    It is the k-th smallest score, k = ⌈(n + 1)·quantile⌉. Assume that the samples and a
    new normal sample are exchangeable. Then the score of the new sample is above the
    threshold with probability 1 − k/(n + 1) ≤ 1 − quantile, or less if scores are tied.
    Over draws of the n samples, the share of normal samples above the threshold has the
    distribution Beta(n + 1 − k, k) (Vovk 2012, arXiv 1209.2673, section 3; Bates et al.
    2023, arXiv 2104.08279, section 2).

    Raises:
      Uncomputable: ``quantile`` is not between 0 and 1, there are fewer than
        quantile/(1 − quantile) scores, or a score is not finite.
    """
    scores = np.sort(np.asarray(scores, np.float64))
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise Uncomputable("scores of normal samples: expected finite numbers [n]")
    if not 0 < quantile < 1:
        raise Uncomputable(f"quantile={quantile:g}: expected a number between 0 and 1")
    n = len(scores)
    # Rounded first: (99 + 1)·0.07 is 7.000000000000001 in floating point.
    k = max(1, math.ceil(round((n + 1) * quantile, 9)))
    if k > n:
        least = math.ceil(round(quantile / (1 - quantile), 9))
        raise Uncomputable(
            f"quantile={quantile:g}: expected at least {least} held-out normal "
            f"samples, found {n}"
        )
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = betaincinv(n + 1 - k, k, tails)
    value, rate = float(scores[k - 1]), 1 - k / (n + 1)
    return Threshold(value, rate, float(low), float(high))
