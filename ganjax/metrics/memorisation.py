"""A test whether generated samples are copies of training samples.

A generator that has learned the distribution makes samples that are as far from the
training samples as held-out samples are. This is the data-copying test of Meehan et al.
2020 (arXiv 2004.05675), without its division of the feature space into cells.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import nearest


def memorisation(fake, train, held_out, *, quantile: float = 0.01) -> dict[str, float]:
    """Compare fakes and held-out samples by distance to the nearest training sample.

    Args:
      fake: features ``[M, D]``; train: ``[N, D]``; held_out: ``[L, D]``.
        L is at least 2.
      quantile: quantile of the held-out distances. A sample at this distance or nearer
        is a copy.

    Returns:
      ``copied``: the share of fakes that are copies. If held-out samples repeat
      training samples, the quantile can be 0, and only exact copies count.
      ``copied_floor``: the share of held-out samples that are copies by the same rule.
      Each is compared with the quantile of the *other* held-out samples, because a fake
      is not among the samples that set its limit. It is about ``quantile``, or the
      share of held-out samples that repeat training samples if that share is larger. A
      generator that does not copy has the same ``copied``.
      ``copying_z``: the Mann-Whitney statistic of the two sets of distances, in
      standard deviations. Below −3, fakes are nearer than held-out samples; above 3,
      they are further away.

    Raises:
      ValueError: shapes do not fit, a value is not finite, L is below 2, or
        ``quantile`` is not between 0 and 1.
    """
    # Imported late: it takes a second, and most commands do not need it.
    from scipy.stats import mannwhitneyu

    train, fake, held_out = as_points(train=train, fake=fake, held_out=held_out)
    if not 0 < quantile < 1:
        raise ValueError(f"quantile={quantile}: expected a share between 0 and 1")
    if len(held_out) < 2:
        raise Uncomputable("1 held-out sample: expected at least 2")
    of_fake = nearest(fake, train, 1)[0][:, 0]
    of_real = nearest(held_out, train, 1)[0][:, 0]
    m, n = len(of_fake), len(of_real)
    above = mannwhitneyu(of_fake, of_real, method="asymptotic").statistic
    return {
        "copied": float((of_fake <= np.quantile(of_real, quantile)).mean()),
        "copied_floor": _within_others(of_real, quantile),
        "copying_z": float((above - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12)),
    }


def _within_others(distances: np.ndarray, quantile: float) -> float:
    """Return the share of ``distances [L]`` that are at most the quantile of the other
    L − 1 distances."""
    ordered = np.sort(distances)
    rank = np.arange(len(ordered))
    at = quantile * (len(ordered) - 2)
    low = int(at)
    # Without the distance of a rank, this one and the later ones move down by one.
    below, above = (
        ordered[np.minimum(place + (rank <= place), len(ordered) - 1)]
        for place in (low, low + 1)
    )
    limit = below + (at - low) * (above - below)
    return float((ordered <= limit).mean())
