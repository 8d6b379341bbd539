"""A small transformer for images, similar to TransGAN (Jiang et al. 2021, arXiv
2102.07074) and ViTGAN (Lee et al. 2022, arXiv 2107.04589), without convolutions in
either player.

For the image sizes of ``dcgan``. The generator begins with a token for each pixel of
the smallest map of ``sizes``. After each stage a pixel shuffle doubles the tokens along
both sides (TransGAN, section 3.2). Each last token becomes ``patch`` × ``patch``
pixels. A stage has ``width``·2^j channels, j stages before the last. The discriminator
cuts the image into patches of that size, one token for each (Dosovitskiy et al. 2021,
arXiv 2010.11929), and averages its last tokens.

Departures: TransGAN's shuffle has no parameters and keeps a quarter of the channels;
here a linear map before it keeps half. The discriminator has no spectral norm, L2
attention or class token, which ViTGAN has. Attention sees all tokens, so it costs
(H·W/patch²)² per head; TransGAN's windows for large images are not implemented.

Parameters, with P = patch²·C: a block of c channels has 12·c² + 13·c, positions T·c for
T tokens. The generator of stages c_0 … c_m, each of T_i tokens, has d·T_0·c_0 + T_0·c_0
+ Σ_i (T_i·c_i + depth·(12·c_i² + 13·c_i)) + Σ_{i>0} (c_{i−1} + 1)·4·c_i + 2·c_m
+ (c_m + 1)·P; the discriminator of width c has (P + 1)·c + T·c
+ depth·(12·c² + 13·c) + 2·c + c + 1.
"""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.critic import Critic
from ganjax.networks.layers import Linear, check_latents
from ganjax.networks.pixels import as_channels, as_pixels
from ganjax.networks.self_attention import MultiHeadAttention
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import growth
from ganjax.options import option

_init = nn.initializers.xavier_uniform()


class Block(nn.Module):
    """``[n, T, C] -> [n, T, C]`` for T tokens: attention, then a perceptron with 4·C
    hidden units on each token. The input of both is layer-normalised, and their output
    is added to the input. Tokens are treated alike at all positions."""

    heads: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        c = x.shape[-1]
        attention = MultiHeadAttention(self.heads, dtype=self.dtype)
        x = x + attention(_layer_norm(x))
        y = Linear(4 * c, kernel_init=_init, dtype=self.dtype)(_layer_norm(x))
        return x + Linear(c, kernel_init=_init, dtype=self.dtype)(nn.gelu(y))


class Generator(Shaped):
    """``z [n, d] -> images [n, H, W, C]`` in [-1, 1]."""

    width: int = option(64, "channels of a token in the last stage", least=1)
    depth: int = option(2, "blocks of each stage", least=0)
    heads: int = option(4, "attention heads of a block", least=1)
    patch: int = option(2, "pixels along the side of a token's patch", least=1)

    @nn.compact
    def __call__(self, z, label=None, *, train):
        check_latents(z)
        grown = growth(self.shape)
        k = grown.doublings
        if self.patch not in [1 << i for i in range(k + 1)]:
            raise BadInput(
                f"patch={self.patch}: expected a power of two up to {1 << k} for "
                f"images that grow from {grown.height}×{grown.width} tokens"
            )
        doublings = k - (self.patch.bit_length() - 1)
        channels = [self.width << (doublings - i) for i in range(doublings + 1)]
        x = Linear(grown.area * channels[0], kernel_init=_init, dtype=self.dtype)(z)
        x = x.reshape(x.shape[0], grown.area, channels[0])
        for i, features in enumerate(channels):
            if i > 0:
                x = Linear(4 * features, kernel_init=_init, dtype=self.dtype)(x)
                x = as_pixels(_grid(x, grown.width << (i - 1)), 2)
                x = x.reshape(x.shape[0], -1, features)
            x = _with_positions(self, x, f"positions_{i}")
            for _ in range(self.depth):
                x = Block(self.heads, dtype=self.dtype)(x)
        pixels = self.patch**2 * self.shape[-1]
        x = Linear(pixels, kernel_init=_init, dtype=self.dtype)(_layer_norm(x))
        image = as_pixels(_grid(x, grown.width << doublings), self.patch)
        return jnp.tanh(image.astype(jnp.float32))


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``. H and W are multiples of ``patch``."""

    width: int = option(128, "channels of a token", least=1)
    depth: int = option(4, "blocks", least=0)
    heads: int = option(4, "attention heads of a block", least=1)
    patch: int = option(2, "pixels along the side of a token's patch", least=1)

    @nn.compact
    def full_output(self, x, label=None, *, train):
        x = _patches(x, self.patch)
        x = Linear(self.width, kernel_init=_init, dtype=self.dtype)(x)
        x = _with_positions(self, x, "positions")
        for _ in range(self.depth):
            x = Block(self.heads, dtype=self.dtype)(x)
        x = _layer_norm(x).astype(jnp.float32).mean(1)
        return self.head(x, label, kernel_init=_init)


def _layer_norm(x):
    # Statistics have single precision, as in all networks.
    return nn.LayerNorm(dtype=jnp.float32)(x).astype(x.dtype)


def _with_positions(network, x, name):
    positions = network.param(name, nn.initializers.normal(0.02), x.shape[1:])
    return x + jnp.expand_dims(positions, 0).astype(x.dtype)


def _grid(x, width):
    """Tokens ``[n, T, c]`` in rows ``[n, T/width, width, c]``."""
    return x.reshape(x.shape[0], -1, width, x.shape[-1])


def _patches(x, r):
    """Images ``[n, H, W, C]`` to tokens ``[n, H·W/r², r²·C]``, in rows."""
    if x.ndim != 4 or x.shape[1] % r or x.shape[2] % r:
        raise BadInput(
            f"expected images whose sides are multiples of patch={r}, not "
            + shape_text(x.shape[1:])
        )
    x = as_channels(x, r)
    return x.reshape(x.shape[0], -1, x.shape[-1])
