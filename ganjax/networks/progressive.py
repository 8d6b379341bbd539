"""Progressive growing (Karras et al. 2018, arXiv 1710.10196). Networks begin with the
smallest feature map and fade in one resolution after another (section 2, figure 2). The
generator has pixel norm, the discriminator has the deviation within a minibatch, and
both have an equalised learning rate (sections 3 and 4; layers of table 2).

Image sizes follow the rule of ``sizes``, up to 1024 pixels: k from 1 to 8 resolutions
after the smallest map, which has 4×4 pixels for the published powers of two.
``channel_base`` and ``channel_max`` are the ``fmap_base`` and ``fmap_max`` of the
authors' code: there are c_i = min(channel_base / 2^(i+1), channel_max) channels at
resolution i.

**The curriculum is state.** The collection ``curriculum`` counts the updates that a
network has kept. ``level`` turns this count into how far the network has grown. Each
player counts separately: with equal ``updates_per_phase`` and equally many turns they
grow together (up to one update within a step). All levels are always computed, and are
blended by weights that are exactly 0 or 1 outside a fade. So one program serves all
levels, and early levels cost as much as the last. Images always have the full size.
Lower levels enlarge them by repeating pixels, which the discriminator's averages undo.

Departures: the image ends in tanh (the paper's is unbounded). *Real* images are not
interpolated between resolutions during a fade, because networks do not change data.
Optimizer moments are kept at a new level.

Parameters for latents of size d, top level k, a smallest map of 4×4 pixels and C image
channels: generator 16·d·c_0 + c_0 + 9·c_0² + c_0
+ Σ_{i>0} (9·c_i·(c_{i−1} + c_i) + 2·c_i) + Σ_i (c_i + 1)·C; discriminator
Σ_i (C + 1)·c_i + Σ_{i>0} (9·c_i·(c_i + c_{i−1}) + c_i + c_{i−1}) + 9·(c_0 + 1)·c_0
+ c_0 + 16·c_0·c' + c' + c' + 1 with c' = min(channel_base, channel_max). For 1024
pixels these are 23,079,115 and 23,087,249. Table 2 has 23.1 million for each.
"""

import functools
import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks import conv
from ganjax.networks.critic import Critic
from ganjax.networks.equalised import unit_normal
from ganjax.networks.heads import CriticOutput
from ganjax.networks.layers import Conv, Linear, check_latents
from ganjax.networks.minibatch_deviation import with_deviation
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import LARGEST, growth
from ganjax.options import option

# The paper's 800 thousand images per phase, at 16 per update (appendix A.1).
PUBLISHED_PHASE = 50_000
PHASE = "updates in each fade, and in each pause after it"
LARGEST_GROUP = 4
# The gain of leaky ReLU (He et al. 2015, arXiv 1502.01852).
GAIN = math.sqrt(2)


def level(count: jax.Array, updates_per_phase: int, top: int) -> jax.Array:
    """Return how far a network has grown after ``count`` (int32) updates, from 0 (the
    smallest map) to ``top`` (the image).

    Phases alternate: the level is constant for one phase, then grows evenly by 1 in the
    next phase, while a resolution fades in. It is a float32, and a whole number outside
    these fades.
    """
    stage = count // (2 * updates_per_phase)
    within = count % (2 * updates_per_phase)
    faded = jnp.maximum(within - updates_per_phase, 0) / updates_per_phase
    return jnp.minimum(stage + faded, top).astype(jnp.float32)


def pixel_norm(x: jax.Array) -> jax.Array:
    """Scale each pixel of ``x [n, …, C]`` to mean square 1 over its channels (Karras et
    al. 2018, arXiv 1710.10196, section 4.2)."""
    wide = x.astype(jnp.float32)
    square = jnp.mean(wide**2, -1, keepdims=True)
    return (wide * jax.lax.rsqrt(square + 1e-8)).astype(x.dtype)


class Generator(Shaped):
    """``z [n, d] -> images [n, H, W, C]`` in [-1, 1]."""

    channel_base: int = option(8192, "channels times half the side", least=1024)
    channel_max: int = option(512, "most channels of a layer", least=1)
    updates_per_phase: int = option(PUBLISHED_PHASE, PHASE, least=1, most=2**30 - 1)

    normalises_latents = True

    @nn.compact
    def __call__(self, z, label=None, *, train):
        check_latents(z)
        grown = growth(self.shape, LARGEST)
        top = grown.doublings
        now = _grown(self, top, train)

        def activated(x):
            return pixel_norm(nn.leaky_relu(x, 0.2))

        def to_image(x):
            made = _convolved(self, x, self.shape[-1], kernel=1, gain=1)
            return made.astype(jnp.float32)

        first = _channels(self, 0)
        z = pixel_norm(z)
        # As in the authors' code: gain √2/4, and one bias per channel, not per pixel.
        x = _linear(self, z, grown.area * first, gain=GAIN / 4, use_bias=False)
        bias = self.param("bias", nn.initializers.zeros, (first,))
        x = x.reshape(-1, grown.height, grown.width, first)
        x = x + bias.reshape(1, 1, 1, -1).astype(x.dtype)
        x = activated(_convolved(self, activated(x), first))
        image = to_image(x)
        for i in range(1, top + 1):
            x = activated(_convolved(self, x, _channels(self, i), resample="up"))
            x = activated(_convolved(self, x, _channels(self, i)))
            image = _blend(now, i, to_image(x), conv.upsample(image))
        return jnp.tanh(image)


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``. The d features are multiplied by 1/√d
    before the last layer, as the equalised learning rate needs it."""

    channel_base: int = option(8192, "channels times half the side", least=1024)
    channel_max: int = option(512, "most channels of a layer", least=1)
    updates_per_phase: int = option(PUBLISHED_PHASE, PHASE, least=1, most=2**30 - 1)

    @property
    def deviation_group(self) -> int:
        return LARGEST_GROUP

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        top = growth(x.shape[1:], LARGEST).doublings
        now = _grown(self, top, train)

        activated = functools.partial(nn.leaky_relu, negative_slope=0.2)

        def from_image(image, i):
            return activated(_convolved(self, image, _channels(self, i), kernel=1))

        image, x = x, from_image(x, top)
        for i in range(top, 0, -1):
            x = activated(_convolved(self, x, _channels(self, i)))
            x = _convolved(self, x, _channels(self, i - 1), resample="down")
            image = conv.downsample(image)
            x = _blend(now, i, activated(x), from_image(image, i - 1))
        x = with_deviation(x, LARGEST_GROUP)
        x = activated(_convolved(self, x, _channels(self, 0))).reshape(x.shape[0], -1)
        x = activated(_linear(self, x, _channels(self, -1)))
        x = _equalised(x, x.shape[-1], gain=1)
        return self.head(x, label, kernel_init=unit_normal)


def _channels(network, i):
    """Return the channels of level ``i``."""
    return max(1, min(network.channel_base >> (i + 1), network.channel_max))


def _grown(network, top, train):
    """Return the level of this call. A training call counts as an update if kept."""
    updates = network.variable("curriculum", "updates", jnp.zeros, (), jnp.int32)
    now = level(updates.value, network.updates_per_phase, top)
    kept = network.is_mutable_collection("curriculum")
    if train and kept and not network.is_initializing():
        updates.value = updates.value + 1
    return now


def _blend(now, i, higher, lower):
    """Return ``higher`` after the fade of level ``i``, ``lower`` before the fade, and a
    mixture within it. Nothing is rounded outside the fade."""
    weight = jnp.clip(now - (i - 1), 0, 1)
    higher = weight.astype(higher.dtype) * higher
    return higher + (1 - weight).astype(lower.dtype) * lower


def _equalised(x, fan_in, gain):
    """Scale the input of a layer whose weights start with deviation 1. Outputs then
    have the deviation ``gain`` (section 4.1). Scaled weights would do the same."""
    return x * (gain / math.sqrt(fan_in))


def _linear(network, x, features, gain=GAIN, use_bias=True):
    options = {"kernel_init": unit_normal, "dtype": network.dtype}
    linear = Linear(features, use_bias=use_bias, **options)
    return linear(_equalised(x, x.shape[-1], gain))


def _convolved(network, x, features, kernel=3, gain=GAIN, resample=None):
    options = {"kernel_init": unit_normal, "dtype": network.dtype}
    convolved = Conv(features, kernel=kernel, resample=resample, **options)
    return convolved(_equalised(x, kernel * kernel * x.shape[-1], gain))
