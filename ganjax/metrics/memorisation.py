"""Whether generated samples are copies of training samples.

A generator that has learned a distribution comes no closer to its training samples than
held-out samples do (the data-copying test of Meehan et al. 2020, arXiv 2004.05675, with
one cell).
"""

import numpy as np
from scipy.stats import mannwhitneyu

from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import nearest


def memorisation(fake, train, held_out, *, quantile: float = 0.01) -> dict[str, float]:
    """Distances to the nearest training sample: fakes' against held-out samples'.

    Args:
      fake: features ``[M, D]``; train: ``[N, D]``; held_out: ``[L, D]``.
      quantile: of the held-out distances; what is nearer counts as copied.

    Returns:
      ``copied``: the share of fakes that is nearer to a training sample than all but
      ``quantile`` of the held-out ones; ``quantile`` itself for a generator that does
      not copy. ``copying_z``: the Mann-Whitney statistic in standard deviations;
      below −3 fakes lie too near, above 3 further than real samples do.

    Raises:
      ValueError: shapes that do not fit, values not finite, a quantile that is none.
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
