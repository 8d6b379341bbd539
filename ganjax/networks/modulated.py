"""Convolutions whose kernel a style scales, channel by channel, for each sample."""

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
    """``convolve`` of each image by its own kernel (Karras et al. 2020, arXiv
    1912.04958, section 2.2).

    Args:
      x: ``[n, H, W, I]``; its type is that of the products.
      kernel: ``[k, k, I, O]``, shared.
      style: ``[n, I]``, what scales the kernel's inputs (eq. 1).
      demodulate: whether each output channel of a sample's kernel is of norm 1 (eq. 3).
      convolve: ``(x, kernel) -> y``, linear in both, its outputs apart from each other.

    Returns:
      ``[n, H', W', O]``.

    A sample's kernel is never made: its scales of the input channels are put on the
    input, those of the output channels on the output, so all samples share one
    convolution and there are no groups (as the paper's appendix B has it for training).
    """
    n = x.shape[0]
    scaled = x * style.reshape(n, 1, 1, -1).astype(x.dtype)
    y = convolve(scaled, kernel.astype(x.dtype))
    if not demodulate:
        return y
    squares = jnp.sum(kernel.astype(jnp.float32) ** 2, (0, 1))
    norms = jax.lax.rsqrt(style.astype(jnp.float32) ** 2 @ squares + 1e-8)
    return y * norms.reshape(n, 1, 1, -1).astype(y.dtype)
