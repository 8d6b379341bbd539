"""Fully connected networks, as in the first GAN (Goodfellow et al. 2014, arXiv
1406.2661), for points and for small images.

Parameters: the sum over layers of inputs·outputs, plus outputs where there is a bias
(everywhere but before batch normalisation, which adds 2·outputs of its own).
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.heads import head
from ganjax.networks.layers import ACTIVATIONS, Linear, condition, normalise
from ganjax.networks.minibatch_discrimination import among_others


class Generator(nn.Module):
    """``z [n, …] (and label [n]) -> x [n, *shape]``; images end in tanh, points are
    unbounded."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    widths: tuple[int, ...] = (128, 128)
    activation: str = "relu"
    normalization: str = "none"
    weight_std: float = 0.0  # of the initial weights of hidden layers; 0: He et al.

    @property
    def takes_conditions(self) -> bool:
        """Whether there is a normalisation that may depend on a label or a latent."""
        return self.normalization == "batch"

    @nn.compact
    def __call__(
        self, z: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        z = z.reshape(z.shape[0], -1)
        given = condition(self.conditioning, self.classes, z, label)
        x = _hidden(self, z, train, given)
        x = Linear(math.prod(self.shape), dtype=self.dtype)(x)
        x = x.reshape(x.shape[0], *self.shape).astype(jnp.float32)
        return jnp.tanh(x) if len(self.shape) == 3 else x


# From a sample to numbers, where a game asks for that.
Encoder = Generator


class Discriminator(Critic):
    """``x [n, …] -> logits [n]``."""

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    widths: tuple[int, ...] = (128, 128)
    activation: str = "leaky_relu"
    normalization: str = "none"
    weight_std: float = 0.0  # as the generator's
    minibatch_discrimination: int = 0  # kernels

    @property
    def mixes_samples(self) -> bool:
        return super().mixes_samples or self.minibatch_discrimination > 0

    @nn.compact
    def judge(self, x, label=None, *, train):
        x = _hidden(self, x.reshape(x.shape[0], -1), train)
        return head(
            among_others(self, x),
            label,
            conditioning=self.conditioning,
            classes=self.classes,
            spectral=self.normalization == "spectral",
            dtype=self.dtype,
        )


def _hidden(network, x, train, given=None):
    init = nn.initializers.he_normal()
    if network.weight_std:
        init = nn.initializers.normal(network.weight_std)
    for width in network.widths:
        x = Linear(
            width,
            use_bias=network.normalization != "batch",
            spectral=network.normalization == "spectral",
            kernel_init=init,
            dtype=network.dtype,
        )(x)
        x = normalise(x, network.normalization, train=train, given=given)
        x = ACTIVATIONS[network.activation](x)
    return x
