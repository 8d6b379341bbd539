"""R3GAN (Huang et al. 2024, arXiv 2501.05441, section 4), configuration E: residual
networks of inverted bottlenecks with grouped convolutions, without any normalisation.

Image sizes follow the rule of ``sizes``, up to 1024 pixels. The published networks for
32 pixels (CIFAR-10), 64 and 256 (FFHQ) have ``width`` 768, groups of 16 channels and
64-dimensional latents. The first four resolutions (4 to 32 pixels) have ``width``
channels; each doubling beyond halves them. The published networks for ImageNet have
``width`` 1536 and groups of 32; the one for 64 pixels has ``widest`` 64.

A block of C channels has 4·C² + 9·``group``·2C + 4·C parameters at the expansion 2.
Without labels, with 3 image channels and 64-dimensional latents, generator and
discriminator have 20,732,160 and 20,683,776 parameters (32 pixels), 22,429,824 and
22,381,440 (64), 23,057,952 and 23,009,568 (256), as in the authors' code. For 1024
pixels they would have 23,128,584 and 23,080,200. For ImageNet of 64 pixels, with 1000
labels, there are 103,570,432 and 107,205,120.

Images are unbounded; training brings them into [-1, 1].
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.networks import resample
from ganjax.networks.critic import Critic
from ganjax.networks.heads import CriticOutput
from ganjax.networks.layers import Conv, Linear, check_latents
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import LARGEST, Growth, growth
from ganjax.options import option

LEAK = 0.2
WIDEST = "most pixels a side of the maps with all channels, as a power of two"
# Restores the second moment of a symmetric input after a leaky ReLU.
GAIN = math.sqrt(2 / (1 + LEAK**2))

# Keeps the second moment of the input (He et al. 2015, arXiv 1502.01852).
keeping = nn.initializers.variance_scaling(1.0, "fan_in", "normal")


def stages(grown: Growth, width: int, widest: int) -> list[int]:
    """Return the channels of each resolution, the smallest first: ``width``, halved by
    each doubling beyond the resolution of ``widest`` pixels."""
    return [max(1, width * widest // max(widest, power)) for power in grown.powers]


class Block(nn.Module):
    """A residual block: ``x [n, H, W, C]`` plus the output of three convolutions. They
    are 1×1 to ``expansion`` times the channels, 3×3 within each ``group`` of these, 1×1
    back.

    The last convolution starts at zero. The others start so that ``depth`` blocks in a
    row roughly keep the second moment (Zhang et al. 2019, arXiv 1901.09321).
    """

    depth: int
    expansion: int
    group: int
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x):
        features = x.shape[-1]
        wide = self.expansion * features
        if wide % self.group:
            expected = f"a divisor of {wide}, the channels inside a block"
            raise BadInput(f"group={self.group}: expected {expected}")
        gain = GAIN * self.depth**-0.25
        init = nn.initializers.variance_scaling(gain**2, "fan_in", "normal")
        options = {"kernel_init": init, "dtype": self.dtype}
        y = nn.leaky_relu(Conv(wide, kernel=1, **options)(x), LEAK)
        y = Conv(wide, groups=wide // self.group, **options)(y)
        y = nn.leaky_relu(y, LEAK)
        options["kernel_init"] = nn.initializers.zeros
        return x + Conv(features, kernel=1, use_bias=False, **options)(y)


def _pointwise(network, features):
    """Make a 1×1 convolution without a bias. Call it inside a compact method."""
    options = {"kernel_init": keeping, "dtype": network.dtype}
    return Conv(features, kernel=1, use_bias=False, **options)


def _embedded(label, classes, features, init):
    """Embed ``label [n]`` as ``[n, features]``. Call it inside a compact method."""
    one_hot = jax.nn.one_hot(label, classes)
    embed = Linear(features, name="label_embedding", use_bias=False, kernel_init=init)
    return embed(one_hot)


def _residual(network, x, depth):
    """Apply the blocks of a stage to ``x``. Call it inside a compact method."""
    for _ in range(network.blocks):
        x = Block(depth, network.expansion, network.group, network.dtype)(x)
    return x


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]``. If ``conditioning`` is
    ``"embedding"``, an embedding of the label, as long as the latent, is joined to the
    latent."""

    width: int = option(768, "channels of maps of up to ``widest`` pixels", least=1)
    widest: int = option(32, WIDEST, least=4)
    blocks: int = option(2, "residual blocks of each resolution", least=0, zero="none")
    expansion: int = option(2, "factor of the channels inside a block", least=1)
    group: int = option(16, "channels that a 3×3 convolution sees together", least=1)

    embeds_labels = True

    @nn.compact
    def __call__(self, z, label=None, *, train):
        check_latents(z)
        grown = growth(self.shape, LARGEST)
        channels = stages(grown, self.width, self.widest)
        first, depth = channels[0], self.blocks * len(channels)
        if self.conditioning == "embedding":
            label = _embedded(label, self.classes, z.shape[-1], keeping)
            z = jnp.concatenate([z, label], axis=-1)
        # Each channel is a learned smallest map, times a linear function of z.
        size = grown.height, grown.width, first
        basis = self.param("basis", nn.initializers.normal(1.0), size)
        amount = Linear(first, use_bias=False, kernel_init=keeping, dtype=self.dtype)(z)
        x = amount[:, None, None] * basis[None].astype(self.dtype)
        x = _residual(self, x, depth)
        for features in channels[1:]:
            if features != x.shape[-1]:
                x = _pointwise(self, features)(x)
            x = _residual(self, resample.upsample(x), depth)
        return _pointwise(self, self.shape[-1])(x).astype(jnp.float32)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``: the generator's mirror image, with the
    same options. A logit has no bias, because a relativistic loss would not see it.
    With ``projection`` the logit is only the product of ``width`` linear features and
    an embedding of the label, as in the authors' code."""

    width: int = option(768, "channels of maps of up to ``widest`` pixels", least=1)
    widest: int = option(32, WIDEST, least=4)
    blocks: int = option(2, "residual blocks of each resolution", least=0, zero="none")
    expansion: int = option(2, "factor of the channels inside a block", least=1)
    group: int = option(16, "channels that a 3×3 convolution sees together", least=1)

    @nn.compact
    def full_output(self, x, label=None, *, train):
        grown = growth(x.shape[1:], LARGEST)
        channels = stages(grown, self.width, self.widest)[::-1]
        depth = self.blocks * len(channels)
        x = _residual(self, _pointwise(self, channels[0])(x), depth)
        for features in channels[1:]:
            x = resample.downsample(x)
            if features != x.shape[-1]:
                x = _pointwise(self, features)(x)
            x = _residual(self, x, depth)
        # Each channel apart: a weighted sum of its pixels, 16 for powers of two.
        init = nn.initializers.normal(1 / math.sqrt(grown.area))
        basis = self.param("basis", init, (grown.height, grown.width, x.shape[-1]))
        features = jnp.sum(x.astype(jnp.float32) * basis[None], (1, 2))
        if self.conditioning == "projection":
            options = {"use_bias": False, "kernel_init": keeping, "dtype": self.dtype}
            seen = Linear(self.width, **options)(features).astype(jnp.float32)
            # Variance 1/width: a sum of ``width`` products is as large as one number.
            init = nn.initializers.variance_scaling(1 / self.width, "fan_in", "normal")
            wanted = _embedded(label, self.classes, self.width, init)
            return CriticOutput(jnp.sum(seen * wanted, -1), features)
        return self.head(features, label, biased=False, kernel_init=keeping)
