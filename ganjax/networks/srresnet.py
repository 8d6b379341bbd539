"""SRResNet, the generator of SRGAN (Ledig et al. 2017, arXiv 1609.04802, section 2.1
and figure 4): a residual network at the resolution of what it is given, which it then
doubles by sub-pixel convolutions (Shi et al. 2016, arXiv 1609.05158). With
``normalization`` none it is what ESRGAN keeps of it (Wang et al. 2018, arXiv
1809.00219, section 3.1). Its discriminator may be any.

Parameters with width w, b blocks, k doublings, I and C image channels, and batch
normalisation: 81·I·w + w + 1 of the first layer, b·(18·w² + 4·w + 1) of the blocks,
9·w² + 2·w behind them, k·(36·w² + 4·w + 1), and 81·w·C + C; for 16 blocks of width 64,
4 times and 3 to 3 channels 1,547,350. Without normalisation there are biases in its
place, w fewer of each of the 2·b + 1 convolutions. The slope of each parametric ReLU is
one number.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Conv, check_normalization, normalise

NORMALIZATIONS = ("none", "batch")
# What is added, or ends in tanh, begins small (ESRGAN, section 3.1).
SMALL = nn.initializers.variance_scaling(0.02, "fan_in", "truncated_normal")


def enlarged(x: jax.Array) -> jax.Array:
    """``[n, H, W, 4·C] -> [n, 2·H, 2·W, C]``: the channels of a pixel become four
    pixels."""
    n, h, w, c = x.shape
    x = x.reshape(n, h, w, 2, 2, c // 4).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(n, 2 * h, 2 * w, c // 4)


class Generator(nn.Module):
    """``x [n, h, w, I] -> images [n, H, W, C]`` in [-1, 1], where H/h = W/w is a power
    of 2."""

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    blocks: int = 16
    normalization: str = "batch"

    @nn.compact
    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        check_normalization(self.normalization, NORMALIZATIONS)
        doublings = _doublings(x.shape[1:], self.shape)

        def convolved(x, features, kernel=3, normalised=False, small=False):
            x = Conv(
                features,
                kernel=kernel,
                use_bias=not normalised or self.normalization == "none",
                kernel_init=SMALL if small else nn.initializers.he_normal(),
                dtype=self.dtype,
            )(x)
            return normalise(x, self.normalization, train=train) if normalised else x

        def bent(x):
            return nn.PReLU(negative_slope_init=0.25)(x).astype(self.dtype)

        first = x = bent(convolved(x, self.width, kernel=9))
        for _ in range(self.blocks):
            y = bent(convolved(x, self.width, normalised=True))
            x = x + convolved(y, self.width, normalised=True, small=True)
        x = first + convolved(x, self.width, normalised=True, small=True)
        for _ in range(doublings):
            x = bent(enlarged(convolved(x, 4 * self.width)))
        x = convolved(x, self.shape[-1], kernel=9, small=True)
        return jnp.tanh(x.astype(jnp.float32))


def _doublings(small, large):
    ratio = large[0] // small[0] if len(small) == 3 else 0
    count = ratio.bit_length() - 1
    if count < 0 or any(
        s << count != side for s, side in zip(small[:2], large[:2], strict=True)
    ):
        raise ValueError(
            f"expected images to enlarge to {'×'.join(map(str, large))} by a power of "
            f"2, not {'×'.join(map(str, small))}"
        )
    return count
