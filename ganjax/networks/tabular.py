"""Networks of CTGAN for rows of a table (Xu et al. 2019, arXiv 1907.00503, section
4.4).

Parameters: a layer with I inputs and W units has I·W weights; in the generator 2·W of
its batch normalisation, in the discriminator W biases. The generator's last layer has
(d + ΣW)·D + D for inputs of length d and rows of length D.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks import layers
from ganjax.networks.critic import Critic
from ganjax.networks.latent_keys import child_keys, keys_of
from ganjax.networks.layers import BatchNorm, Linear
from ganjax.networks.shaped import Shaped
from ganjax.options import option

# PyTorch's initialisation of linear layers, which the authors' code uses.
_INIT = nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")


class Generator(Shaped):
    """``z [n, d] -> x [n, *shape]``. Images end in tanh; rows are unbounded. Each
    hidden layer is joined to its input, so the last layer sees the latent and all
    hidden layers."""

    widths: tuple[int, ...] = option((256, 256), "units of hidden layers", least=1)

    @nn.compact
    def __call__(self, z, label=None, *, train):
        layers.check_latents(z)
        x = z.astype(self.dtype)
        for width in self.widths:
            # A bias before batch normalisation has no effect.
            h = Linear(width, use_bias=False, kernel_init=_INIT, dtype=self.dtype)(x)
            h = nn.relu(BatchNorm()(h, train=train))
            x = jnp.concatenate([h, x], axis=-1)
        x = Linear(math.prod(self.shape), kernel_init=_INIT, dtype=self.dtype)(x)
        x = x.reshape(x.shape[0], *self.shape).astype(jnp.float32)
        return jnp.tanh(x) if len(self.shape) == 3 else x


class Discriminator(Critic):
    """``x [n, d] -> logits [n]``. In training a random share of each hidden layer's
    units is 0, and the others are larger. A network has no random key, so the draw is a
    hash of the input's bits: it is new for each new pack of rows."""

    widths: tuple[int, ...] = option((256, 256), "units of hidden layers", least=1)
    dropout: float = option(
        0.5, "share of units that are 0 in training", least=0, below=1
    )

    @nn.compact
    def full_output(self, x, label=None, *, train):
        x = x.reshape(x.shape[0], -1)
        keys = keys_of(x)
        for i, width in enumerate(self.widths):
            x = Linear(width, kernel_init=_INIT, dtype=self.dtype)(x)
            x = nn.leaky_relu(x, 0.2)
            if train and self.dropout:
                x = _dropped(child_keys(keys, i), x, self.dropout)
        return self.head(x, label, kernel_init=_INIT)


def _dropped(keys, x, share):
    """Return ``x [n, d]`` with a ``share`` of its numbers set to 0, and the others
    divided by 1 − ``share``."""
    kept = jax.vmap(lambda key: jax.random.bernoulli(key, 1 - share, x.shape[1:]))(keys)
    return jnp.where(kept, x / (1 - share), 0).astype(x.dtype)
