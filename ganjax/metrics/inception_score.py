"""The Inception score (Salimans et al. 2016, arXiv 1606.03498, section 4): high if a
classifier is sure of every sample and finds all classes. It uses no real samples, so it
does not measure resemblance to them (Barratt & Sharma 2018, arXiv 1801.01973).
"""

import numpy as np

from ganjax.errors import Uncomputable


def inception_score(
    probabilities, *, splits: int = 10, seed: int | None = 0
) -> tuple[float, float]:
    """Return the Inception score, ``exp(mean KL(p(class | sample) ‖ p(class)))``.

    It is between 1 and the number of classes, and higher is better.

    Args:
      probabilities: class probabilities ``[N, K]``, one row for each sample.
      splits: the number of parts into which the samples are divided. The sizes of the
        parts differ by at most one sample. Each part has a separate p(class) and a
        separate score.
      seed: draws the parts at random, because samples are often sorted by class, and a
        part of one class has the score 1. ``None``: each part is a run of neighbours.

    Returns:
      Mean and standard deviation of the scores of the parts. Smaller parts give a
      smaller mean, so compare only scores with equal N and ``splits``.

    Raises:
      Uncomputable: the shape is wrong, a row does not hold probabilities, or ``splits``
        is below 1 or above N.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or 0 in p.shape:
        raise Uncomputable(f"probabilities has shape {p.shape}: expected [N, K]")
    if not (np.isfinite(p).all() and p.min() >= 0):
        raise Uncomputable("probabilities holds values that are not probabilities")
    if np.abs(p.sum(axis=1) - 1).max() > 1e-3:
        raise Uncomputable("probabilities holds rows that do not sum to 1")
    if not 1 <= splits <= len(p):
        raise Uncomputable(f"splits={splits}: expected 1 to {len(p)}, the sample count")
    if seed is not None:
        p = p[np.random.default_rng(seed).permutation(len(p))]
    edges = np.arange(splits + 1) * len(p) // splits
    scores = [_score(part) for part in np.split(p, edges[1:-1])]
    return float(np.mean(scores)), float(np.std(scores))


def _score(p):
    marginal = p.mean(axis=0)
    # 0 log 0 is 0; where the marginal is 0, so is every p.
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=p > 0)
    return np.exp((p * np.log(ratio)).sum(axis=1).mean())
