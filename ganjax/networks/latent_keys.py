"""Randomness of a generator as a function of its latents.

Networks get no random key. A generator may draw more than its latents: noise in its
layers, or a second latent to mix styles with. These draws use one key per sample, a
hash of the bits of the sample's latent. So an image depends only on its latent. It does
not depend on its place in a batch, on the other samples or on the number of devices,
and is the same every time. Keys have 64 bits and latents are continuous, so two draws
practically never share a key.
"""

import jax
import jax.numpy as jnp

# Odd numbers of 32 bits: the golden ratio's, and the constants of the final mix of
# MurmurHash3 (Appleby, public domain), where every input bit changes about half of the
# output bits.
_GOLDEN = 0x9E3779B9
_MIX = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))


def keys_of(z: jax.Array) -> jax.Array:
    """Return one random key for each latent of ``z [n, d]``, as ``[n]``. A key is a
    hash of the latent's bits, so no gradient flows through it."""
    z = jax.lax.stop_gradient(z).astype(jnp.float32)
    words = jax.lax.bitcast_convert_type(z, jnp.uint32)
    place = jnp.arange(1, z.shape[-1] + 1, dtype=jnp.uint32).reshape(1, -1)
    first, second = (
        _mixed(jnp.sum(_mixed(words + place * jnp.uint32(salt)), -1, dtype=jnp.uint32))
        for salt in (_GOLDEN, 3 * _GOLDEN % 2**32)
    )
    return jax.vmap(_key)(first, second)


def child_keys(keys: jax.Array, number: int) -> jax.Array:
    """Derive a new key from each of ``keys [n]``, for one purpose. Each purpose has a
    different ``number``."""
    return jax.vmap(lambda key: jax.random.fold_in(key, number))(keys)


def _key(first, second):
    # Not the default implementation: other ones draw differently under vmap.
    return jax.random.fold_in(jax.random.key(first, impl="threefry2x32"), second)


def _mixed(x):
    for shift, factor in _MIX:
        x = (x ^ (x >> shift)) * jnp.uint32(factor)
    return x ^ (x >> 16)
