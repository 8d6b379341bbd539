"""The generator of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 3.2.1 and
appendix 6.1.1): a U-Net from image to image. Its discriminator is ``patchgan``.

The encoder halves the resolution ``depth`` times by 4×4 convolutions of stride 2 with
``width``·min(2^i, 8) channels and leaky ReLU between them. The decoder mirrors it with
transposed convolutions and ReLU, and also sees the encoder's features at each
resolution. The first and the innermost layer of the encoder are not normalised: the
normalisation of a single pixel gives 0, an error that the paper's errata correct.

Departures: there is no dropout, so the map is deterministic. The paper's only noise is
dropout; its table of the decoder has it in the first three layers.

Parameters with encoder channels e_0 … e_{m−1} for I and C image channels: encoder
16·I·e_0 + Σ 16·e_{i−1}·e_i, decoder 16·e_{m−1}·e_{m−2} + Σ_{0<i<m−1} 16·2·e_i·e_{i−1}
+ (16·2·e_0 + 1)·C. Each inner layer also has per channel a scale and a shift (batch), a
bias (none) or nothing (instance, which removes a bias). The first and the innermost
layer have biases, as in the authors' first code (Lua). For 256 pixels and 3 to 3
channels this is 54,414,531. The authors' PyTorch code with batch normalisation lacks
these 576 biases: ``biases=False`` leaves them out. It also draws the scales of batch
normalisations from N(1, 0.02); here they start at 1.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.layers import Conv, normalised
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import check_multiples
from ganjax.options import option

DEEPEST = 8


def check_images(
    x: jax.Array, shape: tuple[int, ...], multiple: int, least: int = 1
) -> None:
    """Check that ``x`` is a batch of images with the height and width of ``shape``,
    which is (H, W, C).

    Raises:
      BadInput: if it is not, or if H or W is not a multiple of ``multiple`` or is below
        ``least``.
    """
    if x.ndim != 4 or x.shape[1:3] != tuple(shape[:2]):
        raise BadInput(
            f"expected images to translate, of the size of {shape_text(shape)}, "
            f"not {shape_text(x.shape[1:])}"
        )
    check_multiples(shape, multiple, least)


class Generator(Shaped):
    """``x [n, H, W, I] -> images [n, *shape]`` in [-1, 1], of the same size."""

    width: int = option(64, "channels of the first layer", least=1)
    depth: int = option(0, "halvings", least=0, zero="as many as fit, up to 8")
    normalization: str = option(
        "batch", "of hidden layers", choices=("none", "batch", "instance")
    )
    biases: bool = option(True, "of the first and the innermost layer")

    takes_conditions = False

    @nn.compact
    def __call__(self, x, label=None, *, train):
        check_images(x, self.shape, 2 ** max(1, self.depth))
        depth = self.depth or min(DEEPEST, *map(_halvings, x.shape[1:3]))
        channels = [self.width * min(2**i, 8) for i in range(depth)]

        halving = {"kernel": 4, "stride": 2}

        def convolved(x, features, **how):
            return normalised(self, Conv, x, features, train=train, **halving, **how)

        seen = []
        for i, features in enumerate(channels):
            x = nn.leaky_relu(x, 0.2) if i > 0 else x
            if i in (0, depth - 1):
                how = {"use_bias": self.biases, "dtype": self.dtype, **halving}
                x = Conv(features, **how)(x)
            else:
                x = convolved(x, features)
            seen.append(x)
        seen.pop()
        for features in reversed(channels[:-1]):
            x = convolved(nn.relu(x), features, transpose=True)
            x = jnp.concatenate([seen.pop(), x], -1)
        x = convolved(nn.relu(x), self.shape[-1], plain=True, transpose=True)
        return jnp.tanh(x.astype(jnp.float32))


def _halvings(size):
    """Return how often ``size`` can be halved."""
    return (size & -size).bit_length() - 1
