"""The Fréchet wavelet distance: a distance of images without a network.

Veeramacheneni et al. 2024 (arXiv 2312.15289), section 4. The wavelet packet transform
splits an image into 4^L frequency bands, the packets. Each packet has H/2^L × W/2^L
coefficients for each channel. The Fréchet distance between two sets of images is
computed for each packet, and the score is the mean over packets. As in the authors'
package ``pytorchfwd``, the wavelet is Haar's without a logarithm, L is 4, values are
from 0 to 1, and a grey image is three equal channels. A side of odd length is extended
by a copy of its last pixel but one.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.frechet import frechet_distance

LEVELS = 4
SMALLEST_SIDE = 2 ** (LEVELS - 1) + 1


def packet_moments(
    images, *, levels: int = LEVELS, tile: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the unbiased covariance of each packet.

    A packet is one frequency band of the Haar wavelet packet transform.

    Args:
      images: uint8 ``[N, H, W, C]``, N at least 2, sides above ``2^(levels - 1)``.
      levels: the number of times that each side is halved.
      tile: images transformed at a time.

    Returns:
      ``(mean [4^levels, D], cov [4^levels, D, D])``. D is the number of coefficients of
      a packet. Pixel values are scaled to [0, 1] first.

    Raises:
      Uncomputable: the shape or the dtype is wrong, or the images are too few or too
        small.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.dtype != np.uint8 or len(images) < 2:
        raise Uncomputable(
            f"{images.dtype} {images.shape}: expected uint8 [N, H, W, C] with N >= 2"
        )
    if min(images.shape[1:3]) <= 2 ** (levels - 1):
        raise Uncomputable(
            f"images of {images.shape[1]}×{images.shape[2]}, expected more than "
            f"{2 ** (levels - 1)} pixels on each side for {levels} levels"
        )
    tiles = [images[i : i + tile] for i in range(0, len(images), tile)]
    mean = sum(_packets(x, levels).sum(axis=0) for x in tiles) / len(images)
    scatter = np.zeros((*mean.shape, mean.shape[1]))
    for x in tiles:
        centred = (_packets(x, levels) - mean).transpose(1, 0, 2)
        scatter += centred.transpose(0, 2, 1) @ centred
    return mean, scatter / (len(images) - 1)


def frechet_wavelet(moments1, moments2, *, channels: int) -> float:
    """Return the Fréchet wavelet distance between two sets of images.

    Args:
      moments1, moments2: the results of `packet_moments` for the two sets.
      channels: the number of channels of the images. The score of one channel is
        multiplied by 3, because a grey image counts as three equal channels.

    Raises:
      Uncomputable: the shapes of the two sets differ.
    """
    (mean1, cov1), (mean2, cov2) = moments1, moments2
    if mean1.shape != mean2.shape:
        raise Uncomputable(f"packets {mean1.shape} and {mean2.shape}: expected equal")
    found = [
        frechet_distance(*packet)
        for packet in zip(mean1, cov1, mean2, cov2, strict=True)
    ]
    return float(np.mean(found)) * (3 if channels == 1 else 1)


def _packets(images, levels):
    """Return the packets ``[n, 4^levels, D]`` of uint8 images."""
    x = images[:, None].astype(np.float64) / 255
    for _ in range(levels):
        for axis in (2, 3):
            x = np.concatenate(_halves(x, axis), axis=1)
    return x.reshape(*x.shape[:2], -1)


def _halves(x, axis):
    """Return the sums and the differences of neighbours along an axis, over √2."""
    if x.shape[axis] % 2:
        last = x.shape[axis] - 2
        x = np.concatenate([x, x.take([last], axis=axis)], axis=axis)
    x = np.moveaxis(x, axis, 0)
    pair = (x[::2] + x[1::2], x[::2] - x[1::2])
    return [np.moveaxis(half, 0, axis) / np.sqrt(2) for half in pair]
