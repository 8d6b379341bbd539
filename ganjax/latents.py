"""Latent distributions: ``(keys [n], size) -> z [n, size]``, a key a sample; and what
may become of a latent before it is used."""

from collections.abc import Callable

import jax
import jax.numpy as jnp


def normal(keys: jax.Array, size: int) -> jax.Array:
    """z ~ N(0, I)."""
    return jax.vmap(lambda key: jax.random.normal(key, (size,)))(keys)


def uniform(keys: jax.Array, size: int) -> jax.Array:
    """z ~ U[-1, 1]^size (DCGAN; Radford et al. 2016, arXiv 1511.06434)."""
    return jax.vmap(lambda key: jax.random.uniform(key, (size,), minval=-1))(keys)


def wide_uniform(keys: jax.Array, size: int) -> jax.Array:
    """z ~ U[-5, 5]^size (Sun et al. 2020, arXiv 2011.04926, two clusters)."""
    return 5 * uniform(keys, size)


def truncated(keys: jax.Array, size: int, limit: float) -> jax.Array:
    """Normal latents of which every number lies in [-limit, limit] (the truncation
    trick; Brock et al. 2019, arXiv 1809.11096, section 3.1)."""
    return jax.vmap(
        lambda key: jax.random.truncated_normal(key, -limit, limit, (size,))
    )(keys)


def optimised(
    z: jax.Array,
    score: Callable[[jax.Array], jax.Array],
    step: jax.Array,
    damping: jax.Array,
) -> jax.Array:
    """``z [n, d]`` after one step that raises the critic's ``score [n]`` of what it
    gives: Δz = step · g / (‖g‖² + damping), g = ∂score/∂z, the natural gradient of
    LOGAN (Wu et al. 2019, arXiv 1912.00953, eq. 11). Gradients flow through the step,
    to generator and critic; its own penalty (their w_r) is left out.
    """
    slope = jax.grad(lambda z: jnp.sum(score(z)))(z)
    squares = jnp.sum(slope**2, -1, keepdims=True)
    return z + step * slope / (squares + damping)


LATENTS = {
    "normal": normal,
    "uniform": uniform,
    "wide_uniform": wide_uniform,
}
