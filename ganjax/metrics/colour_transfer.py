"""Colour transfer by means and variances, the baseline of style transfer."""

import numpy as np


def colour_transfer(content: np.ndarray, style: np.ndarray) -> np.ndarray:
    """Return the content images with the mean and the standard deviation of each
    channel of the style images (Reinhard et al. 2001, IEEE CG&A 21(5):34; there in the
    space lαβ, here in RGB), limited to [-1, 1].

    Args:
      content, style: ``[n, H, W, C]`` in [-1, 1].
    """
    mean, deviation = _moments(content)
    new_mean, new_deviation = _moments(style)
    normal = (content - mean) / np.maximum(deviation, 1e-6)
    return np.clip(normal * new_deviation + new_mean, -1, 1)


def _moments(images):
    return images.mean((1, 2), keepdims=True), images.std((1, 2), keepdims=True)
