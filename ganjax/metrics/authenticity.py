"""Authenticity: the share of generated samples that do not look like copies.

Alaa et al. 2022 (arXiv 2102.08921): a sample is authentic if its nearest training
sample has another training sample nearer to it than the sample. The definition is the
one of ``dgm-eval`` and of the code of FLD (AuthPct): distances are Euclidean, a tie is
not authentic, and a training sample is not its own neighbour.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import kth_squared, nearest_squared


def authenticity(train, fake) -> float:
    """Return the share of authentic fakes, from 0 (all copied) to 1.

    It has no best value: a perfect generator has the authenticity of held-out samples,
    and samples far away from all training samples have 1.

    Args:
      train: features ``[N, D]``, N at least 2; fake: features ``[M, D]``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or N is 1.
    """
    train, fake = as_points(train=train, fake=fake)
    if len(train) < 2:
        raise Uncomputable("1 training sample: expected at least 2")
    squared, nearest = nearest_squared(fake, train, 1)
    # The nearest training sample to a training sample is itself, at 0.
    apart = kth_squared(train, 2)
    return float(np.mean(apart[nearest[:, 0]] < squared[:, 0]))
