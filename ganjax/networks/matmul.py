"""Matrix products of images, over their channels or over all their pixels. Sums and
results have at least single precision."""

import jax
import jax.numpy as jnp


def over_channels(x: jax.Array, matrix: jax.Array, axis: int) -> jax.Array:
    """Multiply ``x [n, h, w, c]`` by a matrix, summed over the channels c and ``axis``
    0 or 1 of the matrix. The other axis of the matrix becomes the channels."""
    product = jax.lax.dot_general(
        x.reshape(-1, x.shape[-1]),
        matrix,
        (((1,), (axis,)), ((), ())),
        preferred_element_type=_wide(x),
    )
    return product.reshape(*x.shape[:-1], -1)


def over_pixels(x: jax.Array, y: jax.Array) -> jax.Array:
    """Multiply ``x [n, h, w, c]`` by ``y [n, h, w, d]``, summed over all pixels of all
    images, to ``[c, d]``."""
    x, y = (a.reshape(-1, a.shape[-1]) for a in (x, y))
    return jax.lax.dot_general(
        x, y, (((0,), (0,)), ((), ())), preferred_element_type=_wide(x)
    )


def _wide(x):
    return jnp.promote_types(x.dtype, jnp.float32)
