"""Fully connected networks, as in the first GAN (Goodfellow et al. 2014, arXiv
1406.2661), for points and for small images.

Parameters: the sum over layers of inputs·outputs, plus outputs where there is a bias
(everywhere but before batch normalisation, which adds 2·outputs of its own).
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import ACTIVATIONS, Linear, normalise


class Generator(nn.Module):
    """``z [n, …] -> x [n, *shape]``; images end in tanh, points are unbounded."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    widths: tuple[int, ...] = (128, 128)
    activation: str = "relu"
    normalization: str = "none"

    @nn.compact
    def __call__(self, z: jax.Array, *, train: bool) -> jax.Array:
        x = _hidden(self, z.reshape(z.shape[0], -1), train)
        x = Linear(math.prod(self.shape), dtype=self.dtype)(x)
        x = x.reshape(x.shape[0], *self.shape).astype(jnp.float32)
        return jnp.tanh(x) if len(self.shape) == 3 else x


class Discriminator(nn.Module):
    """``x [n, …] -> logits [n]``."""

    dtype: jnp.dtype = jnp.float32
    widths: tuple[int, ...] = (128, 128)
    activation: str = "leaky_relu"
    normalization: str = "none"

    @property
    def mixes_samples(self) -> bool:
        """Whether a logit depends on the other samples of its batch."""
        return self.normalization == "batch"

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        x = _hidden(self, x.reshape(x.shape[0], -1), train)
        spectral = self.normalization == "spectral"
        x = Linear(1, spectral=spectral, dtype=self.dtype)(x)
        return x[:, 0].astype(jnp.float32)


def _hidden(network, x, train):
    for width in network.widths:
        x = Linear(
            width,
            use_bias=network.normalization != "batch",
            spectral=network.normalization == "spectral",
            kernel_init=nn.initializers.he_normal(),
            dtype=network.dtype,
        )(x)
        x = normalise(x, network.normalization, train=train)
        x = ACTIVATIONS[network.activation](x)
    return x
