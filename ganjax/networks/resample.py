"""Resampling of images by 2 through a low-pass filter (Zhang 2019, arXiv 1904.11486; in
generators since Karras et al. 2019, arXiv 1812.04948), alone and with a convolution.

A filter is separable, symmetric and has few taps, so it is computed as a sum of shifted
slices. It needs no convolution, and its gradients are also sums of slices. Pixels
outside the image are zeros. Away from the border the filter keeps the mean.
"""

import math

import jax
import jax.numpy as jnp

from ganjax.networks import conv

SMOOTH = (1, 3, 3, 1)
"""StyleGAN's filter. It equals [1, 2, 1] on repeated pixels (or on means of two), so
it is also R3GAN's bilinear interpolation by [1, 2, 1]."""

TRIANGLE = (1, 2, 1)


def smooth(x: jax.Array, before: int, after: int, taps=SMOOTH) -> jax.Array:
    """Apply the filter ``taps`` to ``x [n, H, W, C]``:
    ``[n, H + before + after + 1 − k, …]`` for k taps. ``before`` and ``after`` count
    the zeros that pad each axis."""
    weights = _normalised(taps, 1)
    for axis in (1, 2):
        x = _down(x, weights, before, after, axis, 1)
    return x


def upsample(x: jax.Array, taps=SMOOTH) -> jax.Array:
    """Double ``[n, H, W, C]`` to ``[n, 2H, 2W, C]``: put zeros between pixels, then
    apply the filter with the gain 2 along each axis."""
    weights = _normalised(taps, 2)
    for axis in (1, 2):
        x = _up(x, weights, axis)
    return x


def bilinear(x: jax.Array) -> jax.Array:
    """Double ``[n, H, W, C]`` to ``[n, 2H, 2W, C]`` by bilinear interpolation between
    the centres of pixels. Outside the image its border pixels repeat."""
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    return upsample(padded)[:, 2:-2, 2:-2]


def downsample(x: jax.Array, taps=SMOOTH) -> jax.Array:
    """Halve ``[n, H, W, C]`` to ``[n, H/2, W/2, C]``, H and W even: apply the filter,
    then keep every other pixel."""
    k = len(taps)
    weights = _normalised(taps, 1)
    for axis in (1, 2):
        x = _down(x, weights, (k - 1) // 2, (k - 2) // 2, axis, 2)
    return x


def upsample_convolve(x: jax.Array, kernel: jax.Array, taps=SMOOTH) -> jax.Array:
    """Put zeros between the pixels of ``x [n, H, W, I]``, convolve by
    ``kernel [3, 3, I, O]``, then filter to ``[n, 2H, 2W, O]`` (in this order as in
    Karras et al. 2019, arXiv 1812.04948, section 3)."""
    _, h, w, _ = x.shape
    # The full transposed convolution is 2H + 1 pixels long, but ``convolve_transpose``
    # returns 2H. A zero at the end of x makes room for the last pixel.
    padded = jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    y = conv.convolve_transpose(padded, kernel)[:, : 2 * h + 1, : 2 * w + 1]
    before = (len(taps) - 1) // 2
    # The gain is 4, because three of four pixels were zeros.
    return 4 * smooth(y, before, len(taps) - 2 - before, taps)


def convolve_downsample(x: jax.Array, kernel: jax.Array, taps=SMOOTH) -> jax.Array:
    """Filter ``[n, H, W, I]``, H and W even, then convolve by ``kernel [3, 3, I, O]``
    with stride 2 to ``[n, H/2, W/2, O]``."""
    _, h, w, _ = x.shape
    k = len(taps)
    before = (k - 1) // 2 + 1
    # A convolution of stride 2 pads its odd zero at the end. With two more pixels than
    # the image, this zero does not reach the pixels that are kept.
    y = smooth(x, before, k + 1 - before, taps)
    return conv.convolve(y, kernel, stride=2)[:, : h // 2, : w // 2]


def _normalised(taps, gain):
    if tuple(taps) != tuple(taps)[::-1]:
        raise ValueError(f"expected a symmetric filter, not {taps}")
    total = math.fsum(taps)
    return [gain * tap / total for tap in taps]


def _down(x, weights, before, after, axis, stride):
    """Return every ``stride``-th pixel of the filtered ``x`` along one axis."""
    padding = [(0, 0)] * x.ndim
    padding[axis] = (before, after)
    x = jnp.pad(x, padding)
    last = x.shape[axis] - len(weights) + 1
    return sum(
        weight * jax.lax.slice_in_dim(x, i, i + last, stride, axis)
        for i, weight in enumerate(weights)
    )


def _up(x, weights, axis):
    """Filter along one axis, with a zero after each pixel of ``x``. The two output
    pixels per input pixel use alternate taps."""
    k, size = len(weights), x.shape[axis]
    before = (k + 1) // 2
    room = k // 2 + 1
    padding = [(0, 0)] * x.ndim
    padding[axis] = (room, room)
    padded = jnp.pad(x, padding)
    phases = []
    for phase in (0, 1):
        # Output pixel 2q + phase uses tap i on pixel 2q + phase + i − before of the
        # image with zeros. A pixel with an odd index is a zero.
        shifts = [(phase + i - before, weight) for i, weight in enumerate(weights)]
        phases.append(
            sum(
                weight
                * jax.lax.slice_in_dim(
                    padded, room + shift // 2, room + shift // 2 + size, axis=axis
                )
                for shift, weight in shifts
                if shift % 2 == 0
            )
        )
    y = jnp.stack(phases, axis + 1)
    return y.reshape(*x.shape[:axis], 2 * size, *x.shape[axis + 1 :])
