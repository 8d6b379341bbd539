"""Residual networks that know a caption (GAN-CLS; Reed et al. 2016, arXiv 1605.05396,
section 4.1, with SNGAN's residual blocks in place of the paper's convolutions).

The generator joins the sentence to the latent. With ``modulation`` the scale and shift
of its batch normalisations depend on both, too (Chen et al. 2019, arXiv 1810.01365).
The discriminator maps the sentence to ``joined`` numbers, repeats them over its last
feature map, and joins them to its channels; a 1×1 convolution follows, and the logit is
a linear map of all pixels (the paper's figure 2). With ``attention`` the pixels of the
feature map of this side attend to the words, in either network.

Image sizes follow the rule of ``sizes``. A feature map with half of a side has twice
the channels, up to 4·``width``.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks.critic import Critic
from ganjax.networks.cross_attention import CrossAttention
from ganjax.networks.heads import CriticOutput
from ganjax.networks.layers import Condition, Conv, Linear, check_latents, normalise
from ganjax.networks.residual import Residual, Style
from ganjax.networks.sizes import growth
from ganjax.networks.sngan_resnet import glorot
from ganjax.networks.text import Text
from ganjax.options import option

ATTENTION = "shorter side of the feature map whose pixels attend to words; 0: none"
MOST = 4  # times the width


class GeneratorFromText(nn.Module):
    """``(z [n, d], Text) -> images [n, H, W, C]`` in [-1, 1]."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    width: int = option(32, "channels of the last feature map", least=1)
    attention: int = option(0, ATTENTION, least=0)
    modulation: bool = option(True, "normalisations depend on latent and sentence")

    @nn.compact
    def __call__(self, z, text: Text, *, train):
        check_latents(z)
        grown = growth(self.shape)
        z = jnp.concatenate([z, text.sentence], axis=-1)
        given = Condition(z, hidden=32) if self.modulation else None
        style = Style("batch", False, self.dtype, glorot)
        channels = _channels(self.width, grown.doublings)[::-1]
        sides = [min(self.shape[:2]) >> i for i in range(grown.doublings)][::-1]
        _check_attention(self.attention, sides)
        x = Linear(grown.area * channels[0], **style.of_layer())(z)
        x = x.reshape(-1, grown.height, grown.width, channels[0])
        for features, side in zip(channels[1:], sides, strict=True):
            block = Residual(features, features, style, "up")
            x = block(x, train=train, given=given)
            if side == self.attention:
                x = CrossAttention(dtype=self.dtype)(x, text)
        x = nn.relu(normalise(x, "batch", train=train))
        x = Conv(self.shape[-1], **style.of_layer())(x)
        return jnp.tanh(x.astype(jnp.float32))


class DiscriminatorWithText(Critic):
    """``(images [n, H, W, C], Text) -> logits [n]``. Every kernel has spectral norm 1
    if ``spectral``."""

    width: int = option(32, "channels of the first feature map", least=1)
    attention: int = option(0, ATTENTION, least=0)
    joined: int = option(64, "numbers of the sentence at each pixel", least=1)
    spectral: bool = option(True, "kernels have spectral norm 1")

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        if not isinstance(label, tuple):
            raise TypeError("expected a Text")
        text = label
        halvings = growth(x.shape[1:]).doublings
        style = Style("none", self.spectral, self.dtype, glorot)
        sides = [min(x.shape[1:3]) >> i for i in range(1, halvings + 1)]
        _check_attention(self.attention, sides)
        channels = _channels(self.width, halvings)[1:]
        for i, (features, side) in enumerate(zip(channels, sides, strict=True)):
            block = Residual(features, features, style, "down", image=i == 0)
            x = block(x, train=train)
            if side == self.attention:
                x = CrossAttention(spectral=self.spectral, dtype=self.dtype)(x, text)
        sentence = Linear(self.joined, **style.of_layer(), name="sentence")
        vector = nn.leaky_relu(sentence(text.sentence), 0.2)
        x = beside(nn.relu(x), vector.astype(x.dtype))
        x = Conv(channels[-1], kernel=1, **style.of_layer(), name="joined_map")(x)
        x = nn.leaky_relu(x, 0.2)
        return self.head(x.reshape(x.shape[0], -1), None, **style.of_layer())


def beside(x: jax.Array, vector: jax.Array) -> jax.Array:
    """Append ``vector [n, d]`` to the channels of each pixel: ``x [n, H, W, C]`` to
    ``[n, H, W, C + d]``."""
    n, height, width, _ = x.shape
    vector = vector.reshape(n, 1, 1, -1)
    wide = jnp.broadcast_to(vector, (n, height, width, vector.shape[-1]))
    return jnp.concatenate([x, wide], axis=-1)


def _channels(width, doublings):
    """Return the channels from the largest feature map to the smallest one."""
    return [width * min(MOST, 1 << i) for i in range(doublings + 1)]


def _check_attention(attention, sides):
    if attention and attention not in sides:
        raise BadInput(
            f"attention={attention}: expected the side of a feature map, "
            f"{', '.join(map(str, sides))}, or 0 for none"
        )
