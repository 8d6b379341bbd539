"""Images brought to an extractor's size exactly as reference tools do it.

Parmar et al. 2022 (arXiv 2104.11222) measured how much a score depends on this, so a
filter is named for what it is and belongs to the protocol of a score:

- ``bicubic_antialiased``: Pillow's bicubic filter (a = -1/2, widened when an image
  shrinks) on single-precision channels, cut to [0, 255] and not rounded: clean-fid's.
- ``bilinear_tf1``: TensorFlow 1's ``resize_bilinear`` with its old corners: output
  pixel i lies at i·H/size of the input, and nothing is averaged when an image shrinks.
  What the graph of the original FID did; torch-fidelity's and clean-fid's "legacy".
- ``bilinear_half_pixel``: the same with pixel centres where they are, at
  (i + 1/2)·H/size - 1/2: ``torch.nn.functional.interpolate``, pytorch-fid's.

All three are linear and separable: a matrix along each axis.
"""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np


def resize(images: jax.Array, size: int, name: str) -> jax.Array:
    """``images [n, H, W, C]`` in [0, 255] to ``[n, size, size, C]`` float32.

    Args:
      images: uint8 or float.
      name: a key of ``FILTERS``.
    """
    _, height, width, _ = images.shape
    rows = FILTERS[name](height, size)
    columns = FILTERS[name](width, size)
    images = separable(images.astype(jnp.float32), rows, columns)
    # Only the bicubic one leaves the interval, by its negative lobes.
    return jnp.clip(images, 0, 255)


def separable(images: jax.Array, rows: np.ndarray, columns: np.ndarray) -> jax.Array:
    """``[n, H, W, C]`` by matrices ``rows [h, H]`` and ``columns [w, W]`` to
    ``[n, h, w, C]``."""
    exact = jax.lax.Precision.HIGHEST
    images = jnp.einsum("wW,nHWC->nHwC", columns, images, precision=exact)
    return jnp.einsum("hH,nHwC->nhwC", rows, images, precision=exact)


def _bicubic(distance: np.ndarray, a: float) -> np.ndarray:
    """Keys' kernel (1981), which interpolates; 0 from a distance of 2 on."""
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@functools.cache
def bicubic_antialiased(size: int, to: int) -> np.ndarray:
    """The matrix ``[to, size]`` of Pillow's bicubic filter."""
    scale = size / to
    widened = max(scale, 1.0)
    matrix = np.zeros((to, size))
    for i in range(to):
        centre = (i + 0.5) * scale
        first = max(int(centre - 2 * widened + 0.5), 0)
        last = min(int(centre + 2 * widened + 0.5), size)
        pixels = np.arange(first, last)
        weights = _bicubic((pixels - centre + 0.5) / widened, a=-0.5)
        matrix[i, first:last] = weights / weights.sum()
    return matrix.astype(np.float32)


@functools.cache
def bilinear_tf1(size: int, to: int) -> np.ndarray:
    """The matrix ``[to, size]`` of TensorFlow 1's bilinear filter."""
    # The tools compute positions in single precision, so these do.
    return _linear(np.arange(to, dtype=np.float32) * np.float32(size / to), size)


@functools.cache
def bilinear_half_pixel(size: int, to: int) -> np.ndarray:
    """The matrix ``[to, size]`` of torch's bilinear filter, corners not aligned."""
    scale = np.float32(size) / np.float32(to)
    centres = np.arange(to, dtype=np.float32) + np.float32(0.5)
    return _linear(np.maximum(scale * centres - np.float32(0.5), 0), size)


def _linear(positions, size):
    below = np.minimum(positions.astype(int), size - 1)
    above = np.minimum(below + 1, size - 1)
    share = positions - below.astype(np.float32)
    matrix = np.zeros((len(positions), size), np.float32)
    rows = np.arange(len(positions))
    matrix[rows, below] += 1 - share
    matrix[rows, above] += share
    return matrix


def bicubic_at(positions: np.ndarray, size: int, a: float) -> np.ndarray:
    """The matrix ``[len(positions), size]`` of a bicubic interpolation that averages
    nothing, where what lies outside is as the pixel at the edge."""
    matrix = np.zeros((len(positions), size))
    for i, position in enumerate(positions):
        for pixel in range(math.floor(position) - 1, math.floor(position) + 3):
            weight = _bicubic(np.float64(position - pixel), a)
            matrix[i, min(max(pixel, 0), size - 1)] += weight
    return matrix.astype(np.float32)


FILTERS: dict[str, Callable[[int, int], np.ndarray]] = {
    f.__name__: f for f in (bicubic_antialiased, bilinear_tf1, bilinear_half_pixel)
}
