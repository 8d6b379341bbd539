"""The log-likelihood of data under a kernel density of samples: the score of the first
GAN (Goodfellow et al. 2014, arXiv 1406.2661, section 5, after Breuleux et al. 2011).

It is not informative in many dimensions (Theis et al. 2016, arXiv 1511.01844, section
3.2). Use it to reproduce the table of the paper.
"""

import numpy as np
from scipy.special import logsumexp

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

TILE = 500


def parzen_log_likelihood(samples, points, std: float) -> tuple[float, float]:
    """Return the mean of log p(x) over points, in nats, and its standard error.

    p is the mean of N normal densities, one around each sample.

    Args:
      samples: ``[N, D]``; points: ``[M, D]``.
      std: the standard deviation of each normal density.

    Raises:
      ValueError: shapes do not fit, there are fewer than two points, a value is not
        finite, or ``std`` is not positive.
    """
    samples, points = as_points(samples=samples, points=points)
    if len(points) < 2:
        raise Uncomputable("1 point: expected at least 2")
    if not std > 0:
        raise ValueError(f"std={std}: expected above 0")
    found = log_densities(squares(samples, points), std, samples.shape[1])
    return float(found.mean()), float(found.std(ddof=1) / np.sqrt(len(found)))


def squares(samples, points) -> np.ndarray:
    """Return squared distances ``[M, N]`` of points ``[M, D]`` from samples ``[N, D]``,
    in float64."""
    samples, points = (np.asarray(x, np.float64) for x in (samples, points))
    norms = (samples**2).sum(axis=1)
    tiles = [
        (tile**2).sum(axis=1)[:, None] + norms - 2 * tile @ samples.T
        for tile in np.split(points, range(TILE, len(points), TILE))
    ]
    return np.maximum(np.concatenate(tiles), 0)


def log_densities(squared: np.ndarray, std: float, dimensions: int) -> np.ndarray:
    """Return log p of each point, ``[M]``. p is the mean of N normal densities.

    Args:
      squared: squared distances ``[M, N]`` of the points from the N means.
      std: the standard deviation of each normal density.
      dimensions: the number of coordinates of a point.
    """
    constant = np.log(squared.shape[1]) + dimensions * np.log(std * np.sqrt(2 * np.pi))
    return logsumexp(-squared / (2 * std**2), axis=1) - constant


def best_std(samples, points, candidates) -> float:
    """Return the standard deviation in ``candidates`` that fits ``points`` best.

    It maximises the mean log density of ``points [M, D]`` under normals around
    ``samples [N, D]``. Goodfellow et al. 2014 choose it in this way, on a validation
    set.
    """
    squared = squares(samples, points)
    size = np.shape(samples)[1]
    scores = [log_densities(squared, std, size).mean() for std in candidates]
    return float(candidates[int(np.argmax(scores))])
