"""A generator of gated convolutions, which fills the holes of images (Yu et al. 2019,
arXiv 1806.03589, section 3.1). Its discriminator is ``patchgan`` with spectral norm.

A gated convolution computes features F and gates A with two kernels from one input. Its
output is φ(F)·σ(A), with φ the ELU and σ the sigmoid. So each layer learns, for every
channel and place, whether its input is context or hole. A plain convolution treats both
alike, and a partial convolution (Liu et al. 2018, arXiv 1804.07723) follows a fixed
rule. As in the paper there is no normalisation over pixels, because the statistics
would depend on the hole.

The layers have the form of a U-Net, as in Liu et al. 2018 (section 3.2): ``depth``
halvings by 3×3 convolutions of stride 2 with ``width``·min(2^i, 4) channels, then
``blocks`` convolutions at the smallest resolution, then doublings whose convolution
also sees the encoder's features. The first and the last convolution have 5×5 pixels.

Departures: the paper has a second, refining network, dilated convolutions and
contextual attention. Here the blocks at the smallest resolution widen what a pixel
depends on. And F is scaled to mean square 1 over the channels of each pixel before the
ELU (Karras et al. 2018, arXiv 1710.10196, section 4.2), so signals cannot grow from
layer to layer.

The output is linear, and limited to [-1, 1] as in the authors' code. Here its gradient
is projected onto this range: a pixel outside receives only gradients that lead it back.
Two other outputs failed on digits. A tanh saturated at black, the median of a pixel,
and its gradient vanished. A clip whose whole gradient passed, without the scaling of F,
ended in gradients of norm 4e16 after 300 steps.

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
from ganjax.networks.progressive import pixel_norm
from ganjax.networks.shaped import Shaped
from ganjax.networks.srresnet import SMALL
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
            return nn.elu(pixel_norm(made)) * nn.sigmoid(gates)

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
        last = Conv(self.shape[-1], kernel=5, kernel_init=SMALL, dtype=self.dtype)
        return limited(last(x).astype(jnp.float32))


@jax.custom_vjp
def limited(x: jax.Array) -> jax.Array:
    """Limit ``x`` to [-1, 1]. Where it was limited, its gradient is 0 if descent would
    lead farther outside, and passes unchanged if descent leads back."""
    return jnp.clip(x, -1.0, 1.0)


def _limited(x):
    return limited(x), x


def _projected(x, gradient):
    outward = ((x > 1) & (gradient < 0)) | ((x < -1) & (gradient > 0))
    return (jnp.where(outward, 0.0, gradient),)


limited.defvjp(_limited, _projected)


def _halvings(side):
    """Return how often ``side`` can be halved without a rest, down to ``SMALLEST``."""
    count = 0
    while side % 2 == 0 and side // 2 >= SMALLEST:
        side, count = side // 2, count + 1
    return count
