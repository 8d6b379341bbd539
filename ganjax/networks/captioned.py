"""Networks that know a caption (GAN-CLS; Reed et al. 2016, arXiv 1605.05396, section
4.1): DCGAN's 4×4 convolutions of stride 2, and captions.

The generator joins the sentence to the latent. With ``modulation`` the scale and shift
of its batch normalisations depend on both, too (Chen et al. 2019, arXiv 1810.01365).
The discriminator maps the sentence to ``joined`` numbers, repeats them over its last
feature map, and joins them to its channels; a 1×1 convolution follows, and the logit is
a linear map of all pixels (the paper's figure 2). With ``projection`` the product of
the last feature map and a linear map of the sentence is added (Miyato & Koyama 2018,
arXiv 1802.05637, eq. 3). With ``attention`` the pixels of the feature map of this side
attend to the words, in either network.

Image sizes follow the rule of ``sizes``. A feature map with half of a side has twice
the channels.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks.critic import Critic
from ganjax.networks.cross_attention import CrossAttention
from ganjax.networks.dcgan import DOUBLING
from ganjax.networks.heads import CriticOutput
from ganjax.networks.layers import Condition, Conv, Linear, check_latents, normalise
from ganjax.networks.sizes import growth
from ganjax.networks.text import Text
from ganjax.options import option

ATTENTION = "shorter side of the feature map whose pixels attend to words; 0: none"
LEAK = 0.2
# With DCGAN's N(0, 0.02²) signals would shrink: these networks are narrow, and the
# discriminator has no normalisation.
he = nn.initializers.he_normal()


class GeneratorFromText(nn.Module):
    """``(z [n, d], Text) -> images [n, H, W, C]`` in [-1, 1]."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    width: int = option(32, "channels of the last feature map", least=1)
    hidden: int = option(
        0, "units between the latent and the first map", least=0, zero="none"
    )
    attention: int = option(0, ATTENTION, least=0)
    modulation: bool = option(True, "normalisations depend on latent and sentence")

    @nn.compact
    def __call__(self, z, text: Text, *, train):
        check_latents(z)
        grown = growth(self.shape)
        k = grown.doublings
        channels = [self.width << (k - 1 - i) for i in range(k)]
        _check_attention(self.attention, self.shape)
        z = jnp.concatenate([z, text.sentence], axis=-1)
        given = Condition(z, hidden=32) if self.modulation else None
        how = {"kernel_init": he, "dtype": self.dtype}
        if self.hidden:
            z = nn.relu(Linear(self.hidden, **how)(z))
        x = Linear(grown.area * channels[0], use_bias=False, **how)(z)
        x = x.reshape(-1, grown.height, grown.width, channels[0])
        for i, features in enumerate(channels):
            if i:
                x = Conv(features, use_bias=False, **how, **DOUBLING)(x)
            x = nn.relu(normalise(x, "batch", train=train, given=given))
            if min(x.shape[1:3]) == self.attention:
                x = CrossAttention(dtype=self.dtype)(x, text)
        x = Conv(self.shape[-1], **how, **DOUBLING)(x)
        return jnp.tanh(x.astype(jnp.float32))


class DiscriminatorWithText(Critic):
    """``(images [n, H, W, C], Text) -> logits [n]``. Every kernel has spectral norm 1
    if ``spectral``."""

    width: int = option(32, "channels of the first feature map", least=1)
    attention: int = option(0, ATTENTION, least=0)
    joined: int = option(64, "numbers of the sentence at each pixel", least=1)
    projection: bool = option(False, "compares features with the sentence, too")
    spectral: bool = option(True, "kernels have spectral norm 1")

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        if not isinstance(label, tuple):
            raise TypeError("expected a Text")
        text = label
        k = growth(x.shape[1:]).doublings
        how = {"spectral": self.spectral, "kernel_init": he, "dtype": self.dtype}
        _check_attention(self.attention, x.shape[1:])
        for i in range(k):
            x = Conv(self.width << i, kernel=4, stride=2, **how)(x)
            x = nn.leaky_relu(x, LEAK)
            if min(x.shape[1:3]) == self.attention:
                x = CrossAttention(spectral=self.spectral, dtype=self.dtype)(x, text)
        seen = x.reshape(x.shape[0], -1).astype(jnp.float32)
        vector = Linear(self.joined, **how, name="sentence")(text.sentence)
        x = beside(x, nn.leaky_relu(vector, LEAK).astype(x.dtype))
        x = Conv(self.width << (k - 1), kernel=1, **how, name="joined_map")(x)
        x = nn.leaky_relu(x, LEAK)
        output = self.head(x.reshape(x.shape[0], -1), None, **how)
        if not self.projection:
            return output
        compared = Linear(seen.shape[-1], use_bias=False, **how, name="compared")
        product = compared(text.sentence).astype(jnp.float32) * seen
        return output.replace(logits=output.logits + jnp.sum(product, -1))


def beside(x: jax.Array, vector: jax.Array) -> jax.Array:
    """Append ``vector [n, d]`` to the channels of each pixel: ``x [n, H, W, C]`` to
    ``[n, H, W, C + d]``."""
    n, height, width, _ = x.shape
    vector = vector.reshape(n, 1, 1, -1)
    wide = jnp.broadcast_to(vector, (n, height, width, vector.shape[-1]))
    return jnp.concatenate([x, wide], axis=-1)


def _check_attention(attention, shape):
    sides = [min(shape[:2]) >> i for i in range(1, growth(shape).doublings + 1)]
    if attention and attention not in sides:
        raise BadInput(
            f"attention={attention}: expected the side of a feature map, "
            f"{', '.join(map(str, sides))}, or 0 for none"
        )
