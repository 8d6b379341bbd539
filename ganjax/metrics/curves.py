"""Precision-recall curves of distributions (PRD).

Sajjadi et al. 2018 (arXiv 1806.00035): suppose that the real and the fake distribution
contain a common part. Its share of the fake distribution is a precision, and its share
of the real distribution is a recall. The curve holds the largest possible pairs.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

# In the paper's F-scores, recall counts 8 times as much as precision, or 1/8.
BETA = 8


def precision_recall_curve(
    real, fake, *, clusters: int = 20, runs: int = 10, angles: int = 1001, seed: int = 0
) -> dict:
    """Compute the precision-recall curve of two sets of features.

    k-means clusters both sets together, and the curve compares the shares of the two
    sets in each cluster (Sajjadi et al. 2018, section 4.2).

    Args:
      real: ``[N, D]``; fake: ``[M, D]``. The paper asks for N = M, because a larger set
        attracts more centres.
      clusters: the number of k-means clusters.
      runs: the number of clusterings. The curve is the mean of their curves.
      angles: the number of points on the curve.
      seed: seed of k-means.

    Returns:
      ``precision`` and ``recall [angles]``. ``f_8``, the greatest F-score along the
      curve that weights recall more, and ``f_1_8``, the greatest that weights precision
      more.

    Raises:
      ValueError: shapes do not fit, a value is not finite, ``runs`` is below 1, or
        ``clusters`` is below 1 or above the number of points.
    """
    # Imported late: it takes a second, and most commands do not need it.
    from sklearn.cluster import MiniBatchKMeans

    real, fake = as_points(real=real, fake=fake)
    both = np.concatenate([real, fake])
    if not 1 <= clusters <= len(both):
        raise Uncomputable(
            f"clusters={clusters}: expected 1 to {len(both)}, the point count"
        )
    if runs < 1:
        raise ValueError(f"runs={runs}: expected at least 1")
    curves = []
    for run in range(runs):
        means = MiniBatchKMeans(clusters, n_init=10, random_state=seed + run)
        label = means.fit_predict(both)
        count = np.bincount(label[: len(real)], minlength=clusters)
        others = np.bincount(label[len(real) :], minlength=clusters)
        curves.append(curve_of_shares(count / len(real), others / len(fake), angles))
    precision, recall = np.mean(curves, axis=0)
    return {
        "precision": precision,
        "recall": recall,
        "f_8": float(_f(precision, recall, BETA).max()),
        "f_1_8": float(_f(precision, recall, 1 / BETA).max()),
    }


def curve_of_shares(real, fake, angles: int = 1001) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(precision, recall)``, each ``[angles]``, of two discrete distributions.

    For each λ, precision is ``Σ min(λ real, fake)`` and recall is
    ``Σ min(real, fake / λ)`` (Sajjadi et al. 2018, equations 3 to 5). λ is the tangent
    of ``angles`` angles from 0 to π/2.

    Args:
      real, fake: probabilities ``[K]``, which sum to 1.

    Raises:
      Uncomputable: shapes do not fit, or probabilities do not sum to 1.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 1 or real.shape != fake.shape:
        raise Uncomputable(f"shapes {real.shape} and {fake.shape}: expected [K] twice")
    for name, share in (("real", real), ("fake", fake)):
        if share.min() < 0 or abs(share.sum() - 1) > 1e-6:
            raise Uncomputable(f"{name} does not hold shares that sum to 1")
    slope = np.tan(np.linspace(1e-10, np.pi / 2 - 1e-10, angles))[:, None]
    precision = np.minimum(slope * real, fake).sum(axis=1)
    # Rounding may give slightly more than 1.
    return np.minimum(precision, 1), np.minimum(precision / slope[:, 0], 1)


def _f(precision, recall, beta):
    below = beta**2 * precision + recall
    above = (1 + beta**2) * precision * recall
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
