"""The kernel distance: squared maximum mean discrepancy under a cubic kernel.

Bińkowski et al. 2018 (arXiv 1801.01401), section 4. For Inception features it is called
KID. Unlike the Fréchet distance, its estimate is unbiased for any number of samples, so
for equal distributions about half of all estimates are negative.
"""

import numpy as np

from ganjax import signals
from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points


def kernel_distance(
    x, y, *, subset_size: int = 1000, subsets: int = 100, seed: int = 0
) -> tuple[float, float]:
    """Return the mean and the standard deviation of `squared_discrepancy` over random
    subsets of both sets.

    The standard deviation measures no error, and is nan, in two cases: there is only
    one subset, or each subset is the whole of ``x`` or of ``y``.

    Args:
      x, y: features ``[N, D]`` and ``[M, D]``.
      subset_size: samples of each set in a random subset, without replacement.
      subsets: number of subsets. The standard error of the mean is the deviation over
        √subsets only if the subsets hardly overlap.
      seed: seed of the random subsets.

    Raises:
      ValueError: shapes do not fit, a value is not finite, ``subset_size`` is below 2
        or above N or M, or ``subsets`` is below 1.
    """
    x, y = as_points(x=x, y=y)
    fewest = min(len(x), len(y))
    if not 2 <= subset_size <= fewest:
        raise Uncomputable(
            f"subset_size={subset_size}: expected 2 to {fewest}, the number of samples"
        )
    if subsets < 1:
        raise ValueError(f"subsets={subsets}: expected at least 1")
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(subsets):
        signals.check()
        one = x[rng.choice(len(x), subset_size, replace=False)]
        other = y[rng.choice(len(y), subset_size, replace=False)]
        found.append(squared_discrepancy(one, other))
    varied = subset_size < fewest and subsets > 1
    return float(np.mean(found)), float(np.std(found)) if varied else float("nan")


def squared_discrepancy(x, y) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy.

    The kernel is ``(a·b / D + 1)³``.

    Args:
      x, y: features ``[N, D]`` and ``[M, D]``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or N or M is below 2.
    """
    x, y = as_points(x=x, y=y)
    n, m = len(x), len(y)
    if min(n, m) < 2:
        raise Uncomputable(f"{n} and {m} samples: expected at least 2 of each")
    return _among(x) + _among(y) - 2 * float(_kernel(x, y).mean())


def _among(points: np.ndarray) -> float:
    """Return the mean kernel of two different points."""
    kernel = _kernel(points, points)
    n = len(points)
    return float(kernel.sum() - np.trace(kernel)) / (n * (n - 1))


def _kernel(a, b):
    product = a.astype(np.float64) @ b.astype(np.float64).T
    return (product / a.shape[1] + 1) ** 3
