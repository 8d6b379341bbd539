"""A feature that tells how much the samples of a batch differ, by which a generator
that makes one image gives itself away (Karras et al. 2018, arXiv 1710.10196, section
3)."""

import jax
import jax.numpy as jnp


def group_size(n: int, most: int) -> int:
    """The largest divisor of ``n`` that is at most ``most``."""
    return max(size for size in range(1, min(n, most) + 1) if n % size == 0)


def with_deviation(x: jax.Array, group: int) -> jax.Array:
    """``x [n, H, W, C] -> [n, H, W, C + 1]``: the standard deviation over a group of
    samples, averaged over channels and pixels, as a channel of its own.

    A group is of ``group`` samples that follow each other, or of the largest divisor of
    ``n`` below. (In the authors' code sample i goes with i + n/4, i + 2n/4 …: groups of
    neighbours are the same on any number of devices of whose share 4 is a divisor.)
    """
    n, h, w, c = x.shape
    size = group_size(n, group)
    grouped = x.astype(jnp.float32).reshape(n // size, size, h, w, c)
    variance = jnp.var(grouped, 1)
    # The square root has no derivative at zero.
    deviation = jnp.mean(jnp.sqrt(variance + 1e-8), (1, 2, 3))
    channel = jnp.repeat(deviation, size).reshape(n, 1, 1, 1)
    channel = jnp.broadcast_to(channel, (n, h, w, 1))
    return jnp.concatenate([x, channel.astype(x.dtype)], -1)
