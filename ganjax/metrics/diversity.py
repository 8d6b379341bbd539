"""How far samples of one kind are from each other."""

import numpy as np

PAIRS = 20  # of each sample, on average


def diversity(features, labels=None, *, pairs: int = PAIRS, seed: int = 0) -> float:
    """Mean Euclidean distance between features of unit length, over random pairs.

    Two independent directions of many dimensions are √2 apart, so that is about the
    most; copies of one sample are 0 apart.

    Args:
      features: ``[N, D]``.
      labels: ints ``[N]``; pairs are then of one label, and each pair counts the same.
      pairs: partners drawn for each sample.
      seed: of the pairs.

    Raises:
      ValueError: other shapes, features that are not finite or all 0 for a sample, or
        no two samples of a label.
    """
    x = np.asarray(features, np.float64)
    if x.ndim != 2 or len(x) < 2:
        raise ValueError(f"features has shape {x.shape}: expected [N, D], N at least 2")
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise ValueError("features are not finite")
    if not lengths.all():
        raise ValueError("features of a sample are all 0: they have no direction")
    if labels is not None and len(labels) != len(x):
        raise ValueError(f"{len(labels)} labels for {len(x)} samples")
    x = x / lengths
    rng = np.random.default_rng(seed)
    groups = [np.arange(len(x))]
    if labels is not None:
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    found = []
    for group in groups:
        if len(group) < 2:
            continue
        for _ in range(pairs):
            # A turn of a random order pairs no sample with itself.
            order = rng.permutation(group)
            found.append(np.linalg.norm(x[order] - x[np.roll(order, 1)], axis=1))
    if not found:
        raise ValueError("no two samples share a label")
    return float(np.concatenate(found).mean())
