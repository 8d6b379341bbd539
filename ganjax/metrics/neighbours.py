"""Fidelity and diversity from balls around samples.

`precision_recall`: Kynkäänniemi et al. 2019 (arXiv 1904.06991). `density_coverage`:
Naeem et al. 2020 (arXiv 2002.09797), equations 5 and 6. In both, the ball around a
sample reaches to its k-th nearest neighbour among the other samples of the same set.

The sources differ at the edge of a ball. For precision and recall it belongs to the
ball (``<=``: equation 1 of the paper, the authors' code, and StyleGAN2-ADA). For
density and coverage it does not (``<``: the authors' package ``prdc``). ``prdc`` also
computes precision and recall, with ``<``. Its results differ only if distances are
tied. If a set repeats a sample more than k times, the radius is 0. Then the ball
contains the copies of the sample with ``<=``, and nothing with ``<``.

Distances and radii are compared exactly, so ties do not depend on rounding.

All numbers are fractions, except density, which may exceed 1.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import kth_squared_of_distinct
from ganjax.metrics.tiles import TILE_ROWS, Tiles, distinct


def precision_recall(real, fake, *, k: int = 3) -> dict[str, float]:
    """Compute improved precision and recall (Kynkäänniemi et al. 2019).

    Args:
      real: features ``[N, D]``; fake: features ``[M, D]``.
      k: the ball around a sample reaches to its k-th nearest neighbour in the same set;
        below N and below M.

    Returns:
      ``precision``, the fraction of fakes inside the ball of any real sample.
      ``recall``, the fraction of real samples inside the ball of any fake.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or ``k`` is below 1 or too
        large.
    """
    real, fake = as_points(real=real, fake=fake)
    real, real_radii, _, of_real = _balls(real, k, "real")
    fake, fake_radii, _, of_fake = _balls(fake, k, "fake")
    precise = np.zeros(len(fake), bool)
    recalled = np.zeros(len(real), bool)
    for tile in Tiles(fake, real):
        rows = slice(tile.start, tile.start + TILE_ROWS)
        precise[rows] = tile.within(real_radii, edge=True).any(axis=1)
        recalled |= tile.within(fake_radii[rows, None], edge=True).any(axis=0)
    return {
        "precision": float(precise[of_fake].mean()),
        "recall": float(recalled[of_real].mean()),
    }


def density_coverage(real, fake, *, k: int = 5) -> dict[str, float]:
    """Compute density and coverage (Naeem et al. 2020).

    Args:
      real: features ``[N, D]``; fake: features ``[M, D]``.
      k: the ball around a real sample reaches to its k-th nearest real neighbour; below
        N.

    Returns:
      ``density``: the number of real balls around a fake, averaged over the fakes and
      divided by k. Its expectation for equal distributions is 1.
      ``coverage``: the fraction of real balls that contain at least one fake. Its
      expectation for equal distributions is ``1 - prod_{j<k} (N-1-j)/(N+M-1-j)``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or ``k`` is below 1 or too
        large.
    """
    real, fake = as_points(real=real, fake=fake)
    real, radii, real_count, of_real = _balls(real, k, "real")
    fakes, fake_count, _ = distinct(fake)
    covered = np.zeros(len(real), bool)
    held = 0
    for tile in Tiles(fakes, real):
        inside = tile.within(radii, edge=False)
        covered |= inside.any(axis=0)
        rows = slice(tile.start, tile.start + TILE_ROWS)
        held += int(fake_count[rows] @ (inside @ real_count))
    return {
        "density": held / (k * len(fake)),
        "coverage": float(covered[of_real].mean()),
    }


def _balls(points: np.ndarray, k: int, name: str):
    """Return the different points, their squared radii, how often each is repeated, and
    the place of each point among them."""
    if not 1 <= k < (n := len(points)):
        raise Uncomputable(f"k={k}: expected 1 <= k < {n}, the {name} samples")
    points, repeated, inverse = distinct(points)
    # The nearest point to a sample is itself, at 0, so the (k+1)-th is the k-th of the
    # others. With duplicates it does not matter which zero is the sample.
    return points, kth_squared_of_distinct(points, repeated, k + 1), repeated, inverse
