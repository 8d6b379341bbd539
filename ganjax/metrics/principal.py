"""Principal components, used as the simplest autoencoder."""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points


def principal_error(train, test, explained: float = 0.9) -> np.ndarray:
    """Return the mean squared error ``[M]``, over entries, between ``test [M, D]`` and
    its projection onto principal components of ``train [N, D]``: the fewest that
    explain at least the share ``explained`` of the variance.

    Raises:
      ValueError: shapes do not fit, a value is not finite, ``explained`` is outside of
        (0, 1], or ``train`` does not vary.
    """
    train, test = as_points(train=train, test=test)
    if not 0 < explained <= 1:
        raise ValueError(f"explained={explained}: expected above 0, at most 1")
    centre = train.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(train, rowvar=False))
    if variances[-1] <= 0:
        raise Uncomputable("train does not vary")
    shares = np.cumsum(np.maximum(variances[::-1], 0))
    count = 1 + np.searchsorted(shares, explained * shares[-1])
    kept = directions[:, ::-1][:, :count]
    centred = test - centre
    return np.mean((centred - centred @ kept @ kept.T) ** 2, axis=1)
