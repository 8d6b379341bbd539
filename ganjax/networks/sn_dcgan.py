"""SN-DCGAN (Miyato et al. 2018, arXiv 1802.05957, appendix B.4, table 3): the standard
CNN of spectral normalisation. Its discriminator alternates 3×3 convolutions with 4×4
convolutions of stride 2.

It takes the image sizes of ``dcgan``. The published network is for 32 pixels with
``width`` 64. With 3 image channels and 128-dimensional latents its discriminator has
2,935,873 parameters and its generator 3,804,739 (there are no biases before batch
normalisations, whose shifts replace them).
"""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.dcgan import transposed_stack
from ganjax.networks.layers import NORMALIZATIONS, Conv, dcgan_init, normalised
from ganjax.networks.minibatch_discrimination import among_others
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import growth
from ganjax.options import option

LEAK = 0.1


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("batch", "of hidden layers", choices=NORMALIZATIONS)

    @nn.compact
    def __call__(self, z, label=None, *, train):
        grown = growth(self.shape)
        k = grown.doublings
        channels = [self.width * 2 ** (k - i) for i in range(k + 1)]
        x = transposed_stack(self, z, label, grown, channels, train=train)
        x = Conv(self.shape[-1], kernel=3, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    width: int = option(64, "base channels; each layer has a multiple", least=1)
    normalization: str = option("spectral", "of hidden layers", choices=NORMALIZATIONS)
    minibatch_discrimination: int = option(0, "kernels", least=0, zero="none")

    @nn.compact
    def full_output(self, x, label=None, *, train):
        k = growth(x.shape[1:]).doublings
        kinds = [{"kernel": 3}, {"kernel": 4, "stride": 2}]
        for i in range(2 * k + 1):
            how = {"train": train, "plain": i == 0, **kinds[i % 2]}
            x = normalised(self, Conv, x, self.width * 2 ** (i // 2), **how)
            x = nn.leaky_relu(x, LEAK)
        x = among_others(self, x.reshape(x.shape[0], -1))
        spectral = self.normalization == "spectral"
        return self.head(x, label, spectral=spectral, kernel_init=dcgan_init)
