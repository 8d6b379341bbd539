"""Convolutions as one matrix product over patches (im2col; Chellapilla et al. 2006).

Right where channels are few: a patch is then no larger than what a faster algorithm
would write, and the product is the whole work.
"""

import jax.numpy as jnp

from ganjax.networks.products import over_channels, over_pixels
from ganjax.networks.windows import overlap_add, windows


def forward(x, kernel, geometry):
    """``y`` of ``x [n, H, W, I]`` and ``kernel [k, l, I, O]``."""
    return over_channels(_patches(x, geometry), _matrix(kernel), 0)


def input_gradient(cotangent, kernel, geometry):
    """``x̄`` of ``ȳ [n, h, w, O]``."""
    rows, columns, channels, _ = kernel.shape
    patches = over_channels(cotangent, _matrix(kernel), 1)
    entries = jnp.split(patches, rows * columns, axis=-1)
    grid = [entries[i * columns : (i + 1) * columns] for i in range(rows)]
    return geometry.cropped(overlap_add(grid, geometry.stride))


def kernel_gradient(x, cotangent, geometry):
    """``k̄ [k, l, I, O]``."""
    product = over_pixels(_patches(x, geometry), cotangent)
    return product.reshape(*geometry.kernel, x.shape[-1], -1)


def _patches(x, geometry):
    whole = [
        (size - 1) * geometry.stride + taps
        for size, taps in zip(geometry.output, geometry.kernel, strict=True)
    ]
    grid = windows(geometry.padded(x, whole), geometry.kernel, geometry.stride)
    return jnp.concatenate([entry for row in grid for entry in row], axis=-1)


def _matrix(kernel):
    return kernel.reshape(-1, kernel.shape[-1])
