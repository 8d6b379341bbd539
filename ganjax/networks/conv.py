"""All convolutions of ganjax; images are NHWC, kernels HWIO."""

import jax

DIMENSIONS = ("NHWC", "HWIO", "NHWC")


def convolve(x: jax.Array, kernel: jax.Array, *, stride: int = 1) -> jax.Array:
    """``[n, H, W, I]`` by ``[k, k, I, O]`` with zero padding to ``⌈H / stride⌉``."""
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), "SAME", dimension_numbers=DIMENSIONS
    )


def convolve_transpose(
    x: jax.Array, kernel: jax.Array, *, stride: int = 2
) -> jax.Array:
    """``[n, H, W, I]`` by ``[k, k, I, O]`` to ``[n, H·stride, W·stride, O]``: the
    adjoint of ``convolve`` up to the flip of the kernel (fractional stride)."""
    return jax.lax.conv_transpose(
        x, kernel, (stride, stride), "SAME", dimension_numbers=DIMENSIONS
    )
