"""CMMD: maximum mean discrepancy under a Gaussian kernel of unit-length features.

Jayasumana et al. 2024 (arXiv 2401.09603), section 4. The paper uses the features of
CLIP (ViT-L/14, 336 pixels), which have unit length. Three choices are from its code:
σ = 10, a factor of 1,000, and the biased estimate (Gretton et al. 2012, eq. 5). This
estimate includes the pair of each sample with itself, so it cannot be negative.

With σ = 10 the kernel of unit vectors is nearly linear: the score is about 10 times the
squared distance between the means of the two sets of unit vectors.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

SIGMA = 10.0
SCALE = 1000.0
# Rows of a kernel matrix in memory at a time.
_TILE = 1024


def cmmd(x, y, *, sigma: float = SIGMA) -> float:
    """Return 1,000 times the squared maximum mean discrepancy of two sets of features.

    The features are first scaled to unit length.

    Args:
      x, y: features ``[N, D]`` and ``[M, D]``, of any length above 0.
      sigma: the standard deviation σ of the kernel ``exp(−|a − b|² / 2σ²)``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or a feature vector is 0.
    """
    x, y = (
        _unit(points, name)
        for points, name in zip(as_points(x=x, y=y), "xy", strict=True)
    )
    within = _mean_distortion(x, x, sigma) + _mean_distortion(y, y, sigma)
    return SCALE * float(within - 2 * _mean_distortion(x, y, sigma))


def _unit(points, name):
    points = points.astype(np.float64)
    length = np.linalg.norm(points, axis=1, keepdims=True)
    if not length.all():
        raise Uncomputable(f"{name} holds a feature vector of length 0")
    return points / length


def _mean_distortion(a, b, sigma):
    """Return the mean of the kernel minus 1. The 1 cancels in the discrepancy, and
    near 1 the kernel would lose digits."""
    total = 0.0
    for first in range(0, len(a), _TILE):
        product = np.clip(a[first : first + _TILE] @ b.T, -1, 1)
        total += np.expm1((product - 1) / sigma**2).sum()
    return total / (len(a) * len(b))
