"""Modes found by a generator: components of a mixture, or classes of a classifier.

Lin et al. 2018 (PacGAN, arXiv 1712.04086), section 4.1, after Srivastava et al. 2017
(VEEGAN): a high-quality sample is within three standard deviations of its nearest mode,
and a mode is found if it has one such sample.

Two facts help to read the scores. In a 2-D mixture, 98.889 % of the true samples are
within 3σ, so a higher fraction means a generator *narrower* than the data. The KL of n
samples over K modes is about (K − 1) / (2n) even for a perfect generator.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points, checked
from ganjax.metrics.nearest import nearest_squared


def mode_coverage(samples, modes, std: float, *, radius: float = 3.0) -> dict:
    """Measure how well samples cover the modes of a mixture of Gaussians.

    Args:
      samples: ``[N, D]``. Samples that are not finite count as low-quality.
      modes: centres ``[K, D]``.
      std: standard deviation of each mode along each axis.
      radius: how far a high-quality sample may be from its nearest mode, in ``std``;
        the boundary counts.

    Returns:
      ``modes``, an int: modes with at least one high-quality sample.
      ``high_quality``: the share of high-quality samples.
      ``reverse_kl``: KL(h ‖ uniform) in nats. h holds, for each mode, the share of the
      high-quality samples that are nearest to it; nan if there is no such sample.

    Raises:
      ValueError: shapes do not fit, or ``std`` or ``radius`` is not positive.
    """
    modes = as_points(modes=modes)[0].astype(np.float64)
    samples = np.asarray(samples)
    if samples.ndim != 2 or samples.shape[1] != modes.shape[1] or not len(samples):
        raise Uncomputable(
            f"samples has shape {samples.shape}: expected [N, {modes.shape[1]}]"
        )
    if not std > 0 or not radius > 0:
        raise ValueError(f"std={std}, radius={radius}: expected positive numbers")
    finite = samples[np.isfinite(samples).all(axis=1)].astype(np.float64)
    counts = np.zeros(len(modes), np.int64)
    if len(finite):
        squared, index = nearest_squared(finite, modes, 1)
        close = np.sqrt(squared[:, 0]) <= radius * std
        counts = np.bincount(index[close, 0], minlength=len(modes))
    return {
        "modes": int((counts > 0).sum()),
        "high_quality": float(counts.sum() / len(samples)),
        "reverse_kl": _against_uniform(counts),
    }


def class_coverage(labels, classes: int) -> dict:
    """Measure how well samples cover the classes, from labels of a classifier.

    In the protocol of Lin et al. 2018 (section 4.2) the labels are digits, or the
    numbers below 1000 that three stacked digits form.

    Args:
      labels: ints ``[N]`` below ``classes``.

    Returns:
      ``modes``, an int: classes with at least one sample.
      ``reverse_kl``: KL(shares of the classes ‖ uniform) in nats.

    Raises:
      Uncomputable: the shape is wrong, there is no sample, or a label is outside of the
        classes.
    """
    labels = np.asarray(labels)
    checked(labels, "labels", labels.ndim == 1 and len(labels) > 0, "[N], not empty")
    if labels.min() < 0 or labels.max() >= classes:
        raise Uncomputable(f"labels holds values outside of 0 to {classes - 1}")
    counts = np.bincount(labels, minlength=classes)
    return {"modes": int((counts > 0).sum()), "reverse_kl": _against_uniform(counts)}


def _against_uniform(counts):
    """Return the KL in nats of a histogram from the uniform one; nan if it is empty."""
    total = counts.sum()
    share = counts[counts > 0] / max(total, 1)
    return float(np.sum(share * np.log(share * len(counts)))) if total else np.nan
