"""What a critic says about a generator, on samples that it was not trained on."""

import numpy as np
from scipy.stats import mannwhitneyu

from ganjax.metrics.arrays import as_line


def two_sample_test(real, fake) -> dict[str, float]:
    """Whether a critic tells held-out real samples from generated ones (a classifier
    two-sample test; Lopez-Paz & Oquab 2017, arXiv 1610.06545, with ranks in the place
    of accuracies, so that no threshold enters).

    Args:
      real, fake: scores ``[N]`` and ``[M]``, higher for what looks real.

    Returns:
      ``auroc``: the chance that a real sample scores higher than a fake one, ties
      counted half; .5 for a critic at chance. ``p_value``: of the Mann-Whitney test,
      two-sided, against that. ``accuracy``: mean of the shares of real samples with
      positive scores and of fakes with negative ones, a score of 0 counted half.

    Raises:
      Uncomputable: another shape, fewer than two scores, or values not finite.
    """
    real, fake = as_line(real, "real", 2), as_line(fake, "fake", 2)
    if np.ptp(np.concatenate([real, fake])) == 0:
        p_value, auroc = 1.0, 0.5  # nothing is ranked
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
    """``mean(real) − mean(fake)`` of scores ``[N]`` and ``[M]`` and its standard error:
    what a critic of Lipschitz constant L makes of the Wasserstein distance, times L
    (Arjovsky et al. 2017, arXiv 1701.07875, equation 3). A bound from below, reached by
    the best critic alone.

    Raises:
      Uncomputable: another shape, fewer than two scores, or values not finite.
    """
    real, fake = as_line(real, "real", 2), as_line(fake, "fake", 2)
    error = np.sqrt(real.var(ddof=1) / len(real) + fake.var(ddof=1) / len(fake))
    return float(real.mean() - fake.mean()), float(error)
