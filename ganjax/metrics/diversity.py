"""How far samples of one kind are from each other."""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import checked

PAIRS = 20  # of each sample, on average


def diversity(features, *, pairs: int = PAIRS, seed: int = 0) -> float:
    """Mean Euclidean distance between features of unit length, over random pairs.

    Two independent directions of many dimensions are √2 apart, so that is about the
    most; copies of one sample are 0 apart.

    Args:
      features: ``[N, D]``.
      pairs: partners drawn for each sample.
      seed: of the pairs.

    Raises:
      Uncomputable: another shape, or features that are not finite, or all 0 for one.
    """
    x = np.asarray(features, np.float64)
    checked(x, "features", x.ndim == 2 and len(x) > 1, "[N, D], N at least 2")
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():  # squares may overflow where values do not
        raise Uncomputable("features are too large for their length")
    if not lengths.all():
        raise Uncomputable("features of a sample are all 0: they have no direction")
    x = x / lengths
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(pairs):
        # A turn of a random order pairs no sample with itself.
        order = rng.permutation(len(x))
        found.append(np.linalg.norm(x[order] - x[np.roll(order, 1)], axis=1))
    return float(np.concatenate(found).mean())
