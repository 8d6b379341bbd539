"""Precision-recall curves of distributions (PRD; Sajjadi et al. 2018, arXiv
1806.00035): how much of each of two distributions a common part of both can make."""

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

# The paper's F-scores: recall counts eight times as much as precision, or an eighth.
BETA = 8


def precision_recall_curve(
    real, fake, *, clusters: int = 20, runs: int = 10, angles: int = 1001, seed: int = 0
) -> dict:
    """The curve over features: both sets are clustered together by k-means, and the
    curve is that of the shares of clusters (section 4.2 of the paper), averaged over
    ``runs`` clusterings.

    Args:
      real: ``[N, D]``; fake: ``[M, D]``. The paper asks for N = M, as the larger set
        would draw the centres to itself.

    Returns:
      ``precision`` and ``recall [angles]``; ``f_8`` and ``f_1_8``, the greatest
      F-scores along the curve, which stand for recall and for precision.

    Raises:
      ValueError: shapes that do not fit, values not finite, no run, or more clusters
        than points.
    """
    real, fake = as_points(real=real, fake=fake)
    both = np.concatenate([real, fake])
    if not 1 <= clusters <= len(both):
        raise Uncomputable(
            f"clusters={clusters}: expected 1 to {len(both)}, the points"
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
    """``(precision, recall)``, each ``[angles]``, of two discrete distributions
    ``[K]``: ``Σ min(λ real, fake)`` and ``Σ min(real, fake / λ)`` for λ the tangents of
    angles between 0 and a right one (equations 3 to 5 of the paper).

    Raises:
      Uncomputable: shapes that do not fit, or shares that do not sum to 1.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 1 or real.shape != fake.shape:
        raise Uncomputable(f"shapes {real.shape} and {fake.shape}: expected [K] twice")
    for name, share in (("real", real), ("fake", fake)):
        if share.min() < 0 or abs(share.sum() - 1) > 1e-6:
            raise Uncomputable(f"{name} holds no shares that sum to 1")
    slope = np.tan(np.linspace(1e-10, np.pi / 2 - 1e-10, angles))[:, None]
    precision = np.minimum(slope * real, fake).sum(axis=1)
    # Rounding may pass 1 by a little.
    return np.minimum(precision, 1), np.minimum(precision / slope[:, 0], 1)


def _f(precision, recall, beta):
    below = beta**2 * precision + recall
    above = (1 + beta**2) * precision * recall
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
