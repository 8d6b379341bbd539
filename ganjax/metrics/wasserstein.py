"""Wasserstein distances between two sets of samples.

In one dimension the distance is exact. In more dimensions it is an average over random
directions, the sliced Wasserstein distance (Rabin et al. 2011; Bonneel et al. 2015,
section 2). MIND uses it as a score of generators.
"""

import numpy as np

from ganjax.metrics.arrays import as_line, as_points

# The number of projected values in memory at a time.
_AT_ONCE = 1 << 24


def wasserstein_1d(x, y, *, order: float = 1) -> float:
    """Return the exact Wasserstein distance between two one-dimensional samples.

    It is ``(∫ |F⁻¹(u) − G⁻¹(u)|^order du)^(1/order)``, in units of the samples. F⁻¹ and
    G⁻¹ are the quantile functions of ``x`` and ``y``.

    Args:
      x, y: ``[N]`` and ``[M]``. N and M may differ.
      order: the exponent, at least 1.

    Raises:
      ValueError: an array is empty or has another shape, a value is not finite, or
        ``order`` is below 1.
    """
    x, y = as_line(x, "x"), as_line(y, "y")
    if order < 1:
        raise ValueError(f"order={order}: expected at least 1")
    return float(_moved(x[None], y[None], order)[0] ** (1 / order))


def sliced_wasserstein(
    x, y, *, projections: int = 1000, seed: int = 0, order: float = 1
) -> float:
    """Return the sliced Wasserstein distance between two sets of samples.

    Samples are projected onto random directions. W is the one-dimensional Wasserstein
    distance of the projections. The result is
    ``(mean over directions of W^order)^(1/order)``.

    Args:
      x, y: ``[N, D]`` and ``[M, D]``.
      projections: number of directions, uniform on the sphere.
      seed: seed of the directions.
      order: the exponent, at least 1.

    Raises:
      ValueError: shapes do not fit, a value is not finite, or ``projections`` or
        ``order`` is below 1.
    """
    x, y = (points.astype(np.float64) for points in as_points(x=x, y=y))
    if projections < 1 or order < 1:
        raise ValueError(
            f"projections={projections}, order={order}: expected both at least 1"
        )
    directions = np.random.default_rng(seed).standard_normal((projections, x.shape[1]))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    some = max(1, _AT_ONCE // (len(x) + len(y)))
    moved = [
        _moved(directions[i : i + some] @ x.T, directions[i : i + some] @ y.T, order)
        for i in range(0, projections, some)
    ]
    return float(np.concatenate(moved).mean() ** (1 / order))


def monge_distance(x, y, *, projections: int = 1000, seed: int = 0) -> float:
    """Return MIND, the Monge Inception distance: ``3 D`` times the mean over directions
    of ``W²``, in squared units of the features (Berthet et al. 2026, arXiv 2605.06797).

    For Gaussians whose covariances are multiples of I, the mean over directions is the
    Fréchet distance over D, so MIND is three times the Fréchet distance. The paper
    draws 100 to 1,000 directions and compares sets of equal size. Here the sizes N and
    M may differ, and all samples are used.

    Args:
      x, y: ``[N, D]`` and ``[M, D]``.
      projections: number of directions, uniform on the sphere.
      seed: seed of the directions.

    Raises:
      ValueError: shapes do not fit, a value is not finite, or ``projections`` is below
        1.
    """
    apart = sliced_wasserstein(x, y, projections=projections, seed=seed, order=2)
    return 3 * np.shape(x)[1] * apart**2


def _moved(x, y, order):
    """Return ``W^order`` of each row of ``x [P, N]`` and ``y [P, M]``."""
    x, y = np.sort(x, axis=1), np.sort(y, axis=1)
    n, m = x.shape[1], y.shape[1]
    # Both quantile functions are constant between these multiples of 1 / (n m). They
    # are integers because equal numbers i / n and j / m may round differently.
    edges = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    apart = np.abs(x[:, edges[:-1] // m] - y[:, edges[:-1] // n])
    return (apart**order) @ np.diff(edges) / (n * m)
