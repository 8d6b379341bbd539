"""Blocks of pixels as channels, and back (sub-pixel convolution; Shi et al. 2016, arXiv
1609.05158, eq. 4)."""

import jax


def as_channels(x: jax.Array, r: int) -> jax.Array:
    """Join r × r pixels: ``[n, H, W, c]`` to ``[n, H/r, W/r, r²·c]``."""
    n, h, w, c = x.shape
    x = x.reshape(n, h // r, r, w // r, r, c).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h // r, w // r, r * r * c)


def as_pixels(x: jax.Array, r: int) -> jax.Array:
    """Invert ``as_channels``: ``[n, H, W, r²·c]`` to ``[n, r·H, r·W, c]``."""
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, r, r, c // r**2).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h * r, w * r, c // r**2)
