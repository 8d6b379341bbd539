"""SN-DCGAN (Miyato et al. 2018, arXiv 1802.05957, appendix B.4, table 3): the standard
CNN of spectral normalisation, whose discriminator alternates 3×3 convolutions with 4×4
ones of stride 2.

For the resolutions of ``dcgan``; the published network is the one for 32 pixels with
``width`` 64. Its discriminator has 2,935,873 parameters at 3 image channels; its
generator 3,804,739 for 128-dimensional latents (no biases in front of the batch
normalisations, whose own terms take their place).
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.dcgan import levels, transposed_stack
from ganjax.networks.heads import head
from ganjax.networks.layers import Conv, dcgan_init, normalise
from ganjax.networks.minibatch_discrimination import among_others

LEAK = 0.1


class Generator(nn.Module):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]`` in [-1, 1]."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    normalization: str = "batch"

    @property
    def takes_conditions(self) -> bool:
        """Whether there is a normalisation that may depend on a label or a latent."""
        return self.normalization == "batch"

    @nn.compact
    def __call__(
        self, z: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        base, k = levels(self.shape)
        channels = [self.width * 2 ** (k - i) for i in range(k + 1)]
        x = transposed_stack(self, z, label, base, channels, train=train)
        x = Conv(self.shape[-1], kernel=3, dtype=self.dtype)(x)
        return jnp.tanh(x.astype(jnp.float32))


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    normalization: str = "spectral"
    minibatch_discrimination: int = 0  # kernels

    @property
    def mixes_samples(self) -> bool:
        return super().mixes_samples or self.minibatch_discrimination > 0

    @nn.compact
    def judge(self, x, label=None, *, train):
        _, k = levels(x.shape[1:])
        spectral = self.normalization == "spectral"
        first = True

        def convolved(x, features, **sizes):
            batch_norm = self.normalization == "batch" and not first
            x = Conv(
                features,
                use_bias=not batch_norm,
                spectral=spectral,
                dtype=self.dtype,
                **sizes,
            )(x)
            if batch_norm:
                x = normalise(x, "batch", train=train)
            return nn.leaky_relu(x, LEAK)

        for i in range(k):
            features = self.width * 2**i
            x = convolved(x, features, kernel=3)
            first = False
            x = convolved(x, features, kernel=4, stride=2)
        x = convolved(x, self.width * 2**k, kernel=3)
        return head(
            among_others(self, x.reshape(x.shape[0], -1)),
            label,
            conditioning=self.conditioning,
            classes=self.classes,
            spectral=spectral,
            kernel_init=dcgan_init,
            dtype=self.dtype,
        )
