"""The generator of CycleGAN (Zhu et al. 2017, arXiv 1703.10593, appendix 7.2, after
Johnson et al. 2016, arXiv 1603.08155): a residual network from image to image. Its
discriminator is ``patchgan``.

In the paper's notation the layers are c7s1-64, d128, d256, R256 × ``blocks``, u128,
u64, c7s1-3. ReLU follows each normalisation, but not the sum of a block. The last layer
ends in tanh. The 7×7 convolutions and the blocks use reflection padding. Such a
convolution pads its reflected input with zeros and discards the border of the output;
the extra cost is the border. The convolutions of stride 2 have a zero on each side, as
in the authors' code: they are centred on every second pixel, from the first one on.

Parameters with width w, b blocks, I and C image channels: kernels 49·I·w + 9·w·2w
+ 9·2w·4w + 2·b·9·(4w)² + 9·4w·2w + 9·2w·w + 49·w·C, and C biases of the last layer.
Instance normalisation removes all other biases and has no scale or shift, so this is
the total: 11,372,931 for 9 blocks and 3 to 3 channels. The authors' PyTorch code has
11,378,179. Its 5,248 biases before normalisations have no effect.
"""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.networks.layers import Conv, normalise
from ganjax.networks.shaped import Shaped
from ganjax.networks.unet import check_images
from ganjax.options import option

# Images with this side or more have 9 blocks, smaller ones 6 (appendix 7.2).
MANY_PIXELS = 256


class Generator(Shaped):
    """``x [n, H, W, I] -> images [n, *shape]`` in [-1, 1], of the same size. H and W
    are multiples of 4 and at least 8."""

    width: int = option(64, "channels of the first layer", least=1)
    blocks: int = option(0, "residual blocks", least=0, zero="as in the paper")
    normalization: str = option(
        "instance", "of hidden layers", choices=("none", "batch", "instance")
    )

    takes_conditions = False

    @nn.compact
    def __call__(self, x, label=None, *, train):
        check_images(x, self.shape, 4, least=8)
        blocks = self.blocks or (9 if min(self.shape[:2]) >= MANY_PIXELS else 6)

        w = self.width

        def convolved(x, features, *, kernel=3, reflected=False, last=False, **sizes):
            """Apply a convolution and its normalisation. ``reflected`` pads ``x`` by
            reflection."""
            edge = kernel // 2 if reflected else 0
            sides = ((0, 0), (edge, edge), (edge, edge), (0, 0))
            x = Conv(
                features,
                kernel=kernel,
                use_bias=last or self.normalization == "none",
                dtype=self.dtype,
                **sizes,
            )(jnp.pad(x, sides, mode="reflect"))
            x = x[:, edge : x.shape[1] - edge, edge : x.shape[2] - edge]
            return x if last else normalise(x, self.normalization, train=train)

        x = nn.relu(convolved(x, w, kernel=7, reflected=True))
        halving = {"stride": 2, "border": 1}
        x = nn.relu(convolved(x, 2 * w, **halving))
        x = nn.relu(convolved(x, 4 * w, **halving))
        for _ in range(blocks):
            y = nn.relu(convolved(x, 4 * w, reflected=True))
            x = x + convolved(y, 4 * w, reflected=True)
        x = nn.relu(convolved(x, 2 * w, transpose=True, **halving))
        x = nn.relu(convolved(x, w, transpose=True, **halving))
        x = convolved(x, self.shape[-1], kernel=7, reflected=True, last=True)
        return jnp.tanh(x.astype(jnp.float32))
