"""Convolutions with fewer multiplications: minimal filtering.

Two outputs of a filter of length r need r + 1 multiplications instead of 2r (Winograd
1980; for convolutional networks Lavin & Gray 2016, arXiv 1509.09308, section 4). An
algorithm has three matrices, ``y = A'[(G g) ⊙ (B' d)]``, nested over height and width.
The products over all channels are matrix products, one for each of the (r + 1)² entries
of a transformed tile. All three maps of a convolution use the same matrices. So each
costs 4/9 (3×3) or 9/16 (4×4 with stride 2) of the direct multiplications:

    y  = A'[Ĝk · B̂'x],   x̄ = B̂[Ĝk' · Â ȳ],   k̄ = Ĝ'[(B̂'x)' · Â ȳ]

A stride of 2 becomes a filter of half the length over channels of 2×2 pixels.
"""

import dataclasses

import jax.numpy as jnp

from ganjax.networks.matmul import over_channels, over_pixels
from ganjax.networks.pixels import as_channels, as_pixels
from ganjax.networks.sliding_windows import (
    Grid,
    interleave,
    overlap_add,
    sliding_windows,
    transposed,
)

# Outputs of a tile along an axis. With 4, the maps of SN-DCGAN's convolutions took 1.28
# times as long on two cores with AVX-512, although they multiply less.
OUTPUTS = 2

Matrix = tuple[tuple[float, ...], ...]


@dataclasses.dataclass(frozen=True)
class Filtering:
    """An algorithm that computes ``OUTPUTS`` outputs of a filter of length r along one
    axis, with r + 1 multiplications. The fields are its three matrices."""

    data: Matrix  # B', [r + 1, r + 1]
    kernel: Matrix  # G, [r + 1, r]
    output: Matrix  # A', [OUTPUTS, r + 1]


# For three taps: Lavin & Gray, section 4.1. For two taps: the same construction, whose
# points 0, 1 and ∞ need no division.
FILTERINGS = {
    3: Filtering(
        data=((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        kernel=((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1)),
        output=((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    2: Filtering(
        data=((1, -1, 0), (0, 1, 0), (0, 1, -1)),
        kernel=((1, 0), (1, 1), (0, 1)),
        output=((1, 1, 0), (0, 1, -1)),
    ),
}


def applies(kernel: tuple[int, int], stride: int) -> bool:
    """Return whether this form supports a convolution: a 3×3 ``kernel`` with ``stride``
    1, or a 4×4 kernel with stride 2."""
    return (*kernel, stride) in ((3, 3, 1), (4, 4, 2))


def forward(x, kernel, geometry):
    """Return the output ``[n, h, w, O]`` of a convolution of ``x [n, H, W, I]`` by
    ``kernel [k, k, I, O]`` with the padding and stride of ``geometry``."""
    algorithm = _algorithm(geometry)
    data = _data_tiles(x, algorithm, geometry)
    weights = _kernel_tile(kernel, algorithm, geometry)
    products = _each(lambda a, b: over_channels(a, b, 0), data, weights)
    y = interleave(transposed(_transform(algorithm.output, products)))
    return y[:, : geometry.output[0], : geometry.output[1]]


def input_gradient(cotangent, kernel, geometry):
    """Return the gradient of a convolution's input, ``[n, H, W, I]``, for the gradient
    ``cotangent [n, h, w, O]`` of its output."""
    algorithm = _algorithm(geometry)
    spread = _output_tiles(cotangent, algorithm)
    weights = _kernel_tile(kernel, algorithm, geometry)
    products = _each(lambda a, b: over_channels(a, b, 1), spread, weights)
    x = overlap_add(_transform(transposed(algorithm.data), products), OUTPUTS)
    if geometry.stride == 2:
        x = as_pixels(x, 2)
    return geometry.cropped(x)


def kernel_gradient(x, cotangent, geometry):
    """Return the gradient of a convolution's kernel, ``[k, k, I, O]``, for the input
    ``x [n, H, W, I]`` and the gradient ``cotangent [n, h, w, O]`` of the output."""
    algorithm = _algorithm(geometry)
    data = _data_tiles(x, algorithm, geometry)
    spread = _output_tiles(cotangent, algorithm)
    products = _each(over_pixels, data, spread)
    tile = _transform(transposed(algorithm.kernel), products)
    kernel = jnp.stack([jnp.stack(row) for row in tile])
    if geometry.stride == 1:
        return kernel
    taps, channels = kernel.shape[0], kernel.shape[2] // 4
    kernel = kernel.reshape(taps, taps, 2, 2, channels, -1)
    return kernel.transpose(0, 2, 1, 3, 4, 5).reshape(2 * taps, 2 * taps, channels, -1)


def _algorithm(geometry):
    return FILTERINGS[geometry.kernel[0] // geometry.stride]


def _data_tiles(x, algorithm, geometry) -> Grid:
    taps = len(algorithm.data)
    tiles = [-(-size // OUTPUTS) for size in geometry.output]
    whole = [geometry.stride * (OUTPUTS * n + taps - OUTPUTS) for n in tiles]
    x = geometry.padded(x, whole)
    if geometry.stride == 2:
        x = as_channels(x, 2)
    return _transform(algorithm.data, sliding_windows(x, (taps, taps), OUTPUTS))


def _output_tiles(cotangent, algorithm) -> Grid:
    odd = [size % OUTPUTS for size in cotangent.shape[1:3]]
    if any(odd):
        cotangent = jnp.pad(cotangent, ((0, 0), (0, odd[0]), (0, odd[1]), (0, 0)))
    tiles = sliding_windows(cotangent, (OUTPUTS, OUTPUTS), OUTPUTS)
    return _transform(transposed(algorithm.output), tiles)


def _kernel_tile(kernel, algorithm, geometry) -> Grid:
    taps = len(algorithm.kernel[0])
    if geometry.stride == 2:
        channels = kernel.shape[2]
        kernel = kernel.reshape(taps, 2, taps, 2, channels, -1)
        kernel = kernel.transpose(0, 2, 1, 3, 4, 5)
        kernel = kernel.reshape(taps, taps, 4 * channels, -1)
    grid = [[kernel[i, j] for j in range(taps)] for i in range(taps)]
    return _transform(algorithm.kernel, grid)


def _transform(matrix, grid: Grid) -> Grid:
    """Return ``matrix · grid · matrix'``."""
    rows = [_combined(matrix, column) for column in transposed(grid)]
    return [_combined(matrix, row) for row in transposed(rows)]


def _combined(matrix, arrays):
    """Sum ``arrays`` by the rows of ``matrix``, without products by 0, 1 or -1."""
    combined = []
    for row in matrix:
        total = None
        for factor, x in zip(row, arrays, strict=True):
            if factor:
                term = x if factor == 1 else -x if factor == -1 else factor * x
                total = term if total is None else total + term
        combined.append(total)
    return combined


def _each(product, first: Grid, second: Grid) -> Grid:
    return [
        [product(a, b) for a, b in zip(*rows, strict=True)]
        for rows in zip(first, second, strict=True)
    ]
