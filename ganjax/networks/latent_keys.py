"""Randomness of a generator that is a function of its latents.

Networks get no key. What a generator draws besides its latents (noise in its layers, a
second latent to mix styles with) comes from a key for each sample, made by hashing the
bits of the sample's own latent. So an image is a function of its latent and of nothing
else: it does not depend on its place in a batch, on the other samples, or on the number
of devices, and is the same when it is asked for again. Latents are continuous, so two
draws do not share a key; the keys have 64 bits.
"""

import jax
import jax.numpy as jnp

# Odd numbers of 32 bits: the golden ratio's, and those of the finishing mix of
# MurmurHash3 (Appleby, public domain), of which every input bit moves about half of
# the output's.
_GOLDEN = 0x9E3779B9
_MIX = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))


def keys_of(z: jax.Array) -> jax.Array:
    """One key a sample, ``[n]``, of latents ``z [n, d]``; no gradient flows through."""
    z = jax.lax.stop_gradient(z).astype(jnp.float32)
    words = jax.lax.bitcast_convert_type(z, jnp.uint32)
    place = jnp.arange(1, z.shape[-1] + 1, dtype=jnp.uint32).reshape(1, -1)
    first, second = (
        _mixed(jnp.sum(_mixed(words + place * jnp.uint32(salt)), -1, dtype=jnp.uint32))
        for salt in (_GOLDEN, 3 * _GOLDEN % 2**32)
    )
    return jax.vmap(_key)(first, second)


def child_keys(keys: jax.Array, number: int) -> jax.Array:
    """Keys ``[n]`` for the ``number``-th purpose."""
    return jax.vmap(lambda key: jax.random.fold_in(key, number))(keys)


def _key(first, second):
    # Of this kind whatever the default: others draw differently under vmap.
    return jax.random.fold_in(jax.random.key(first, impl="threefry2x32"), second)


def _mixed(x):
    for shift, factor in _MIX:
        x = (x ^ (x >> shift)) * jnp.uint32(factor)
    return x ^ (x >> 16)
