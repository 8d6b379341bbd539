"""DCGAN (Radford, Metz, Chintala 2016, arXiv 1511.06434, section 3): strided and
transposed convolutions, no hidden fully connected layer, leaky ReLU in the
discriminator, ReLU and tanh in the generator.

Image sizes follow the rule of ``sizes``, without a largest one. The published network
is for 64 pixels, with ``width`` 128 and batch normalisation in both players. Kernels
are 4×4, which stride 2 covers evenly.

Parameters of the generator with k levels, channels c_i = width·2^(k−1−i), latents of
size d, a smallest map of b pixels and C image channels: d·b·c_0 + Σ 16·c_i·c_{i+1}
+ 16·c_{k−1}·C + C. Batch normalisations add 2·Σ c_i; without them, biases add b·c_0
+ Σ_{i>0} c_i. The discriminator mirrors the generator: 16·C·c_{k−1} + Σ 16·c_i·c_{i+1}
+ b·c_0 + 1, and c_{k−1} biases of the first layer. Each further channel adds 2 (batch)
or 1 (a bias).
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.layers import (
    NORMALIZATIONS,
    Conv,
    Linear,
    check_latents,
    condition,
    dcgan_init,
    normalise,
    normalised,
)
from ganjax.networks.minibatch_discrimination import among_others
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import Growth, growth
from ganjax.options import option

DOUBLING = {"kernel": 4, "stride": 2, "transpose": True}


def transposed_stack(
    network: nn.Module, z: jax.Array, label: jax.Array | None, grown: Growth,
    channels: Sequence[int], *, train: bool,
) -> jax.Array:  # fmt: skip
    """Map latents to features, by a linear map and then 4×4 transposed convolutions of
    stride 2. A normalisation and a ReLU follow each of them. Call it inside a compact
    method of a module with the fields of ``Generator``.

    Args:
      z, label: latents ``[n, d]``, and labels ``[n]`` or ``None``.
      grown: the size h×w of the smallest feature map.
      channels: numbers of channels, of the smallest map and after each convolution.

    Returns:
      ``[n, h·2^k, w·2^k, channels[-1]]`` for k convolutions.
    """
    check_latents(z)
    given = condition(network.conditioning, network.classes, z, label)
    x = Linear(
        grown.area * channels[0],
        use_bias=network.normalization != "batch",
        spectral=network.normalization == "spectral",
        kernel_init=dcgan_init,
        dtype=network.dtype,
    )(z).reshape(-1, grown.height, grown.width, channels[0])
    x = nn.relu(normalise(x, network.normalization, train=train, given=given))
    for features in channels[1:]:
        how = {"train": train, "given": given, **DOUBLING}
        x = nn.relu(normalised(network, Conv, x, features, **how))
    return x


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("batch", "of hidden layers", choices=NORMALIZATIONS)

    @nn.compact
    def __call__(self, z, label=None, *, train):
        grown = growth(self.shape)
        k = grown.doublings
        channels = [self.width * 2 ** (k - 1 - i) for i in range(k)]
        x = transposed_stack(self, z, label, grown, channels, train=train)
        x = Conv(self.shape[-1], dtype=self.dtype, **DOUBLING)(x)
        return jnp.tanh(x.astype(jnp.float32))


def strided_stack(network: nn.Module, x: jax.Array, *, train: bool) -> jax.Array:
    """Map images to a vector of features for each image, ``[n, h·w·width·2^(k−1)]``,
    where h×w is the smallest feature map after k halvings. Each halving is a 4×4
    convolution of stride 2 with leaky ReLU; all but the first are normalised. Call it
    inside a compact method of a module with the fields of ``Discriminator``."""
    for i in range(growth(x.shape[1:]).doublings):
        how = {"train": train, "plain": i == 0, "kernel": 4, "stride": 2}
        x = normalised(network, Conv, x, network.width * 2**i, **how)
        x = nn.leaky_relu(x, 0.2)
    return x.reshape(x.shape[0], -1)


class Encoder(Shaped):
    """``images [n, H, W, C] -> [n, *shape]``, unbounded. It has the discriminator's
    layers, then a linear map to the numbers of ``shape``."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("batch", "of hidden layers", choices=NORMALIZATIONS)

    @nn.compact
    def __call__(self, x, label=None, *, train):
        x = strided_stack(self, x, train=train)
        x = Linear(math.prod(self.shape), kernel_init=dcgan_init, dtype=self.dtype)(x)
        return x.reshape(x.shape[0], *self.shape).astype(jnp.float32)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``. As in the paper, the first layer has no
    batch normalisation."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("none", "of hidden layers", choices=NORMALIZATIONS)
    minibatch_discrimination: int = option(0, "kernels", least=0, zero="none")

    @nn.compact
    def full_output(self, x, label=None, *, train):
        x = among_others(self, strided_stack(self, x, train=train))
        spectral = self.normalization == "spectral"
        return self.head(x, label, spectral=spectral, kernel_init=dcgan_init)
