"""The kernel distance: squared maximum mean discrepancy under a cubic kernel.

Bińkowski et al. 2018 (arXiv 1801.01401), section 4; called KID where the features are
those of Inception. Unlike a Fréchet distance its estimate is unbiased at any number of
samples, so for equal distributions about half of all estimates are negative.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points


def kernel_distance(
    x, y, *, subset_size: int = 1000, subsets: int = 100, seed: int = 0
) -> tuple[float, float]:
    """Mean and standard deviation of ``squared_discrepancy`` over random subsets.

    Args:
      x, y: features ``[N, D]`` and ``[M, D]``.
      subset_size: samples of each in a subset, drawn without replacement.
      subsets: how many; the standard error of the mean is that of one subset over
        their root only while subsets hardly overlap.

    Raises:
      Uncomputable: shapes that do not fit, values not finite, a subset of fewer than
        two samples or more than there are.
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
    found = [
        squared_discrepancy(
            x[rng.choice(len(x), subset_size, replace=False)],
            y[rng.choice(len(y), subset_size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return float(np.mean(found)), float(np.std(found))


def squared_discrepancy(x, y) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy of ``x [N, D]`` and
    ``y [M, D]`` under the kernel ``(a·b / D + 1)³``.

    Raises:
      Uncomputable: shapes that do not fit, values not finite, fewer than two samples.
    """
    x, y = as_points(x=x, y=y)
    n, m = len(x), len(y)
    if min(n, m) < 2:
        raise Uncomputable(f"{n} and {m} samples: expected at least 2 of each")
    return _among(x) + _among(y) - 2 * float(_kernel(x, y).mean())


def _among(points: np.ndarray) -> float:
    """The mean kernel of two different points."""
    kernel = _kernel(points, points)
    n = len(points)
    return float(kernel.sum() - np.trace(kernel)) / (n * (n - 1))


def _kernel(a, b):
    product = a.astype(np.float64) @ b.astype(np.float64).T
    return (product / a.shape[1] + 1) ** 3
