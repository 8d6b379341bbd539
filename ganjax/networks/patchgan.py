"""The discriminator of pix2pix and CycleGAN (Isola et al. 2017, arXiv 1611.07004,
section 3.2.2 and appendix 6.1.2). It scores each patch of an image by a convolutional
network that sees only this patch.

**This architecture alone has logits of shape [n, p]**, one per patch. A loss averages
over samples and patches. A patch has 9·2^``layers`` − 2 pixels a side: 70 with the
published 3 layers. All kernels are 4×4. There are ``layers`` convolutions of stride 2
and one of stride 1 with ``width``·min(2^i, 8) channels (C64-C128-C256-C512 in the
paper's notation), then one to a logit. Patches overlap, 2^``layers`` pixels apart: an
image of 256 pixels has 32×32 patches. With ``padding="one"`` it has 30×30, as in the
authors' code, which pads all convolutions by a pixel on each side. By default the two
convolutions of stride 1 have one zero before and two after, so that images of every
size have patches.

The first layer has at most spectral norm. Parameters with channels c_0 … c_L, L
``layers``, and C image channels: (16·C + 1)·c_0 + Σ_{i>0} (16·c_{i−1} + 2)·c_i + 16·c_L
+ 1 with batch normalisation. The 2 becomes 1 with none or spectral norm, and 0 with
instance normalisation, which removes the bias. For pix2pix's 6 channels (an image and
its translation) there are 2,768,705, as in the authors' PyTorch code. (That code draws
the scales of batch normalisations from N(1, 0.02). Here they start at 1.)
"""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.critic import Critic
from ganjax.networks.heads import CriticOutput
from ganjax.networks.layers import Conv, normalised
from ganjax.networks.sizes import check_least
from ganjax.options import option

CONDITIONINGS = ("none", "concatenation")


class Discriminator(Critic):
    """``images [n, H, W, C] -> logits [n, p]``, one for each of p patches. The features
    are the input of the last layer, averaged over patches.

    A label can only be joined to the image as channels (``"concatenation"``): a sample
    has no single feature vector that the last layer could compare with its label.
    """

    width: int = option(64, "channels of the first layer", least=1)
    layers: int = option(3, "convolutions of stride 2", least=0)
    normalization: str = option(
        "batch", "of hidden layers", choices=("none", "batch", "instance", "spectral")
    )
    padding: str = option(
        "same", "zeros: 'one' on each side, or 'same' for more patches",
        choices=("same", "one"),
    )  # fmt: skip

    @nn.compact
    def full_output(self, x, label=None, *, train) -> CriticOutput:
        if self.conditioning not in CONDITIONINGS:
            raise BadInput(
                f"conditioning='{self.conditioning}': expected one of "
                f"{', '.join(CONDITIONINGS)} for logits of patches"
            )
        if x.ndim != 4:
            raise BadInput(f"expected images (H, W, C), not {shape_text(x.shape[1:])}")
        border = None
        if self.padding == "one":
            # The two convolutions of stride 1 each remove a row and a column.
            border = 1
            check_least(x.shape[1:], 3 * 2**self.layers)

        def convolved(x, features, **how):
            how |= {"kernel": 4, "border": border, "train": train}
            return normalised(self, Conv, x, features, **how)

        for i in range(self.layers + 1):
            stride = 2 if i < self.layers else 1
            features = self.width * min(2**i, 8)
            x = nn.leaky_relu(convolved(x, features, stride=stride, plain=i == 0), 0.2)
        logits = convolved(x, 1, plain=True).astype(jnp.float32)
        features = x.astype(jnp.float32).mean((1, 2))
        return CriticOutput(logits.reshape(logits.shape[0], -1), features)
