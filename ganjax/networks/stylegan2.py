"""StyleGAN2 (Karras et al. 2020, arXiv 1912.04958). The latent is mapped to a style
that scales the kernels of every layer. The image is a sum over resolutions, every layer
has noise, and the discriminator is residual.

Image sizes follow the rule of ``sizes``, up to 1024 pixels. A size that is no power of
two has the channels of the power of two with as many resolutions. The options are those
in configuration F, for 512-dimensional latents. For CIFAR-10, ADA's code (Karras et al.
2020, arXiv 2006.06676) has 2 ``mapping_layers``, no ``mixing``, and a discriminator
that is not ``residual``, with a ``minibatch_std_group`` of 32.

The generator has two parts: ``map`` (latents to a style for each layer; ``styles`` also
mixes them) and ``synthesise`` (styles to images). Its noise is a function of the latent
(``latent_keys``), so two neighbouring latents have unrelated noise. ``as_of`` uses the
noise of another latent. Images are unbounded; training brings them into [-1, 1].

Labels enter as in ADA's code. The generator's ``embedding`` is as long as a style, has
mean square 1 like the latent, and is mapped together with it. With ``projection``, the
discriminator's logit is only the product of its features and a mapped label.

Parameters for 1024 pixels, 3 channels, 512-dimensional latents, without labels:
generator 30,370,060, discriminator 29,012,513, as in the authors' code. For 32 pixels
generator 21,523,475, discriminator 21,507,073.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks import conv, resample
from ganjax.networks.critic import Critic
from ganjax.networks.equalised import (
    EqualisedConv,
    EqualisedLinear,
    activated,
    unit_normal,
)
from ganjax.networks.heads import CriticOutput
from ganjax.networks.latent_keys import child_keys, keys_of
from ganjax.networks.layers import check_latents
from ganjax.networks.minibatch_deviation import with_deviation
from ganjax.networks.modulated import modulated_convolve
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import LARGEST, growth
from ganjax.options import option

# The mapping's learning rate, relative to the other layers.
MAPPING_RATE = 0.01

# Layers that map a label in the discriminator.
LABEL_LAYERS = 8

# Decay per step of the running average of styles.
DECAY = 0.995

# The axis that batches are split over.
AXIS = "data"

# Number of the child key for mixing. The noise of a layer has the layer's number.
MIXING = 2**16


def layers(shape: tuple[int, ...]) -> int:
    """Return how many layers of a generator see a separate style: two for each
    resolution (one for the smallest), and the layer that makes the last image."""
    return 2 * (growth(shape, LARGEST).doublings + 1)


class Mapping(nn.Module):
    """Fully connected layers from ``z [n, d]``, an embedding of ``label [n]``, or both,
    to styles ``w [n, features]``, always in single precision. Each input is first
    divided by the root of its mean square."""

    layers: int
    features: int
    classes: int = 0

    @nn.compact
    def __call__(self, z=None, label=None):
        seen = [] if z is None else [z.astype(jnp.float32)]
        if self.classes:
            embed = EqualisedLinear(self.features, name="label_embedding")
            seen.append(embed(jax.nn.one_hot(label, self.classes)))
        x = jnp.concatenate(
            [s * jax.lax.rsqrt(jnp.mean(s**2, -1, keepdims=True) + 1e-8) for s in seen],
            axis=-1,
        )
        for _ in range(self.layers):
            x = activated(EqualisedLinear(self.features, rate=MAPPING_RATE)(x))
        return x


class StyledConv(nn.Module):
    """A 3×3 convolution whose kernel is scaled by the styles ``w [n, d]``, then noise,
    bias and leaky ReLU: ``x [n, H, W, I] -> [n, H, W, features]``, or
    ``[n, 2H, 2W, features]`` with ``double``.

    Each sample's noise is drawn from its key in ``keys [n]``. The noise strength is
    learned and starts at 0.
    """

    features: int
    double: bool = False
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, w, keys):
        how = resample.upsample_convolve if self.double else conv.convolve
        y = _modulated(self, x, w, 3, convolve=how)
        strength = self.param("noise_strength", nn.initializers.zeros, ())
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        size = y.shape[1:3]
        noise = jax.vmap(lambda key: jax.random.normal(key, (*size, 1)))(keys)
        y = y + (strength * noise).astype(y.dtype)
        return activated(y + bias.reshape(1, 1, 1, -1).astype(y.dtype))


class ToImage(nn.Module):
    """A 1×1 convolution whose kernel is scaled by the styles ``w [n, d]``, without the
    normalisation that ``StyledConv`` has: ``x [n, H, W, I]`` to ``[n, H, W, features]``
    in single precision."""

    features: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, w):
        y = _modulated(self, x, w, 1, demodulate=False)
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return y.astype(jnp.float32) + bias.reshape(1, 1, 1, -1)


def _modulated(module, x, w, size, **options):
    """Apply a ``size × size`` convolution to ``x`` that ``w`` modulates. Call it inside
    a compact method of a module with the fields ``features`` and ``dtype``."""
    inputs = x.shape[-1]
    style = EqualisedLinear(inputs, bias_start=1.0)(w)
    kernel = module.param("kernel", unit_normal, (size, size, inputs, module.features))
    kernel = kernel / math.sqrt(size**2 * inputs)
    return modulated_convolve(x.astype(module.dtype), kernel, style, **options)


class Synthesis(nn.Module):
    """Styles ``w [n, layers, d]`` and one key per sample, for noise, to images
    ``[n, *shape]``. Each resolution enlarges the image so far and adds its part."""

    shape: tuple[int, ...]
    channels: tuple[int, ...]  # for each resolution
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, w, keys):
        first, *larger = self.channels
        grown = growth(self.shape, LARGEST)
        size = grown.height, grown.width, first
        start = self.param("constant", unit_normal, size)
        x = jnp.broadcast_to(start[None], (w.shape[0], *start.shape))
        seen = 0  # layers so far

        def styled(x, features, double=False):
            nonlocal seen
            layer = StyledConv(features, double=double, dtype=self.dtype)
            x = layer(x, w[:, seen], child_keys(keys, seen))
            seen += 1
            return x

        def to_image(x):
            # Uses the style of the next resolution's first layer.
            return ToImage(self.shape[-1], dtype=self.dtype)(x, w[:, seen])

        x = styled(x, first)
        image = to_image(x)
        for features in larger:
            x = styled(x, features, double=True)
            x = styled(x, features)
            image = resample.upsample(image) + to_image(x)
        return image


class Generator(Shaped):
    """``z [n, d] (and label [n]) -> images [n, H, W, C]``. The network embeds the label
    only if ``conditioning`` is ``"embedding"``. The game can also join the label to the
    latent.

    Attributes:
      mixing: in training, the share of samples that have the style of another latent
        from a random layer on (Karras et al. 2019, arXiv 1812.04948, section 3.1). The
        authors' code draws one layer for a whole batch; here each sample draws.
      truncation: ψ in w̄ + ψ·(w − w̄) for the styles w in evaluation. Their running
        average w̄ is the collection ``average`` (Karras et al. 2019, appendix B).
    """

    mapping_layers: int = option(8, "layers from a latent to a style", least=1)
    intermediate: int = option(512, "length of a style", least=1)
    channel_base: int = option(32768, "channels times the side", least=1024)
    channel_max: int = option(512, "most channels of a layer", least=1)
    mixing: float = option(0.9, "share of samples with two styles", least=0, most=1)
    truncation: float = 1.0

    embeds_labels = True

    def setup(self):
        each = growth(self.shape, LARGEST).powers
        channels = tuple(min(self.channel_base // n, self.channel_max) for n in each)
        embedded = self.classes if self.conditioning == "embedding" else 0
        self.mapping = Mapping(self.mapping_layers, self.intermediate, embedded)
        self.synthesis = Synthesis(self.shape, channels, self.dtype)
        self.average = self.variable("average", "w", jnp.zeros, (self.intermediate,))

    def __call__(self, z, label=None, *, train):
        return self.as_of(z, z, label, train=train)

    def as_of(self, other, z, label=None, *, train):
        """Return the images of latents ``z [n, d]`` with the noise and the style mixing
        of the latents ``other [n, d]``. Use it to compare or optimise latents: the
        noise does not change with ``z``."""
        check_latents(z)
        w = self._styles(other, z, label, train)
        return self.synthesise(w, other, train=train)

    def styles(self, z, label=None, *, train):
        """Return the styles ``[n, layers, intermediate]`` of latents ``z [n, d]`` with
        style mixing in training. Without mixing it equals ``map``."""
        return self._styles(z, z, label, train)

    def _styles(self, other, z, label, train):
        w = self.map(z, label, train=train)
        if train and self.mixing > 0:
            w = self._mixed(w, keys_of(other), z, label)
        return w

    def map(self, z, label=None, *, train):
        """Return the styles ``w [n, layers, intermediate]`` of latents ``z [n, d]``.
        All layers of a sample have the same style.

        Training also updates the running average of w. In evaluation, the distance of w
        from that average is multiplied by ``truncation``.
        """
        w = self.mapping(z, label)
        if train:
            self._follow(w)
        elif self.truncation != 1:
            average = self.average.value.reshape(1, -1)
            w = average + self.truncation * (w - average)
        return self._for_all_layers(w)

    def synthesise(self, w, z, *, train):
        """Return the images of styles ``w [n, layers, intermediate]``. The latents
        ``z`` only determine the noise."""
        return self.synthesis(w, keys_of(z))

    def _follow(self, w):
        if self.is_initializing() or not self.is_mutable_collection("average"):
            return
        mean = jax.lax.pmean(jnp.mean(jax.lax.stop_gradient(w), 0), AXIS)
        self.average.value = mean + DECAY * (self.average.value - mean)

    def _mixed(self, w, keys, z, label):
        """Return ``w`` with the styles of another latent from a random layer on."""
        z, keys = jax.lax.stop_gradient(z), child_keys(keys, MIXING)
        other, crossover = jax.vmap(self.drawn)(keys, z)
        second = self._for_all_layers(self.mapping(other, label))
        layer = jnp.arange(w.shape[1]).reshape(1, -1, 1)
        return jnp.where(layer < crossover.reshape(-1, 1, 1), w, second)

    def drawn(self, key, z):
        """Draw another latent for one sample ``z [d]``, and the first layer that uses
        it: the number of layers if the sample does not mix."""
        of_latent, of_layer, of_mixing = jax.random.split(key, 3)
        # A normal number is neither 0 nor 1. So these belong to a label joined to the
        # latent, and the sample keeps its label.
        is_label = (z == 0) | (z == 1)
        other = jnp.where(is_label, z, jax.random.normal(of_latent, z.shape, z.dtype))
        last = layers(self.shape)
        crossover = jax.random.randint(of_layer, (), 1, last)
        mixes = jax.random.uniform(of_mixing) < self.mixing
        return other, jnp.where(mixes, crossover, last)

    def _for_all_layers(self, w):
        n, d = w.shape
        return jnp.broadcast_to(w[:, None], (n, layers(self.shape), d))


class DiscriminatorBlock(nn.Module):
    """``[n, H, W, I]`` to ``[n, H/2, W/2, features]`` by two 3×3 convolutions. With
    ``residual``, a 1×1 shortcut is added; each path gives half of the variance."""

    features: int
    residual: bool
    dtype: jnp.dtype

    @nn.compact
    def __call__(self, x):
        y = activated(EqualisedConv(x.shape[-1], dtype=self.dtype)(x))
        y = activated(EqualisedConv(self.features, halve=True, dtype=self.dtype)(y))
        if not self.residual:
            return y
        plain = {"kernel": 1, "use_bias": False, "halve": True, "dtype": self.dtype}
        return (y + EqualisedConv(self.features, **plain)(x)) * math.sqrt(0.5)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``."""

    channel_base: int = option(32768, "channels times the side", least=1024)
    channel_max: int = option(512, "most channels of a layer", least=1)
    residual: bool = option(True, "blocks have a shortcut")
    minibatch_std_group: int = option(4, "samples in a group; 1: no deviation", least=1)

    @property
    def deviation_group(self) -> int:
        return self.minibatch_std_group

    @nn.compact
    def full_output(self, x, label=None, *, train):
        def channels(side):
            return min(self.channel_base // side, self.channel_max)

        *halved, last = reversed(growth(x.shape[1:], LARGEST).powers)
        from_image = EqualisedConv(channels(halved[0]), kernel=1, dtype=self.dtype)
        x = activated(from_image(x))
        for side in halved:
            x = DiscriminatorBlock(channels(side // 2), self.residual, self.dtype)(x)
        if self.minibatch_std_group > 1:
            x = with_deviation(x, self.minibatch_std_group)
        x = activated(EqualisedConv(channels(last), dtype=self.dtype)(x))
        x = x.reshape(x.shape[0], -1)
        x = activated(EqualisedLinear(channels(last), dtype=self.dtype)(x))
        if self.conditioning == "projection":
            wide = x.astype(jnp.float32)
            x = EqualisedLinear(channels(last), dtype=self.dtype)(x)
            mapped = Mapping(LABEL_LAYERS, channels(last), self.classes)(label=label)
            x = x.astype(jnp.float32) * mapped / math.sqrt(mapped.shape[-1])
            return CriticOutput(jnp.sum(x, -1), wide)
        # The equalised scale of the last layer, whose parameters have deviation 1.
        x = x / math.sqrt(x.shape[-1])
        return self.head(x, label, kernel_init=unit_normal)
