"""The DCGAN of PyTorch-StudioGAN (947b35e, its network ``deep_conv``; Kang et al. 2023,
arXiv 2206.09479). It has more layers than the DCGAN of Radford et al. 2016.

The generator maps the latent linearly to the smallest feature map, without a
normalisation or a ReLU. 4×4 transposed convolutions of stride 2 then halve the
channels, each with batch normalisation and a ReLU. A 3×3 convolution makes the image.
In the discriminator each level has a 3×3 convolution and a 4×4 convolution of stride 2.
After a last 3×3 convolution the features are summed over pixels. Batch normalisation
and a ReLU follow every convolution.

Image sizes follow the rule of ``sizes``, without a largest one. The published network
is for 32 pixels with ``width`` 64: channels 512, 256, 128, 64 in the generator, 64,
128, 256, 512 in the discriminator. With k levels the most channels are width·2^k. As in
that code, convolutions have biases even before batch normalisation, which cancels them,
and kernels start orthogonal. With 128-dimensional latents and 3 image channels the
generator has 3,812,355 parameters and the discriminator 2,931,009.
"""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.layers import (
    EPSILON_HELP,
    NORMALIZATIONS,
    Conv,
    Linear,
    check_latents,
    condition,
    normalise,
)
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import growth
from ganjax.options import option

EPSILON = 1e-4  # of batch normalisation in that code
orthogonal = nn.initializers.orthogonal()
# Of a transposed convolution: orthogonal as a matrix [inputs, height·width·outputs].
orthogonal_transposed = nn.initializers.orthogonal(column_axis=-2)


def _style(network):
    """Return the options of a layer."""
    spectral = network.normalization == "spectral"
    return {"spectral": spectral, "kernel_init": orthogonal, "dtype": network.dtype}


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("batch", "of hidden layers", choices=NORMALIZATIONS)
    epsilon: float = option(EPSILON, EPSILON_HELP, above=0)

    @nn.compact
    def __call__(self, z, label=None, *, train):
        check_latents(z)
        grown, style = growth(self.shape), _style(self)
        up = {**style, "kernel_init": orthogonal_transposed}
        k = grown.doublings
        given = condition(self.conditioning, self.classes, z, label)
        first, *channels = (self.width * 2 ** (k - i) for i in range(k + 1))
        x = Linear(grown.area * first, **style)(z)
        x = x.reshape(-1, grown.height, grown.width, first)
        for features in channels:
            x = Conv(features, kernel=4, stride=2, transpose=True, **up)(x)
            how = {"train": train, "given": given, "epsilon": self.epsilon}
            x = nn.relu(normalise(x, self.normalization, **how))
        x = Conv(self.shape[-1], **style)(x)
        return jnp.tanh(x.astype(jnp.float32))


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("batch", "of hidden layers", choices=NORMALIZATIONS)
    epsilon: float = option(EPSILON, EPSILON_HELP, above=0)

    @nn.compact
    def full_output(self, x, label=None, *, train):
        k, style = growth(x.shape[1:]).doublings, _style(self)
        kinds = [{"kernel": 3}, {"kernel": 4, "stride": 2}]
        for i in range(2 * k + 1):
            x = Conv(self.width * 2 ** (i // 2), **kinds[i % 2], **style)(x)
            how = {"train": train, "epsilon": self.epsilon}
            x = nn.relu(normalise(x, self.normalization, **how))
        return self.head(x.astype(jnp.float32).sum((1, 2)), label, **style)
