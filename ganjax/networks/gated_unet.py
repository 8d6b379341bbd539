"""A generator of gated convolutions, which fills the holes of images (Yu et al. 2019,
arXiv 1806.03589, section 3.1). Its discriminator is ``patchgan`` with spectral norm.

A gated convolution computes features F and gates A with two kernels from one input. Its
output is φ(F)·σ(A), with φ the ELU and σ the sigmoid. So each layer learns, for every
channel and place, whether its input is context or hole. A plain convolution treats both
alike, and a partial convolution (Liu et al. 2018, arXiv 1804.07723) follows a fixed
rule. As in the paper there is no normalisation, because the statistics would depend on
the hole.

The layers have the form of a U-Net, as in Liu et al. 2018 (section 3.2): ``depth``
halvings by 3×3 convolutions of stride 2 with ``width``·min(2^i, 4) channels, then
``blocks`` convolutions at the smallest resolution, then doublings whose convolution
also sees the encoder's features. The first and the last convolution have 5×5 pixels.

Departures: the paper has a second, refining network, dilated convolutions and
contextual attention. Here the blocks at the smallest resolution widen what a pixel
depends on.

The output is clipped to [-1, 1], as in the authors' code, but its gradient passes
unchanged (Bengio et al. 2013, arXiv 1308.3432). Without normalisation a tanh saturated:
on digits the generator painted all pixels black within 50 steps, and stayed there.

Parameters with width w, depth k, b blocks, I input and C output channels, and c_i =
w·min(2^i, 4): 2·(25·I + 1)·w in the first layer, 2·(9·c_(i−1) + 1)·c_i in halving i
from 1 to k, 2·b·(9·c_k + 1)·c_k in the blocks, 2·(9·c_i + 9·c_(i−1) + 1)·c_(i−1) in the
doubling from level i, and (25·w + 1)·C in the last layer, which has no gate.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.conv import upsample
from ganjax.networks.layers import Conv
from ganjax.networks.shaped import Shaped
from ganjax.networks.unet import check_images
from ganjax.options import option

# By default halvings stop at this side.
SMALLEST = 7
he_normal = nn.initializers.he_normal()


class Generator(Shaped):
    """``x [n, H, W, I] -> images [n, *shape]`` in [-1, 1], of the same size. H and W
    are multiples of 2^depth."""

    width: int = option(32, "channels of the first layer", least=1)
    depth: int = option(0, "halvings", least=0, zero="down to 7 pixels or more")
    blocks: int = option(4, "convolutions at the smallest size", least=0, zero="none")

    takes_conditions = False

    @nn.compact
    def __call__(self, x, label=None, *, train):
        depth = self.depth or _halvings(min(x.shape[1:3]))
        check_images(x, self.shape, 2**depth)
        channels = [self.width * min(2**i, 4) for i in range(depth + 1)]

        def gated(x, features, kernel=3, stride=1):
            conv = Conv(
                2 * features, kernel=kernel, stride=stride, kernel_init=he_normal,
                dtype=self.dtype,
            )  # fmt: skip
            made, gates = jnp.split(conv(x), 2, axis=-1)
            return nn.elu(made) * nn.sigmoid(gates)

        x = gated(x, channels[0], kernel=5)
        seen = [x]
        for features in channels[1:]:
            x = gated(x, features, stride=2)
            seen.append(x)
        seen.pop()
        for _ in range(self.blocks):
            x = gated(x, channels[-1])
        for features in reversed(channels[:-1]):
            x = gated(jnp.concatenate([upsample(x), seen.pop()], -1), features)
        x = Conv(self.shape[-1], kernel=5, dtype=self.dtype)(x).astype(jnp.float32)
        return x + jax.lax.stop_gradient(jnp.clip(x, -1.0, 1.0) - x)


def _halvings(side):
    """Return how often ``side`` can be halved without a rest, down to ``SMALLEST``."""
    count = 0
    while side % 2 == 0 and side // 2 >= SMALLEST:
        side, count = side // 2, count + 1
    return count
