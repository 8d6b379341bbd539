"""Similarity of two images: PSNR and SSIM.

PSNR, the peak signal-to-noise ratio, measures the squared error of pixels. SSIM, the
structural similarity, compares means, variances and the covariance in small windows.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from ganjax.errors import Uncomputable

# Wang et al. 2004, section III.B: the standard deviation and the radius of the window
# in pixels (11×11 in all), and the constants that keep quotients finite.
WINDOW, RADIUS = 1.5, 5
K1, K2 = 0.01, 0.03


def peak_signal_to_noise(x, y, *, span: float) -> np.ndarray:
    """Return the PSNR of each pair of images in dB, ``[N]``.

    It is 10·log10(span² / mean squared error). Equal images give infinity.

    Args:
      x, y: images ``[N, H, W, C]``.
      span: the width of the range of values, such as 1 for values in [0, 1].

    Raises:
      Uncomputable: the shapes are wrong or differ, or a value is not finite.
    """
    x, y = _pair(x, y)
    error = np.mean((x - y) ** 2, axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return 10 * np.log10(span**2 / error)


def signal_to_noise_of_bytes(x, y) -> dict[str, float]:
    """Summarise the PSNR of pairs of images with values from 0 to 255.

    Args:
      x, y: images ``[N, H, W, C]``.

    Returns:
      ``psnr``: the mean over images, in dB. An image without error has an infinite
      PSNR. It counts as an image with an error of 1 in a single value, the smallest
      error that bytes can have, so the mean is finite.
      ``psnr_pooled``: the PSNR of the mean squared error over all images, in dB. If all
      images are without error, one value counts as an error of 1. Unlike the mean, it
      is not raised by a few images without error.
      ``psnr_infinite``: the number of images without error.

    Raises:
      Uncomputable: the shapes are wrong or differ, or a value is not finite.
    """
    x, y = _pair(x, y)
    error = np.mean((x - y) ** 2, axis=(1, 2, 3))
    span, least = 255.0**2, 1 / x[0].size
    return {
        "psnr": float(np.mean(10 * np.log10(span / np.maximum(error, least)))),
        "psnr_pooled": float(10 * np.log10(span / max(error.mean(), least / len(x)))),
        "psnr_infinite": int(np.sum(error == 0)),
    }


def structural_similarity(x, y, *, span: float) -> np.ndarray:
    """Return the SSIM of each pair of images, ``[N]``, between -1 and 1.

    It is the mean over pixels and channels (Wang et al. 2004, IEEE TIP 13(4), eq. 13).
    Windows are Gaussian, and variances have no correction for the estimated mean.
    Pixels closer to the border than the window radius are left out.

    Args:
      x, y: images ``[N, H, W, C]``. Published scores use values that start at 0, such
        as [0, 1]. Adding a constant to all values changes the score.
      span: the width of the range of values, such as 1 for values in [0, 1].

    Raises:
      Uncomputable: the shapes are wrong or differ, the images are smaller than a
        window, or a value is not finite.
    """
    x, y = _pair(x, y)
    if min(x.shape[1:3]) <= 2 * RADIUS:
        raise Uncomputable(
            f"images of {x.shape[1]}×{x.shape[2]}: expected more than {2 * RADIUS} "
            f"pixels on each side"
        )

    def blurred(a):
        sigma = (0, WINDOW, WINDOW, 0)
        return gaussian_filter(a, sigma, truncate=RADIUS / WINDOW)

    mean_x, mean_y = blurred(x), blurred(y)
    var_x = blurred(x * x) - mean_x**2
    var_y = blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    score = (
        (2 * mean_x * mean_y + c1)
        * (2 * covariance + c2)
        / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))
    )
    inner = slice(RADIUS, -RADIUS)
    return score[:, inner, inner].mean(axis=(1, 2, 3))


def _pair(x, y):
    x, y = (np.asarray(a, np.float64) for a in (x, y))
    if x.ndim != 4 or x.shape != y.shape or 0 in x.shape:
        raise Uncomputable(
            f"images of shapes {x.shape} and {y.shape}: expected twice [N, H, W, C]"
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise Uncomputable("images hold values that are not finite")
    return x, y
