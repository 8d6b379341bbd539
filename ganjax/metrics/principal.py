"""Reconstruction by principal components, a linear autoencoder."""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points


def principal_error(train, test, explained: float = 0.9) -> np.ndarray:
    """Return the error of each test sample after projection onto principal components.

    Args:
      train: samples ``[N, D]`` that define the principal components.
      test: samples ``[M, D]``.
      explained: a share of the variance of ``train``. The fewest components that
        explain at least this share are used.

    Returns:
      ``[M]``, the squared error of each test sample, averaged over its D values.

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
