"""Features that measure how close a sample is to the others of its batch (Salimans et
al. 2016, arXiv 1606.03498, section 3.2). They expose a generator that makes only one
image."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Linear


class MinibatchDiscrimination(nn.Module):
    """``features [n, d] -> [n, d + kernels]``: the features and their closeness.

    For each kernel b, sample i has a row M_ib of ``dimensions`` numbers, linear in its
    features. The new feature is o_ib = Σ_{j≠i} exp(-‖M_ib - M_jb‖₁) over the global
    batch of all devices. (The sum in the paper includes j = i, a constant 1. The
    authors' code excludes it, as here, and has 100 kernels of 5 dimensions. Their code
    also scales each column of the map by statistics of the first batch.)

    There are d·kernels·dimensions parameters. A bias would cancel.
    """

    kernels: int
    dimensions: int = 5
    spectral: bool = False
    axis: str = "data"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, features):
        rows = Linear(
            self.kernels * self.dimensions,
            use_bias=False,
            spectral=self.spectral,
            dtype=self.dtype,
        )(features)
        # Always single precision: the sums have many small terms.
        rows = rows.astype(jnp.float32).reshape(-1, self.kernels, self.dimensions)
        others = rows
        if not self.is_initializing():
            others = jax.lax.all_gather(rows, self.axis, tiled=True)
        distances = jnp.abs(rows[:, None] - others[None]).sum(-1)
        closeness = jnp.exp(-distances).sum(1) - 1  # without the sample itself
        return jnp.concatenate([features, closeness.astype(features.dtype)], -1)


def among_others(network: nn.Module, features: jax.Array) -> jax.Array:
    """Append to ``features [n, d]`` their closeness to other samples of the batch
    (``MinibatchDiscrimination``). ``network.minibatch_discrimination`` is the number of
    kernels; with 0 the features are returned unchanged. Call it in a compact method of
    ``network``, which has the fields of ``dcgan.Discriminator``."""
    if network.minibatch_discrimination == 0:
        return features
    return MinibatchDiscrimination(
        network.minibatch_discrimination,
        spectral=network.normalization == "spectral",
        dtype=network.dtype,
    )(features)
