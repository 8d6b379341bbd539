"""Convolutions as one matrix product over patches (im2col; Chellapilla et al. 2006).

This form of a convolution suits layers with few channels: a patch is then no larger
than the arrays that a faster algorithm would write. Patches are cut from the input, or
from the output if it has fewer channels. A convolution from many channels to few, as at
the end of a generator, is the adjoint of one from few to many with a flipped kernel.
"""

import jax.numpy as jnp

from ganjax.networks.matmul import over_channels, over_pixels
from ganjax.networks.sliding_windows import overlap_add, sliding_windows


def forward(x, kernel, geometry):
    """Return the output ``[n, h, w, O]`` of a convolution of ``x [n, H, W, I]`` by
    ``kernel [k, l, I, O]`` with the padding and stride of ``geometry``."""
    if _narrows(*kernel.shape[2:], geometry):
        return _scattered(x, _turned(kernel), geometry)
    return over_channels(_patches(x, geometry), _matrix(kernel), 0)


def input_gradient(cotangent, kernel, geometry):
    """Return the gradient of a convolution's input, ``[n, H, W, I]``, for the gradient
    ``cotangent [n, h, w, O]`` of its output."""
    if _narrows(*kernel.shape[2:], geometry):
        return over_channels(_patches(cotangent, geometry), _matrix(_turned(kernel)), 0)
    return _scattered(cotangent, kernel, geometry)


def kernel_gradient(x, cotangent, geometry):
    """Return the gradient of a convolution's kernel, ``[k, l, I, O]``, for the input
    ``x [n, H, W, I]`` and the gradient ``cotangent [n, h, w, O]`` of the output."""
    if _narrows(x.shape[-1], cotangent.shape[-1], geometry):
        product = over_pixels(_patches(cotangent, geometry), x)
        return _turned(product.reshape(*geometry.kernel, cotangent.shape[-1], -1))
    product = over_pixels(_patches(x, geometry), cotangent)
    return product.reshape(*geometry.kernel, x.shape[-1], -1)


def _narrows(inputs, outputs, geometry):
    """Return whether to take patches of the output: if it has fewer channels, and its
    patches are centred on a pixel as the patches of the input are."""
    centred = geometry.stride == 1 and all(n % 2 for n in geometry.kernel)
    centred = centred and geometry.output == geometry.input
    return outputs < inputs and centred and geometry.kernel != (1, 1)


def _turned(kernel):
    """Return the kernel of the adjoint, ``[k, l, O, I]``."""
    return jnp.flip(kernel, (0, 1)).swapaxes(2, 3)


def _scattered(cotangent, kernel, geometry):
    rows, columns, *_ = kernel.shape
    patches = over_channels(cotangent, _matrix(kernel), 1)
    entries = jnp.split(patches, rows * columns, axis=-1)
    grid = [entries[i * columns : (i + 1) * columns] for i in range(rows)]
    return geometry.cropped(overlap_add(grid, geometry.stride))


def _patches(x, geometry):
    whole = [
        (size - 1) * geometry.stride + taps
        for size, taps in zip(geometry.output, geometry.kernel, strict=True)
    ]
    grid = sliding_windows(geometry.padded(x, whole), geometry.kernel, geometry.stride)
    return jnp.concatenate([entry for row in grid for entry in row], axis=-1)


def _matrix(kernel):
    return kernel.reshape(-1, kernel.shape[-1])
