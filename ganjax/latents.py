"""Latent distributions: ``(keys [n], size) -> z [n, size]``, a key a sample."""

import jax


def normal(keys: jax.Array, size: int) -> jax.Array:
    """z ~ N(0, I)."""
    return jax.vmap(lambda key: jax.random.normal(key, (size,)))(keys)


def uniform(keys: jax.Array, size: int) -> jax.Array:
    """z ~ U[-1, 1]^size (DCGAN; Radford et al. 2016, arXiv 1511.06434)."""
    return jax.vmap(lambda key: jax.random.uniform(key, (size,), minval=-1))(keys)


LATENTS = {
    "normal": normal,
    "uniform": uniform,
}
