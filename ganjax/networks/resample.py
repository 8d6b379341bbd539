"""Images twice as large or half as large through a low-pass filter (Zhang 2019, arXiv
1904.11486; in generators since Karras et al. 2019, arXiv 1812.04948), alone and around
a convolution.

A filter is separable, symmetric and of few taps, so it is a sum of shifted slices: no
convolution is needed, and its gradients are of the same kind. Pixels outside the image
are zeros; away from the border the mean is kept.
"""

import math

import jax
import jax.numpy as jnp

from ganjax.networks import conv

SMOOTH = (1, 3, 3, 1)
"""StyleGAN's filter. It is [1, 2, 1], met by copies of pixels (or means of two), so
bilinear interpolation by [1, 2, 1], as R3GAN says it, is this one too."""

TRIANGLE = (1, 2, 1)


def smooth(x: jax.Array, before: int, after: int, taps=SMOOTH) -> jax.Array:
    """``x [n, H, W, C]``, with that many zeros at each beginning and end, filtered to
    ``[n, H + before + after + 1 − k, …]`` of k taps."""
    weights = _normalised(taps, 1)
    for axis in (1, 2):
        x = _down(x, weights, before, after, axis, 1)
    return x


def upsample(x: jax.Array, taps=SMOOTH) -> jax.Array:
    """``[n, H, W, C]`` to ``[n, 2H, 2W, C]``: zeros between pixels, then the filter,
    twice as strong along each axis."""
    weights = _normalised(taps, 2)
    for axis in (1, 2):
        x = _up(x, weights, axis)
    return x


def downsample(x: jax.Array, taps=SMOOTH) -> jax.Array:
    """``[n, H, W, C]`` to ``[n, H/2, W/2, C]``, H and W even: the filter, then every
    other pixel."""
    k = len(taps)
    weights = _normalised(taps, 1)
    for axis in (1, 2):
        x = _down(x, weights, (k - 1) // 2, (k - 2) // 2, axis, 2)
    return x


def upsample_convolve(x: jax.Array, kernel: jax.Array, taps=SMOOTH) -> jax.Array:
    """A convolution by ``kernel [3, 3, I, O]`` of ``x [n, H, W, I]`` with zeros between
    its pixels, filtered to ``[n, 2H, 2W, O]`` (Karras et al. 2019, arXiv 1812.04948,
    section 3, has the same order of the two)."""
    _, h, w, _ = x.shape
    # The whole transposed convolution is 2H + 1 pixels long, one more than ours has; a
    # zero at the end of x makes room for it.
    padded = jnp.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    y = conv.convolve_transpose(padded, kernel)[:, : 2 * h + 1, : 2 * w + 1]
    before = (len(taps) - 1) // 2
    # Four times the mean of a filter: three of four pixels were zeros.
    return 4 * smooth(y, before, len(taps) - 2 - before, taps)


def convolve_downsample(x: jax.Array, kernel: jax.Array, taps=SMOOTH) -> jax.Array:
    """The filter, then a convolution by ``kernel [3, 3, I, O]`` of stride 2: ``[n, H,
    W, I]`` to ``[n, H/2, W/2, O]``, H and W even."""
    _, h, w, _ = x.shape
    k = len(taps)
    before = (k - 1) // 2 + 1
    # A stride of 2 has its odd zero at the end: two pixels more than the image keep it
    # away from what counts.
    y = smooth(x, before, k + 1 - before, taps)
    return conv.convolve(y, kernel, stride=2)[:, : h // 2, : w // 2]


def _normalised(taps, gain):
    if tuple(taps) != tuple(taps)[::-1]:
        raise ValueError(f"expected a symmetric filter, not {taps}")
    total = math.fsum(taps)
    return [gain * tap / total for tap in taps]


def _down(x, weights, before, after, axis, stride):
    """Every ``stride``-th pixel of the filtered ``x`` along one axis."""
    padding = [(0, 0)] * x.ndim
    padding[axis] = (before, after)
    x = jnp.pad(x, padding)
    last = x.shape[axis] - len(weights) + 1
    return sum(
        weight * jax.lax.slice_in_dim(x, i, i + last, stride, axis)
        for i, weight in enumerate(weights)
    )


def _up(x, weights, axis):
    """The filter along one axis over pixels with a zero after each: the two pixels made
    of one meet every other tap."""
    k, size = len(weights), x.shape[axis]
    before = (k + 1) // 2
    room = k // 2 + 1
    padding = [(0, 0)] * x.ndim
    padding[axis] = (room, room)
    padded = jnp.pad(x, padding)
    phases = []
    for phase in (0, 1):
        # Pixel 2q + phase meets tap i at pixel 2q + phase + i − before of the wide
        # image, which is a zero if that is odd.
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
