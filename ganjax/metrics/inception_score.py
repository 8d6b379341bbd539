"""The Inception score (Salimans et al. 2016, arXiv 1606.03498, section 4): how sure a
classifier is of single samples and how unsure of all of them together. No real sample
enters, so it says nothing about resemblance (Barratt & Sharma 2018, arXiv 1801.01973).
"""

import numpy as np

from ganjax.errors import Uncomputable


def inception_score(probabilities, *, splits: int = 10) -> tuple[float, float]:
    """``exp(mean KL(p(class | sample) ‖ p(class)))``, from 1 to the number of classes.

    Args:
      probabilities: ``[N, K]``, a row a sample.
      splits: the samples, in their order, fall into so many parts of equal size (to
        one); each has a marginal and a score of its own.

    Returns:
      Mean and standard deviation of the scores of the parts. The mean falls with
      smaller parts, so ``splits`` belongs to the protocol.

    Raises:
      Uncomputable: a shape, a row that does not sum to 1, or more parts than samples.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or 0 in p.shape:
        raise Uncomputable(f"probabilities has shape {p.shape}: expected [N, K]")
    if not (np.isfinite(p).all() and p.min() >= 0):
        raise Uncomputable("probabilities holds values that are no probabilities")
    if np.abs(p.sum(axis=1) - 1).max() > 1e-3:
        raise Uncomputable("probabilities holds rows that do not sum to 1")
    if not 1 <= splits <= len(p):
        raise Uncomputable(f"splits={splits}: expected 1 to {len(p)}, the samples")
    edges = np.arange(splits + 1) * len(p) // splits
    scores = [_score(part) for part in np.split(p, edges[1:-1])]
    return float(np.mean(scores)), float(np.std(scores))


def _score(p):
    marginal = p.mean(axis=0)
    # 0 log 0 is 0; where the marginal is 0, so is every p.
    ratio = np.divide(p, marginal, out=np.ones_like(p), where=p > 0)
    return np.exp((p * np.log(ratio)).sum(axis=1).mean())
