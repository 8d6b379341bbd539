"""Matrix products of images: over their channels, and over all their pixels. Sums, and
results, are of single precision at least."""

import jax
import jax.numpy as jnp


def over_channels(x: jax.Array, matrix: jax.Array, axis: int) -> jax.Array:
    """``[n, h, w, c]`` by ``matrix [a, b]``, contracting ``c`` with its ``axis``."""
    product = jax.lax.dot_general(
        x.reshape(-1, x.shape[-1]),
        matrix,
        (((1,), (axis,)), ((), ())),
        preferred_element_type=_wide(x),
    )
    return product.reshape(*x.shape[:-1], -1)


def over_pixels(x: jax.Array, y: jax.Array) -> jax.Array:
    """``[n, h, w, c]`` and ``[n, h, w, d]`` to ``[c, d]``, summed over the rest."""
    x, y = (a.reshape(-1, a.shape[-1]) for a in (x, y))
    return jax.lax.dot_general(
        x, y, (((0,), (0,)), ((), ())), preferred_element_type=_wide(x)
    )


def _wide(x):
    return jnp.promote_types(x.dtype, jnp.float32)
