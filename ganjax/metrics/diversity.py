"""The diversity of samples: how far they are from each other."""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import checked

PAIRS = 20  # drawn for each sample


def diversity(features, *, pairs: int = PAIRS, seed: int = 0) -> float:
    """Return the mean distance between the features of random pairs of samples.

    Feature vectors are first scaled to unit length, and the distance is Euclidean. Two
    independent directions in many dimensions are about √2 apart, which is about the
    maximum. Copies of one sample are 0 apart.

    Args:
      features: ``[N, D]``, N at least 2.
      pairs: the number of random partners of each sample.
      seed: seed of the random pairs.

    Raises:
      Uncomputable: the shape is wrong, a feature or a length is not finite, or all
        features of a sample are 0.
    """
    x = np.asarray(features, np.float64)
    checked(x, "features", x.ndim == 2 and len(x) > 1, "[N, D], N at least 2")
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():  # squares can overflow
        raise Uncomputable("features are too large: their length is not finite")
    if not lengths.all():
        raise Uncomputable("features of a sample are all 0: they have no direction")
    x = x / lengths
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(pairs):
        # Shifting a random order by one pairs no sample with itself.
        order = rng.permutation(len(x))
        found.append(np.linalg.norm(x[order] - x[np.roll(order, 1)], axis=1))
    return float(np.concatenate(found).mean())
