"""Fidelity and diversity from balls around samples.

`precision_recall`: Kynkäänniemi et al. 2019 (arXiv 1904.06991). `density_coverage`:
Naeem et al. 2020 (arXiv 2002.09797), equations 5 and 6. In both, the ball around a
sample reaches to its k-th nearest neighbour in the same set, itself not counted. The
ball holds the points that are *strictly* nearer. If a set repeats a sample more than k
times, the ball is empty.

All numbers are fractions, except density, which may exceed 1.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import Tiles, kth_squared


def precision_recall(real, fake, *, k: int = 3) -> dict[str, float]:
    """Compute improved precision and recall.

    Args:
      real: features ``[N, D]``; fake: features ``[M, D]``.
      k: the neighbour that bounds a ball; below N and below M.

    Returns:
      ``precision``, the fraction of fakes inside any real ball, and ``recall``, the
      fraction of reals inside any fake ball.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or ``k`` is out of range.
    """
    real, fake = as_points(real=real, fake=fake)
    real_radii = _squared_radii(real, k, "real")
    fake_radii = _squared_radii(fake, k, "fake")
    precise = np.zeros(len(fake), bool)
    recalled = np.zeros(len(real), bool)
    tiles = Tiles(fake, real)
    for rows, approximate, slack in tiles:
        in_real_ball = tiles.below(rows, approximate, slack, real_radii)
        in_fake_ball = tiles.below(rows, approximate, slack, fake_radii[rows, None])
        precise[rows] = in_real_ball.any(axis=1)
        recalled |= in_fake_ball.any(axis=0)
    return {"precision": float(precise.mean()), "recall": float(recalled.mean())}


def density_coverage(real, fake, *, k: int = 5) -> dict[str, float]:
    """Compute density and coverage.

    Args:
      real: features ``[N, D]``; fake: features ``[M, D]``.
      k: the neighbour that bounds a ball; below N.

    Returns:
      ``density``, the mean number of real balls around a fake, over k; its expectation
      for equal distributions is 1. ``coverage``, the fraction of real balls that hold
      a fake; its expectation for equal distributions is
      ``1 - prod_{j<k} (N-1-j)/(N+M-1-j)``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or ``k`` is out of range.
    """
    real, fake = as_points(real=real, fake=fake)
    radii = _squared_radii(real, k, "real")
    covered = np.zeros(len(real), bool)
    held = 0
    tiles = Tiles(fake, real)
    for rows, approximate, slack in tiles:
        inside = tiles.below(rows, approximate, slack, radii)
        covered |= inside.any(axis=0)
        held += int(inside.sum())
    return {"density": held / (k * len(fake)), "coverage": float(covered.mean())}


def _squared_radii(points: np.ndarray, k: int, name: str) -> np.ndarray:
    if not 1 <= k < (n := len(points)):
        raise Uncomputable(f"k={k}: expected 1 <= k < {n}, the {name} samples")
    # The nearest point to a sample is itself, at 0, so the (k+1)-th is the k-th of the
    # others. With duplicates it does not matter which zero is the sample.
    return kth_squared(points, k + 1)
