"""The input gradient of a strided convolution, computed without a stride: sub-pixel
convolution (Shi et al. 2016, arXiv 1609.05158).

Pixels of the result that lie ``stride`` apart use the same weights. One convolution of
stride 1 computes all ``stride²`` kinds of pixels as channels, with a kernel ``stride²``
times smaller. It is for processors that are slow at the usual form of this gradient.
"""

import jax
import jax.numpy as jnp

from ganjax.networks.pixels import as_pixels


def applies(kernel: tuple[int, int], stride: int) -> bool:
    """Return whether this form supports a convolution: ``stride`` is above 1 and
    divides both sides of the ``kernel``, (height, width)."""
    return stride > 1 and all(taps % stride == 0 for taps in kernel)


def input_gradient(cotangent, kernel, geometry):
    """Return the gradient of a convolution's input, ``[n, H, W, I]``, for the gradient
    ``cotangent [n, h, w, O]`` of its output and ``kernel [k, l, I, O]``."""
    s = geometry.stride
    rows, columns = (taps // s for taps in geometry.kernel)
    inputs, outputs = kernel.shape[2:]
    # Pixel s·q + p of the padded input meets tap s·t + p of the window at q − t.
    taps = kernel.reshape(rows, s, columns, s, inputs, outputs)
    taps = jnp.flip(taps, (0, 2)).transpose(0, 2, 5, 1, 3, 4)
    y = jax.lax.conv_general_dilated(
        cotangent,
        taps.reshape(rows, columns, outputs, s * s * inputs),
        (1, 1),
        ((rows - 1, rows - 1), (columns - 1, columns - 1)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )
    return geometry.cropped(as_pixels(y, s))
