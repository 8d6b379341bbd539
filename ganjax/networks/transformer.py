"""A small transformer for images in the manner of TransGAN (Jiang et al. 2021, arXiv
2102.07074) and ViTGAN (Lee et al. 2022, arXiv 2107.04589): no convolution in either
player.

For the resolutions of ``dcgan``. The generator begins with base × base tokens, base
from 4 to 7, doubles their number along both sides by a pixel shuffle after each stage
(TransGAN, section 3.2), and makes of every last token ``patch`` × ``patch`` pixels. Its
stages have ``width``·2^j channels, j stages before the last. The discriminator cuts
the image into patches of that size, one token each (Dosovitskiy et al. 2021, arXiv
2010.11929), and averages its last tokens.

Departures: where TransGAN's shuffle has no parameters and leaves a quarter of the
channels, a linear map before it leaves half of them; the discriminator has neither
ViTGAN's spectral norm and L2 attention nor a class token; attention sees all tokens, so
it costs (H/patch)⁴ a head: TransGAN's windows for large images are not here.

Parameters, with P = patch²·C: a block of c channels has 12·c² + 13·c, positions T·c for
T tokens. The generator of stages c_0 … c_m, each of T_i tokens, has d·T_0·c_0 + T_0·c_0
+ Σ_i (T_i·c_i + depth·(12·c_i² + 13·c_i)) + Σ_{i>0} (c_{i−1} + 1)·4·c_i + 2·c_m
+ (c_m + 1)·P; the discriminator of width c has (P + 1)·c + T·c
+ depth·(12·c² + 13·c) + 2·c + c + 1.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.critic import Critic
from ganjax.networks.dcgan import levels
from ganjax.networks.heads import head
from ganjax.networks.layers import Linear
from ganjax.networks.self_attention import MultiHeadAttention

_init = nn.initializers.xavier_uniform()


class Block(nn.Module):
    """``[n, T, C] -> [n, T, C]``: attention, then a perceptron on every token with 4·C
    hidden units, each behind a layer normalisation and added to what it saw. It treats
    tokens alike, wherever they stand."""

    heads: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        c = x.shape[-1]
        attention = MultiHeadAttention(self.heads, dtype=self.dtype)
        x = x + attention(_layer_norm(x))
        y = Linear(4 * c, kernel_init=_init, dtype=self.dtype)(_layer_norm(x))
        return x + Linear(c, kernel_init=_init, dtype=self.dtype)(nn.gelu(y))


class Generator(nn.Module):
    """``z [n, d] -> images [n, H, W, C]`` in [-1, 1].

    ``depth``: blocks a stage; ``patch``: pixels along the side of a last token.
    """

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    depth: int = 2
    heads: int = 4
    patch: int = 2

    @nn.compact
    def __call__(
        self, z: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        base, k = levels(self.shape)
        if self.patch not in [1 << i for i in range(k + 1)]:
            raise ValueError(
                f"patch={self.patch}: expected a power of two up to {1 << k} for "
                f"images that grow from {base}×{base} tokens"
            )
        doublings = k - (self.patch.bit_length() - 1)
        channels = [self.width << (doublings - i) for i in range(doublings + 1)]
        x = Linear(base * base * channels[0], kernel_init=_init, dtype=self.dtype)(z)
        x = x.reshape(x.shape[0], base * base, channels[0])
        for i, features in enumerate(channels):
            side = base << i
            if i > 0:
                x = Linear(4 * features, kernel_init=_init, dtype=self.dtype)(x)
                x = _shuffled(_grid(x, side // 2), 2).reshape(
                    x.shape[0], side * side, features
                )
            x = _with_positions(self, x, f"positions_{i}")
            for _ in range(self.depth):
                x = Block(self.heads, dtype=self.dtype)(x)
        pixels = self.patch**2 * self.shape[-1]
        x = Linear(pixels, kernel_init=_init, dtype=self.dtype)(_layer_norm(x))
        image = _shuffled(_grid(x, base << doublings), self.patch)
        return jnp.tanh(image.astype(jnp.float32))


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n]``, for H and W that are multiples of
    ``patch``."""

    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 128
    depth: int = 4
    heads: int = 4
    patch: int = 2

    @nn.compact
    def judge(self, x, label=None, *, train):
        x = Linear(self.width, kernel_init=_init, dtype=self.dtype)(
            _patches(x, self.patch)
        )
        x = _with_positions(self, x, "positions")
        for _ in range(self.depth):
            x = Block(self.heads, dtype=self.dtype)(x)
        return head(
            _layer_norm(x).astype(jnp.float32).mean(1),
            label,
            conditioning=self.conditioning,
            classes=self.classes,
            kernel_init=_init,
            dtype=self.dtype,
        )


def _layer_norm(x):
    # Statistics are of single precision, as everywhere.
    return nn.LayerNorm(dtype=jnp.float32)(x).astype(x.dtype)


def _with_positions(network, x, name):
    positions = network.param(name, nn.initializers.normal(0.02), x.shape[1:])
    return x + jnp.expand_dims(positions, 0).astype(x.dtype)


def _grid(x, side):
    """Tokens ``[n, side², c]`` in rows ``[n, side, side, c]``."""
    return x.reshape(x.shape[0], side, side, x.shape[-1])


def _shuffled(x, r):
    """``[n, H, W, r²·c]`` to ``[n, r·H, r·W, c]``: channels become pixels (Shi et al.
    2016, arXiv 1609.05158, eq. 4)."""
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, r, r, c // r**2).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h * r, w * r, c // r**2)


def _patches(x, r):
    """Images ``[n, H, W, C]`` to tokens ``[n, H·W/r², r²·C]``, in rows."""
    if x.ndim != 4 or x.shape[1] % r or x.shape[2] % r:
        raise ValueError(
            f"expected images whose sides are multiples of patch={r}, not "
            + "×".join(map(str, x.shape[1:]))
        )
    n, h, w, c = x.shape
    x = x.reshape(n, h // r, r, w // r, r, c).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h * w // r**2, r * r * c)
