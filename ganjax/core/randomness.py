"""Random keys that depend on a name and on a sample's index, never on a device."""

import zlib

import jax
import jax.numpy as jnp


def child_key(key: jax.Array, name: str) -> jax.Array:
    """Derive a key from ``key`` and a name.

    The checksum of the name is folded in. So code that draws with a new name does not
    change the draws of other code. Splitting keys in order would change them.
    """
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def sample_keys(key: jax.Array, n: int, axis: str | None = None) -> jax.Array:
    """Return one key for each of ``n`` samples, ``[n]``.

    With ``axis``, the name of a mapped axis over devices, ``n`` is this device's share
    of the batch. Sample ``i`` of device ``a`` gets the key of sample ``a·n + i`` of the
    whole batch, so the draws do not depend on the number of devices.
    """
    first = 0 if axis is None else jax.lax.axis_index(axis) * n
    return jax.vmap(lambda i: jax.random.fold_in(key, i))(first + jnp.arange(n))
