"""Convolutions with a kernel that a style scales, per channel and per sample."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ganjax.networks import conv


def modulated_convolve(
    x: jax.Array,
    kernel: jax.Array,
    style: jax.Array,
    *,
    demodulate: bool = True,
    convolve: Callable = conv.convolve,
) -> jax.Array:
    """Convolve each image by a kernel that is scaled for this image (StyleGAN2; Karras
    et al. 2020, arXiv 1912.04958, section 2.2).

    Args:
      x: ``[n, H, W, I]``. Its type is the type of the products.
      kernel: ``[k, k, I, O]``, shared by all images.
      style: ``[n, I]``, the scales of the kernel's input channels (eq. 1 of the paper).
      demodulate: whether each output channel of a sample's kernel has norm 1 (eq. 3).
      convolve: ``(x, kernel) -> y``, linear in both, with independent output channels.

    Returns:
      ``[n, H', W', O]``.

    No kernel is made per sample. The input is multiplied by the scales of the input
    channels, and the output by the scales of the output channels. So all samples share
    one convolution without groups (as in the paper's appendix B for training).
    """
    n = x.shape[0]
    scaled = x * style.reshape(n, 1, 1, -1).astype(x.dtype)
    y = convolve(scaled, kernel.astype(x.dtype))
    if not demodulate:
        return y
    squares = jnp.sum(kernel.astype(jnp.float32) ** 2, (0, 1))
    norms = jax.lax.rsqrt(style.astype(jnp.float32) ** 2 @ squares + 1e-8)
    return y * norms.reshape(n, 1, 1, -1).astype(y.dtype)
