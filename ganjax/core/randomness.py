"""Keys that depend on a name and on a sample's place, never on a device."""

import zlib

import jax
import jax.numpy as jnp


def child_key(key: jax.Array, name: str) -> jax.Array:
    """The key that belongs to ``name`` under ``key``.

    Names are folded in by checksum, so adding a consumer of randomness never moves
    what another one draws, as splitting in order would.
    """
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def sample_keys(key: jax.Array, n: int, axis: str | None = None) -> jax.Array:
    """One key for each of ``n`` samples, of shape ``[n]``.

    Inside a step ``n`` is this device's share of a batch that is spread over ``axis``;
    sample ``i`` of device ``a`` gets the key of global sample ``a·n + i``. So what is
    drawn does not depend on the number of devices.
    """
    first = 0 if axis is None else jax.lax.axis_index(axis) * n
    return jax.vmap(lambda i: jax.random.fold_in(key, i))(first + jnp.arange(n))
