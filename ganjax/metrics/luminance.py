"""PSNR and SSIM of luma, with the border left out, as super-resolution reports them.

Luma is the Y of Y'CbCr by ITU-R BT.601, from 16 to 235. MATLAB's ``rgb2ycbcr`` computes
the same values, and the literature uses it (Dong et al. 2014, arXiv 1501.00092). PSNR
and SSIM take 255 as the range of values. Usually the border has as many pixels as the
factor of enlargement (Lim et al. 2017, arXiv 1707.02921).
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.image_similarity import (
    peak_signal_to_noise,
    structural_similarity,
)

# ITU-R BT.601: black, and the weights of red, green and blue from 0 to 1.
BLACK, WEIGHTS = 16.0, np.array([65.481, 128.553, 24.966])
SPAN = 255.0


def luma(images) -> np.ndarray:
    """Return Y = 16 + 65.481 R + 128.553 G + 24.966 B, float64 ``[N, H, W, 1]``.

    Y is not rounded. Grey images of one channel have R = G = B, so Y = 16 + 219 R.

    Args:
      images: floats in [0, 1], ``[N, H, W, 3]`` or ``[N, H, W, 1]``.

    Raises:
      Uncomputable: ``images`` has another shape or an integer dtype, or a value is
        below 0, above 1 or not finite.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or 0 in images.shape:
        raise Uncomputable(
            f"images of shape {images.shape}: expected [N, H, W, C] with C = 1 or 3"
        )
    if images.dtype.kind != "f":
        raise Uncomputable(f"images of {images.dtype}: expected floats in [0, 1]")
    # Written so that NaN is refused as well.
    if not (images.min() >= 0 and images.max() <= 1):
        raise Uncomputable(
            f"images from {images.min():g} to {images.max():g}: expected values in "
            f"[0, 1]"
        )
    weights = WEIGHTS if images.shape[-1] == 3 else WEIGHTS.sum(keepdims=True)
    return BLACK + (images.astype(np.float64) * weights).sum(-1, keepdims=True)


def cropped(images, border: int) -> np.ndarray:
    """Return images ``[N, H, W, C]`` without ``border`` pixels on each side.

    Raises:
      Uncomputable: ``border`` is negative, or no pixel is left.
    """
    height, width = np.shape(images)[1:3]
    most = (min(height, width) - 1) // 2
    if not 0 <= border <= most:
        raise Uncomputable(
            f"border={border}: expected 0 to {most} for images of {height}×{width}"
        )
    return np.asarray(images)[:, border : height - border, border : width - border]


def luma_psnr(x, y, *, border: int) -> np.ndarray:
    """Return the PSNR of luma in dB, ``[N]``. Equal images give infinity.

    Args:
      x, y: floats in [0, 1], ``[N, H, W, 3]`` or ``[N, H, W, 1]``.
      border: pixels to leave out on each side.

    Raises:
      Uncomputable: the shapes differ, a value is not in [0, 1], or the border leaves
        no pixel.
    """
    return peak_signal_to_noise(*_compared(x, y, border), span=SPAN)


def luma_ssim(x, y, *, border: int) -> np.ndarray:
    """Return the SSIM of luma, ``[N]``.

    Args:
      x, y: floats in [0, 1], ``[N, H, W, 3]`` or ``[N, H, W, 1]``.
      border: pixels to leave out on each side.

    Raises:
      Uncomputable: the shapes differ, a value is not in [0, 1], or the images without
        the border are smaller than the window of SSIM.
    """
    return structural_similarity(*_compared(x, y, border), span=SPAN)


def _compared(x, y, border):
    return (cropped(luma(a), border) for a in (x, y))
