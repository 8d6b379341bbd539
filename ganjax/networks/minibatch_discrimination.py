"""Features that tell a sample how close the others of its batch are (Salimans et al.
2016, arXiv 1606.03498, section 3.2): a generator that makes one image gives itself
away."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Linear


class MinibatchDiscrimination(nn.Module):
    """``features [n, d] -> [n, d + kernels]``, the features and what is new of them.

    Every sample has a row of ``dimensions`` numbers M_ib for each kernel b, linear in
    its features, and the new feature is o_ib = Σ_{j≠i} exp(-‖M_ib - M_jb‖₁) over the
    global batch, of all devices. (The paper's sum has j = i in it as well, a constant
    1; its code leaves that out as here, where 100 kernels have 5 dimensions. The code
    also scales each column of the map by what it meets in the first batch.)

    d·kernels·dimensions parameters: a bias would cancel.
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
        # Sums of many small terms: single precision always.
        rows = rows.astype(jnp.float32).reshape(-1, self.kernels, self.dimensions)
        others = rows
        if not self.is_initializing():
            others = jax.lax.all_gather(rows, self.axis, tiled=True)
        distances = jnp.abs(rows[:, None] - others[None]).sum(-1)
        closeness = jnp.exp(-distances).sum(1) - 1  # without itself
        return jnp.concatenate([features, closeness.astype(features.dtype)], -1)


def among_others(network: nn.Module, features: jax.Array) -> jax.Array:
    """``features [n, d]``, with those of the layer above if ``network`` has kernels.
    Call inside a compact module with the fields of ``dcgan.Discriminator``."""
    if network.minibatch_discrimination == 0:
        return features
    return MinibatchDiscrimination(
        network.minibatch_discrimination,
        spectral=network.normalization == "spectral",
        dtype=network.dtype,
    )(features)
