"""Fully connected networks for points and small images, as in the first GAN (Goodfellow
et al. 2014, arXiv 1406.2661).

Parameters: each layer has inputs·outputs weights and ``outputs`` biases. A layer with
batch normalisation has no bias, but 2·outputs parameters of the normalisation.
"""

import math

import flax.linen as nn
import jax.numpy as jnp

from ganjax.networks import layers
from ganjax.networks.critic import Critic
from ganjax.networks.layers import ACTIVATIONS, NORMALIZATIONS, Linear
from ganjax.networks.minibatch_discrimination import among_others
from ganjax.networks.shaped import Shaped
from ganjax.options import option


class Generator(Shaped):
    """``z [n, …] (and label [n]) -> x [n, *shape]``. Images end in tanh; points are
    unbounded."""

    widths: tuple[int, ...] = option((128, 128), "units of hidden layers", least=1)
    activation: str = option("relu", "of hidden layers", choices=ACTIVATIONS)
    normalization: str = option("none", "of hidden layers", choices=NORMALIZATIONS)
    weight_std: float = option(0.0, "initial std of hidden weights", least=0, zero="He")

    @nn.compact
    def __call__(self, z, label=None, *, train):
        z = z.reshape(z.shape[0], -1)
        given = layers.condition(self.conditioning, self.classes, z, label)
        x = _hidden(self, z, train, given)
        x = Linear(math.prod(self.shape), dtype=self.dtype)(x)
        x = x.reshape(x.shape[0], *self.shape).astype(jnp.float32)
        return jnp.tanh(x) if len(self.shape) == 3 else x


# Some games need an encoder: a map from a sample to numbers, with the same layers.
Encoder = Generator


class Discriminator(Critic):
    """``x [n, …] -> logits [n]``."""

    widths: tuple[int, ...] = option((128, 128), "units of hidden layers", least=1)
    activation: str = option("leaky_relu", "of hidden layers", choices=ACTIVATIONS)
    normalization: str = option("none", "of hidden layers", choices=NORMALIZATIONS)
    weight_std: float = option(0.0, "initial std of hidden weights", least=0, zero="He")
    minibatch_discrimination: int = option(0, "kernels", least=0, zero="none")

    @nn.compact
    def full_output(self, x, label=None, *, train):
        x = among_others(self, _hidden(self, x.reshape(x.shape[0], -1), train))
        return self.head(x, label, spectral=self.normalization == "spectral")


def _hidden(network, x, train, given=None):
    init = nn.initializers.he_normal()
    if network.weight_std:
        init = nn.initializers.normal(network.weight_std)
    for width in network.widths:
        how = {"kernel_init": init, "given": given, "train": train}
        x = layers.normalised(network, Linear, x, width, **how)
        x = ACTIVATIONS.find("activation", network.activation)(x)
    return x
