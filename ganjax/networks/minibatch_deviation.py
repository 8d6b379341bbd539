"""A feature that measures how much the samples of a batch differ (Karras et al. 2018,
arXiv 1710.10196, section 3). It exposes a generator that makes only one image."""

import jax
import jax.numpy as jnp


def group_size(n: int, most: int) -> int:
    """Return the largest divisor of ``n`` that is at most ``most``."""
    return max(size for size in range(1, min(n, most) + 1) if n % size == 0)


def with_deviation(x: jax.Array, group: int) -> jax.Array:
    """Append a channel to ``x [n, H, W, C]``: the standard deviation over a group of
    samples, averaged over channels and pixels.

    A group has ``group`` consecutive samples, or the next smaller number that divides
    ``n``. (The authors' code groups the samples i, i + n/4, i + 2n/4 and i + 3n/4. With
    consecutive samples, the groups do not depend on the number of devices if each
    device's share of the batch is a multiple of ``group``.)
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
