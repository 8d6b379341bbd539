"""The Fréchet distance between Gaussians, from means and covariances.

Dowson and Landau 1982; as a score of generators Heusel et al. 2017 (arXiv 1706.08500),
equation 6. The distance is only called FID when the features are those of the
2015-12-05 Inception network; this file knows nothing of features.

All of it is float64 on the host. Single precision loses the small eigenvalues of a
2048-dimensional covariance, and with them several points of the score.
"""

import numpy as np
from scipy.linalg import eigvalsh, lapack

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import checked

# Eigenvalues of a covariance may be negative by rounding alone, in proportion to the
# largest; beyond this the matrix is no covariance and the distance means nothing.
NEGATIVE_EIGENVALUE_TOLERANCE = 1e-6


def moments(x, *, tile: int = 4096) -> tuple[np.ndarray, np.ndarray]:
    """Mean and unbiased covariance of the rows of ``x``.

    Args:
      x: samples ``[N, D]``, N at least 2, any real dtype.
      tile: rows taken at a time, so that no float64 copy of ``x`` is made.

    Returns:
      ``(mean [D], cov [D, D])`` in float64; the covariance divides by N − 1.

    Raises:
      Uncomputable: not two-dimensional, fewer than two rows, or a value is not finite.
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
    """A lower triangular ``A [D, D]`` with ``A A' = cov``, for `frechet_from_root`.

    An evaluator that meets the same real data many times computes it once.

    Raises:
      Uncomputable: ``cov`` is not a symmetric, positive semidefinite, finite matrix.
    """
    cov = _symmetric(cov, "cov")
    factor, failed = lapack.dpotrf(cov.T, lower=True)
    if not failed:
        return factor
    # A singular covariance has no such factor by Cholesky's way, but every root R gives
    # one: R' = Q T with Q orthogonal, so R R' = T' T.
    eigenvalues, eigenvectors = np.linalg.eigh(cov)
    root = eigenvectors * np.sqrt(_not_negative(eigenvalues, "cov"))
    return np.linalg.qr(root.T, mode="r").T


def frechet_from_root(mean1, root1, mean2, cov2) -> float:
    """`frechet_distance` with the first covariance given as its `covariance_root`."""
    cov2 = _symmetric(cov2, "cov2")
    mean1, mean2, root1 = (np.asarray(x, np.float64) for x in (mean1, mean2, root1))
    square, line = cov2.shape, cov2.shape[:1]
    checked(mean1, "mean1", mean1.shape == line, str(line))
    checked(mean2, "mean2", mean2.shape == line, str(line))
    checked(root1, "the first covariance", root1.shape == square, str(square))
    if np.tril(root1.T, -1).any():  # of the transpose, whose rows are in sequence
        raise ValueError("root1 is not lower triangular, as covariance_root gives it")
    # S1 S2 = A A' S2 has the same eigenvalues as A' S2 A, and the second is symmetric:
    # real eigenvalues by a stable method, where sqrtm of the first may turn complex.
    # Its lower triangle is all that is computed and read. (``.T`` of what is symmetric
    # is the order that LAPACK reads; it saves a transposition.)
    product, _ = lapack.dsygst(cov2.T, root1, itype=2, lower=True)
    eigenvalues = eigvalsh(product, overwrite_a=True, check_finite=False)
    cross = np.sqrt(_not_negative(eigenvalues, "cov2")).sum()
    trace1 = np.square(root1).sum()
    squared = np.square(mean1 - mean2).sum() + trace1 + np.trace(cov2) - 2 * cross
    return float(max(squared, 0.0))


def frechet_distance(mean1, cov1, mean2, cov2) -> float:
    """Squared Fréchet (2-Wasserstein) distance of two Gaussians.

    ``|mean1 - mean2|² + Tr(cov1 + cov2 - 2 (cov1 cov2)^½)``, in squared units of the
    features. Rounding below zero is returned as zero.

    Args:
      mean1, mean2: means ``[D]``.
      cov1, cov2: covariances ``[D, D]``; either may be singular.

    Raises:
      Uncomputable: shapes that do not fit, values that are not finite, a covariance
        that is not symmetric or has clearly negative eigenvalues.
    """
    cov1 = _symmetric(cov1, "cov1")
    return frechet_from_root(mean1, covariance_root(cov1), mean2, cov2)


def frechet_at_infinity(
    mean1, root1, fake, *, sizes: int = 15, smallest: float = 0.1, seed: int = 0
) -> float:
    """The distance that infinitely many fakes would have (Chong & Forsyth 2020, arXiv
    1911.07023, section 4).

    The bias of an estimate from n fakes is proportional to 1/n to first order, so a
    line through estimates from random subsets of growing size meets 1/n = 0 at the
    distance without it. The bias of the real moments stays.

    Args:
      mean1, root1: the real mean ``[D]`` and ``covariance_root [D, D]``.
      fake: ``[N, D]``; N well above D, or the law of 1/n does not hold yet.
      sizes: of subsets, evenly spaced up to N.
      smallest: of them, as a share of N.

    Raises:
      Uncomputable: shapes that do not fit, values not finite, fewer than two sizes, or
        a smallest subset of fewer than two samples.
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
    """A bootstrap interval of the distance of ``fake [N, D]`` to fixed real moments.

    Fakes drawn again from fakes lie further from the real ones than the fakes do, by as
    much as these lie further than their distribution. The basic (reflected) interval
    undoes that, where percentiles of the resampled distances would double it: it is an
    interval for the distance of the distributions, and the biased estimate from N
    samples may lie above it.

    Raises:
      ValueError: as ``moments`` and ``frechet_from_root``; a level that is none; fewer
        than two resamples.
    """
    fake = np.asarray(fake)
    if not 0 < level < 1 or resamples < 2:
        raise ValueError(
            f"level={level}, resamples={resamples}: expected a level between 0 and 1 "
            f"and at least 2 resamples"
        )
    estimate = frechet_from_root(mean1, root1, *moments(fake))
    rng, n = np.random.default_rng(seed), len(fake)
    chosen = (rng.integers(n, size=n) for _ in range(resamples))
    again = [frechet_from_root(mean1, root1, *moments(fake[c])) for c in chosen]
    low, high = np.quantile(again, [(1 - level) / 2, (1 + level) / 2])
    return max(0.0, float(2 * estimate - high)), max(0.0, float(2 * estimate - low))


def _symmetric(cov, name: str) -> np.ndarray:
    cov = np.asarray(cov, np.float64)
    square = cov.ndim == 2 and cov.shape[0] == cov.shape[1] >= 1
    checked(cov, name, square, "[D, D], D >= 1")
    if (cov - cov.T).max() > 1e-6 * np.abs(cov).max():
        raise Uncomputable(f"{name} is not symmetric")
    return cov


def _not_negative(eigenvalues: np.ndarray, name: str) -> np.ndarray:
    low = eigenvalues.min()
    if low < -NEGATIVE_EIGENVALUE_TOLERANCE * np.abs(eigenvalues).max():
        raise Uncomputable(f"{name} is not positive semidefinite: eigenvalue {low:g}")
    return np.maximum(eigenvalues, 0.0)
