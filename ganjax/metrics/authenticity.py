"""Authenticity: the share of generated samples that do not look like copies.

Alaa et al. 2022 (arXiv 2102.08921): let t be the training sample that is nearest to a
generated sample. The generated sample is authentic if another training sample is nearer
to t than the generated sample is. As in ``dgm-eval`` and in the code of FLD (where the
score is AuthPct), distances are Euclidean, and a tie is not authentic.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points
from ganjax.metrics.nearest import kth_squared, nearest_squared


def authenticity(train, fake) -> float:
    """Return the share of authentic samples in ``fake``, from 0 (all copied) to 1.

    Neither 0 nor 1 is best. A perfect generator has the authenticity of held-out
    samples. Samples that are far away from all training samples have authenticity 1.

    Args:
      train: features ``[N, D]``, N at least 2.
      fake: features ``[M, D]``.

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
