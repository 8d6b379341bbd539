"""SRResNet, the generator of SRGAN (Ledig et al. 2017, arXiv 1609.04802, section 2.1
and figure 4): a residual network at the resolution of its input, then sub-pixel
convolutions that double the resolution (Shi et al. 2016, arXiv 1609.05158). With
``normalization`` none it has no batch normalisation, as in ESRGAN (Wang et al. 2018,
arXiv 1809.00219, section 3.1). Any discriminator can be used with it.

The number of parameters, with width w, b blocks, k doublings, I input channels, C
output channels and batch normalisation: 81·I·w + w + 1 in the first layer, b·(18·w² +
4·w + 1) in the blocks, 9·w² + 2·w in the convolution after the blocks, k·(36·w² + 4·w +
1) in the doublings, and 81·w·C + C in the last layer. The sum is 1,547,350 for w = 64,
b = 16, k = 2 and I = C = 3. Without normalisation, a bias replaces it in each of the
2·b + 1 convolutions that have it, which is w parameters fewer. The slope of each
parametric ReLU is one number.
"""

import math

import flax.linen as nn
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.layers import Conv, normalised
from ganjax.networks.pixels import as_pixels
from ganjax.networks.shaped import Shaped
from ganjax.options import option

he_normal = nn.initializers.he_normal()
# Residual branches and the layer before tanh start small (ESRGAN, section 3.1).
SMALL = nn.initializers.variance_scaling(0.02, "fan_in", "truncated_normal")


class Generator(Shaped):
    """The network ``x [n, h, w, I] -> images [n, H, W, C]`` in [-1, 1].

    H/h = W/w is a power of 2."""

    width: int = option(64, "channels of hidden layers", least=1)
    blocks: int = option(16, "residual blocks", least=0, zero="none")
    normalization: str = option("batch", "of hidden layers", choices=("none", "batch"))

    takes_conditions = False

    def reach(self, factor: int) -> int:
        """Return the distance, in input pixels, up to which an output pixel depends on
        the input. ``factor``, a power of 2, is H/h."""
        distance = 4  # of the last convolution, in output pixels
        for _ in range(factor.bit_length() - 1):
            distance = math.ceil(distance / 2) + 1
        return 4 + 2 * self.blocks + 1 + distance

    @nn.compact
    def __call__(self, x, label=None, *, train):
        doublings = _doublings(x.shape[1:], self.shape)

        def convolved(x, features=self.width, small=False, **how):
            how |= {"kernel_init": SMALL if small else he_normal, "train": train}
            return normalised(self, Conv, x, features, **how)

        def bent(x):
            return nn.PReLU(negative_slope_init=0.25)(x).astype(self.dtype)

        first = x = bent(convolved(x, kernel=9, plain=True))
        for _ in range(self.blocks):
            x = x + convolved(bent(convolved(x)), small=True)
        x = first + convolved(x, small=True)
        for _ in range(doublings):
            x = bent(as_pixels(convolved(x, 4 * self.width, plain=True), 2))
        x = convolved(x, self.shape[-1], kernel=9, small=True, plain=True)
        return jnp.tanh(x.astype(jnp.float32))


def _doublings(small, large):
    ratio = large[0] // small[0] if len(small) == len(large) == 3 else 0
    count = ratio.bit_length() - 1
    if count < 0 or any(
        s << count != side for s, side in zip(small[:2], large[:2], strict=True)
    ):
        raise BadInput(
            f"expected images to enlarge to {shape_text(large)} by a power of 2, not "
            f"{shape_text(small)}"
        )
    return count
