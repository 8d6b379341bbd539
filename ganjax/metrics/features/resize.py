"""Resizing of images to an extractor's size, exactly as in the reference tools.

Scores depend on the filter, as Parmar et al. 2022 (arXiv 2104.11222) measured. So each
filter has a descriptive name, which is saved with every score:

- ``bicubic_antialiased``: Pillow's bicubic filter (a = -1/2, widened when an image
  shrinks) on single-precision channels, clipped to [0, 255], not rounded (clean-fid).
- ``bilinear_tf1``: TensorFlow 1's ``resize_bilinear``. Output pixel i is at i·H/size of
  the input, and nothing is averaged when an image shrinks. The graph of the original
  FID, torch-fidelity and the "legacy" mode of clean-fid use it.
- ``bilinear_half_pixel``: the same, but with output pixel i at (i + 1/2)·H/size - 1/2.
  ``torch.nn.functional.interpolate`` and pytorch-fid use it.

All three are linear and separable: one matrix along each axis.
"""

import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np


def resize(images: jax.Array, size: int, name: str) -> jax.Array:
    """Resize ``images [n, H, W, C]`` in [0, 255] to ``[n, size, size, C]``, float32 in
    [0, 255].

    Args:
      images: uint8 or float.
      size: the new height and width.
      name: the filter, a key of ``FILTERS``.
    """
    # Only the bicubic filter can exceed the interval: it has negative lobes.
    return jnp.clip(unclipped(images, size, name), 0, 255)


def unclipped(images: jax.Array, size: int, name: str) -> jax.Array:
    """Resize images as `resize`, but let values leave [0, 255]: a clipped value has no
    gradient."""
    _, height, width, _ = images.shape
    rows = FILTERS[name](height, size)
    columns = FILTERS[name](width, size)
    return separable(images.astype(jnp.float32), rows, columns)


def separable(images: jax.Array, rows: np.ndarray, columns: np.ndarray) -> jax.Array:
    """Multiply images by one matrix along each axis.

    Args:
      images: ``[n, H, W, C]``.
      rows: ``[h, H]``; columns: ``[w, W]``.

    Returns:
      ``[n, h, w, C]``.
    """
    exact = jax.lax.Precision.HIGHEST
    images = jnp.einsum("wW,nHWC->nHwC", columns, images, precision=exact)
    return jnp.einsum("hH,nHwC->nhwC", rows, images, precision=exact)


def _bicubic(distance: np.ndarray, a: float) -> np.ndarray:
    """Return Keys' interpolation kernel (1981); it is 0 from a distance of 2 on."""
    x = np.abs(distance)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@functools.cache
def bicubic_antialiased(size: int, to: int) -> np.ndarray:
    """Return the matrix ``[to, size]`` that resizes a line of ``size`` pixels to ``to``
    pixels with Pillow's bicubic filter."""
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
    """Return the matrix ``[to, size]`` that resizes a line of ``size`` pixels to ``to``
    pixels with TensorFlow 1's bilinear filter."""
    # Single precision, as in the reference tools.
    return _linear(np.arange(to, dtype=np.float32) * np.float32(size / to), size)


@functools.cache
def bilinear_half_pixel(size: int, to: int) -> np.ndarray:
    """Return the matrix ``[to, size]`` that resizes a line of ``size`` pixels to ``to``
    pixels with torch's bilinear filter, which uses the centres of pixels."""
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
    """Return the matrix ``[P, size]`` that reads a line of ``size`` pixels at ``P``
    positions, by bicubic interpolation without averaging.

    Args:
      positions: ``[P]``, in pixels; 0 is the first pixel. Positions outside of the line
        repeat the pixel at the edge.
      size: the number of pixels of the line.
      a: the parameter of Keys' kernel (1981), usually -1/2 or -3/4.
    """
    matrix = np.zeros((len(positions), size))
    for i, position in enumerate(positions):
        for pixel in range(math.floor(position) - 1, math.floor(position) + 3):
            weight = _bicubic(np.float64(position - pixel), a)
            matrix[i, min(max(pixel, 0), size - 1)] += weight
    return matrix.astype(np.float32)


FILTERS: dict[str, Callable[[int, int], np.ndarray]] = {
    f.__name__: f for f in (bicubic_antialiased, bilinear_tf1, bilinear_half_pixel)
}
