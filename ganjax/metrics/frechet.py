"""The Fréchet distance between Gaussians, from means and covariances.

The formula is from Dowson and Landau 1982. Heusel et al. 2017 (arXiv 1706.08500,
equation 6) use it as a score of generators. The distance is called FID only for
features of the 2015-12-05 Inception network. This file accepts any features.

All computation is float64 on the host. Single precision loses the small eigenvalues of
a 2048-dimensional covariance, which changes the score by several points.
"""

import contextlib
import functools
import math

import numpy as np
import threadpoolctl
from scipy.linalg import lapack

from ganjax import signals
from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import checked

# Rounding can make eigenvalues of a covariance negative, in proportion to its norm, and
# the eigenvalues of a product of two covariances in proportion to both norms. Beyond
# this tolerance a matrix is not a covariance and has no distance.
NEGATIVE_EIGENVALUE_TOLERANCE = 1e-6
# An entry of the product below this share of its largest term is only rounding. An
# eigenvalue of rounding has a root that is eight orders larger.
ROUNDING = 4 * np.finfo(np.float64).eps
# One thread computes a matrix up to this width. Threads that share a small matrix
# mostly wait for each other. When other processes used the cores, 100 resamples of
# 1,000 × 192 took 4 s with one thread and 56 s with two.
NARROW = 512
# Covariances of resamples are computed together, up to this number of entries.
MOST_ENTRIES = 2**17


def moments(x, *, tile: int = 4096) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the unbiased covariance of the rows of ``x``.

    Args:
      x: samples ``[N, D]``, N at least 2, any real dtype.
      tile: rows processed at a time, to avoid a float64 copy of all ``x``.

    Returns:
      ``(mean [D], cov [D, D])`` in float64; the covariance divides by N − 1.

    Raises:
      Uncomputable: wrong shape, fewer than two rows, or a value is not finite.
    """
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[0] < 2:
        raise Uncomputable(f"x has shape {x.shape}: expected [N, D] with N >= 2")
    mean = x.mean(axis=0, dtype=np.float64)
    if not np.isfinite(mean).all():
        raise Uncomputable("x holds values that are not finite")
    # Two passes: E[xx'] - mean mean' would cancel when the mean is large.
    scatter = np.zeros((x.shape[1], x.shape[1]))
    for start in range(0, x.shape[0], tile):
        centred = x[start : start + tile].astype(np.float64) - mean
        scatter += centred.T @ centred
    return mean, scatter / (x.shape[0] - 1)


def covariance_root(cov) -> np.ndarray:
    """Return a lower triangular matrix ``A [D, D]`` with ``A A' = cov``.

    It is an argument of `frechet_from_root`. If the same real data are used many times,
    the root is computed only once.

    Raises:
      Uncomputable: ``cov`` is not a symmetric, positive semidefinite, finite matrix.
    """
    cov = _symmetric(cov, "cov")
    factor, failed = lapack.dpotrf(cov.T, lower=True)
    if not failed:
        return factor
    # Cholesky's method fails for a singular covariance, but any root R gives a factor:
    # R' = Q T with Q orthogonal, so R R' = T' T.
    eigenvalues, eigenvectors = np.linalg.eigh(cov)
    largest = np.abs(eigenvalues).max()
    root = eigenvectors * np.sqrt(_not_negative(eigenvalues, "cov", largest))
    return np.asarray(np.linalg.qr(root.T, mode="r")).T


def frechet_from_root(mean1, root1, mean2, cov2) -> float:
    """Return the squared Fréchet distance of two Gaussians, as `frechet_distance` does,
    but with a root in place of the first covariance.

    Args:
      mean1, mean2: means ``[D]``.
      root1: the `covariance_root` of the first covariance, ``[D, D]``.
      cov2: the second covariance ``[D, D]``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or ``cov2`` is not
        symmetric or has clearly negative eigenvalues.
      ValueError: ``root1`` is not lower triangular.
    """
    cov2 = _symmetric(cov2, "cov2")
    mean1, mean2, root1 = (np.asarray(x, np.float64) for x in (mean1, mean2, root1))
    square, line = cov2.shape, cov2.shape[:1]
    checked(mean1, "mean1", mean1.shape == line, str(line))
    checked(mean2, "mean2", mean2.shape == line, str(line))
    checked(root1, "the first covariance", root1.shape == square, str(square))
    if np.tril(root1.T, -1).any():  # rows of the transpose are contiguous
        raise ValueError("root1 is not lower triangular: expected a covariance_root")
    # S1 S2 = A A' S2 has the same eigenvalues as A' S2 A, which is symmetric. A stable
    # method finds its real eigenvalues, but sqrtm of S1 S2 may become complex. Only the
    # lower triangle is computed and read. (LAPACK reads column by column, so ``.T`` of
    # a symmetric matrix saves a transposition.)
    product, _ = lapack.dsygst(cov2.T, root1, itype=2, lower=True)
    return float(_distances(mean1 - mean2, root1, cov2, product))


def _distances(between, root1, cov2, product):
    """Return the squared distances ``[...]`` from the differences of the means
    ``[..., D]``, ``root1 [D, D]``, the covariances ``cov2 [..., D, D]`` and products
    ``root1' cov2 root1 [..., D, D]``. Only the lower triangle of a product is read."""
    variances1 = np.square(root1).sum(axis=1)
    variances2 = np.diagonal(cov2, axis1=-2, axis2=-1)
    # |entry i, j| <= reach_i reach_j
    reach = np.sqrt(np.abs(variances2)) @ np.abs(root1)
    least = ROUNDING * reach[..., :, None] * reach[..., None, :]
    with _threads_for(len(root1)):
        eigenvalues = np.linalg.eigvalsh(np.where(np.abs(product) < least, 0, product))
    # Largest variances bound the norms from below. The largest eigenvalue is no scale:
    # it can be rounding too, if the supports of the covariances are orthogonal.
    norms = variances1.max() * np.abs(variances2).max(axis=-1)
    cross = np.sqrt(_not_negative(eigenvalues, "cov2", norms)).sum(axis=-1)
    traces = variances1.sum() + variances2.sum(axis=-1)
    squared = np.square(between).sum(axis=-1) + traces - 2 * cross
    return np.maximum(squared, 0.0)


def frechet_distance(mean1, cov1, mean2, cov2) -> float:
    """Return the squared Fréchet (2-Wasserstein) distance of two Gaussians.

    ``|mean1 - mean2|² + Tr(cov1 + cov2 - 2 (cov1 cov2)^½)``, in squared units of the
    features. A result that rounding makes negative becomes zero.

    Args:
      mean1, mean2: means ``[D]``.
      cov1, cov2: covariances ``[D, D]``; either may be singular.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or a covariance is not
        symmetric or has clearly negative eigenvalues.
    """
    cov1 = _symmetric(cov1, "cov1")
    return frechet_from_root(mean1, covariance_root(cov1), mean2, cov2)


def frechet_at_infinity(
    mean1, root1, fake, *, sizes: int = 15, smallest: float = 0.1, seed: int = 0
) -> float:
    """Estimate the Fréchet distance between real data and infinitely many fakes.

    The method is from Chong & Forsyth 2020 (arXiv 1911.07023, section 4). To first
    order, the bias of an estimate from n fakes is proportional to 1/n. A line is fitted
    to the estimates from random subsets of different sizes. Its value at 1/n = 0 is the
    distance without this bias. The bias from the number of real samples remains.

    Args:
      mean1, root1: the real mean ``[D]`` and ``covariance_root [D, D]``.
      fake: ``[N, D]``, N well above D: otherwise the bias is not proportional to 1/n.
      sizes: number of subset sizes, evenly spaced up to N.
      smallest: the smallest size, as a share of N.
      seed: seed of the random subsets.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, there are fewer than two
        sizes, or the smallest subset has fewer than two samples.
    """
    fake = np.asarray(fake)
    first = round(smallest * len(fake))
    if sizes < 2 or not 2 <= first < len(fake):
        raise Uncomputable(
            f"sizes={sizes}, smallest={smallest}: expected at least 2 sizes of 2 to "
            f"{len(fake)} samples"
        )
    rng = np.random.default_rng(seed)
    counts = np.linspace(first, len(fake), sizes).round().astype(int)
    subsets = (rng.choice(len(fake), n, replace=False) for n in counts)
    found = [frechet_from_root(mean1, root1, *moments(fake[s])) for s in subsets]
    _, at_infinity = np.polyfit(1 / counts, found, 1)
    return float(at_infinity)


def frechet_interval(
    mean1, root1, fake, *, level: float = 0.95, resamples: int = 100, seed: int = 0
) -> tuple[float, float]:
    """Return a bootstrap interval ``(low, high)`` of the Fréchet distance between the
    distributions of the real samples and of ``fake``.

    The fakes are drawn again with replacement; the real moments are fixed. This adds a
    positive bias, about as large as the bias of the estimate from N fakes. The basic
    (reflected) interval subtracts the bias; percentiles of the resampled distances
    would double it. So the estimate from ``fake`` can be above the interval.

    Args:
      mean1, root1: the real mean ``[D]`` and ``covariance_root [D, D]``.
      fake: features ``[N, D]``.
      level: the coverage of the interval.
      resamples: the number of bootstrap samples.
      seed: seed of the bootstrap.

    Raises:
      Uncomputable: shapes do not fit, or a value is not finite.
      ValueError: ``level`` is not between 0 and 1, or ``resamples`` is below 2.
    """
    fake = np.asarray(fake)
    if not 0 < level < 1 or resamples < 2:
        raise ValueError(
            f"level={level}, resamples={resamples}: expected a level between 0 and 1 "
            f"and at least 2 resamples"
        )
    estimate = frechet_from_root(mean1, root1, *moments(fake))
    rng, n, width = np.random.default_rng(seed), len(fake), len(root1)
    counts = np.stack(
        [np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(resamples)]
    )
    most = max(1, MOST_ENTRIES // width**2)
    found = []
    with _threads_for(width):
        for part in np.array_split(counts, math.ceil(resamples / most)):
            signals.check()
            found.append(_resampled(mean1, root1, fake, part))
    low, high = np.quantile(np.concatenate(found), [(1 - level) / 2, (1 + level) / 2])
    return max(0.0, float(2 * estimate - high)), max(0.0, float(2 * estimate - low))


def _resampled(mean1, root1, fake, counts, *, tile=4096):
    """Return the distance of each resample. It has sample ``i`` of ``fake``
    ``counts[resample, i]`` times."""
    middle = fake.mean(axis=0, dtype=np.float64)
    shift = np.zeros((len(counts), len(middle)))
    cov = np.zeros((len(counts), len(middle), len(middle)))
    for start in range(0, len(fake), tile):
        centred = fake[start : start + tile].astype(np.float64) - middle
        weights = counts[:, start : start + tile]
        shift += weights @ centred
        for scatter, weight in zip(cov, np.sqrt(weights), strict=True):
            scaled = centred * weight[:, None]
            scatter += scaled.T @ scaled
    n = len(fake)
    shift /= n
    cov = (cov - n * shift[:, :, None] * shift[:, None, :]) / (n - 1)
    return _distances(mean1 - middle - shift, root1, cov, root1.T @ cov @ root1)


def _threads_for(width):
    """Limit the threads for matrices of this width."""
    if width > NARROW:
        return contextlib.nullcontext()
    return _libraries().limit(limits=1, user_api="blas")


@functools.cache
def _libraries():
    return threadpoolctl.ThreadpoolController()


def _symmetric(cov, name: str) -> np.ndarray:
    cov = np.asarray(cov, np.float64)
    square = cov.ndim == 2 and cov.shape[0] == cov.shape[1] >= 1
    checked(cov, name, square, "[D, D], D >= 1")
    if (cov - cov.T).max() > 1e-6 * np.abs(cov).max():
        raise Uncomputable(f"{name} is not symmetric")
    return cov


def _not_negative(eigenvalues: np.ndarray, name: str, scale) -> np.ndarray:
    low = eigenvalues.min(axis=-1)
    if (low < -NEGATIVE_EIGENVALUE_TOLERANCE * scale).any():
        low = low.min()
        raise Uncomputable(f"{name} is not positive semidefinite: eigenvalue {low:g}")
    return np.maximum(eigenvalues, 0.0)
