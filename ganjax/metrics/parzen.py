"""The log-likelihood of data under a kernel density of samples, as the first GAN was
scored (Goodfellow et al. 2014, arXiv 1406.2661, section 5, after Breuleux et al. 2011).

It says little in many dimensions (Theis et al. 2016, arXiv 1511.01844, section 3.2); it
is here to reproduce a table.
"""

import numpy as np
from scipy.special import logsumexp

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

TILE = 500


def parzen_log_likelihood(samples, points, std: float) -> tuple[float, float]:
    """Mean over ``points [M, D]`` of log p(x), in nats, and its standard error, where p
    is the mean of the normal densities of standard deviation ``std`` around
    ``samples [N, D]``.

    Raises:
      ValueError: for another shape, fewer than two points, values that are not finite,
        or no positive ``std``.
    """
    samples, points = as_points(samples=samples, points=points)
    if len(points) < 2:
        raise Uncomputable("points: expected at least 2")
    if not std > 0:
        raise ValueError(f"std={std}: expected above 0")
    found = log_densities(squares(samples, points), std, samples.shape[1])
    return float(found.mean()), float(found.std(ddof=1) / np.sqrt(len(found)))


def squares(samples, points) -> np.ndarray:
    """Squared distances ``[M, N]`` of points ``[M, D]`` from samples ``[N, D]``, in
    float64."""
    samples, points = (np.asarray(x, np.float64) for x in (samples, points))
    norms = (samples**2).sum(axis=1)
    tiles = [
        (tile**2).sum(axis=1)[:, None] + norms - 2 * tile @ samples.T
        for tile in np.split(points, range(TILE, len(points), TILE))
    ]
    return np.maximum(np.concatenate(tiles), 0)


def log_densities(squared: np.ndarray, std: float, dimensions: int) -> np.ndarray:
    """log p ``[M]`` of squared distances ``[M, N]``."""
    constant = np.log(squared.shape[1]) + dimensions * np.log(std * np.sqrt(2 * np.pi))
    return logsumexp(-squared / (2 * std**2), axis=1) - constant


def best_std(samples, points, candidates) -> float:
    """The standard deviation, of ``candidates``, under which ``points`` are likeliest;
    the paper chooses it so on a validation set."""
    squared = squares(samples, points)
    size = np.shape(samples)[1]
    scores = [log_densities(squared, std, size).mean() for std in candidates]
    return float(candidates[int(np.argmax(scores))])
