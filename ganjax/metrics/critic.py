"""Scores of a generator from its critic's outputs for samples that did not train the
critic."""

import numpy as np

from ganjax.metrics.arrays import as_line


def two_sample_test(real, fake) -> dict[str, float]:
    """Test whether a critic distinguishes held-out real samples from generated samples.

    This is a classifier two-sample test (Lopez-Paz & Oquab 2017, arXiv 1610.06545). It
    compares ranks of scores, not accuracies, so it needs no threshold.

    Args:
      real, fake: scores ``[N]`` and ``[M]``, higher for samples that look real.

    Returns:
      ``auroc``: the probability that a real sample scores higher than a fake sample.
      Ties count half, and chance is 0.5. ``p_value``: the two-sided p-value of the
      Mann-Whitney test against chance. ``accuracy``: the mean of the share of real
      samples with positive scores and the share of fakes with negative scores. A score
      of 0 counts half.

    Raises:
      Uncomputable: an array is not ``[N]``, has fewer than two scores, or holds a value
        that is not finite.
    """
    # Imported late: it takes a second, and most commands do not need it.
    from scipy.stats import mannwhitneyu

    real, fake = as_line(real, "real", 2), as_line(fake, "fake", 2)
    if np.ptp(np.concatenate([real, fake])) == 0:
        p_value, auroc = 1.0, 0.5  # all scores are equal
    else:
        test = mannwhitneyu(real, fake, alternative="two-sided", method="asymptotic")
        p_value, auroc = test.pvalue, test.statistic / len(real) / len(fake)
    right = [np.heaviside(real, 0.5).mean(), np.heaviside(-fake, 0.5).mean()]
    return {
        "auroc": float(auroc),
        "p_value": float(p_value),
        "accuracy": float(np.mean(right)),
    }


def critic_distance(real, fake) -> tuple[float, float]:
    """Return ``mean(real) − mean(fake)`` of critic scores, and its standard error.

    If L is the critic's Lipschitz constant, the difference is at most L times the
    Wasserstein distance (Arjovsky et al. 2017, arXiv 1701.07875, equation 3). Only the
    best critic reaches this bound.

    Args:
      real, fake: scores ``[N]`` and ``[M]``.

    Raises:
      Uncomputable: an array is not ``[N]``, has fewer than two scores, or holds a value
        that is not finite.
    """
    real, fake = as_line(real, "real", 2), as_line(fake, "fake", 2)
    error = np.sqrt(real.var(ddof=1) / len(real) + fake.var(ddof=1) / len(fake))
    return float(real.mean() - fake.mean()), float(error)
