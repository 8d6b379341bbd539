"""A test whether generated samples are copies of training samples.

Samples of a generator that has learned the distribution are no closer to the training
samples than held-out samples are (the data-copying test of Meehan et al. 2020, arXiv
2004.05675, with one cell).
"""

import numpy as np
from scipy.stats import mannwhitneyu

from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import nearest


def memorisation(fake, train, held_out, *, quantile: float = 0.01) -> dict[str, float]:
    """Compare fakes and held-out samples by distance to the nearest training sample.

    Args:
      fake: features ``[M, D]``; train: ``[N, D]``; held_out: ``[L, D]``.
      quantile: quantile of the held-out distances. A smaller distance is a copy.

    Returns:
      ``copied``: the share of fakes whose distance is below the ``quantile`` of the
      held-out distances. It is about ``quantile`` for a generator that does not copy.
      ``copying_z``: the Mann-Whitney statistic in standard deviations. Below −3, fakes
      are too near; above 3, they are further away than real samples.

    Raises:
      ValueError: shapes do not fit, a value is not finite, or a bad ``quantile``.
    """
    train, fake, held_out = as_points(train=train, fake=fake, held_out=held_out)
    if not 0 < quantile < 1:
        raise ValueError(f"quantile={quantile}: expected a share between 0 and 1")
    of_fake = nearest(fake, train, 1)[0][:, 0]
    of_real = nearest(held_out, train, 1)[0][:, 0]
    m, n = len(of_fake), len(of_real)
    above = mannwhitneyu(of_fake, of_real, method="asymptotic").statistic
    return {
        "copied": float((of_fake < np.quantile(of_real, quantile)).mean()),
        "copying_z": float((above - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12)),
    }
