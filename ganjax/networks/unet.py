"""The generator of pix2pix (Isola et al. 2017, arXiv 1611.07004, section 3.2.1 and
appendix 6.1.1): a U-Net from image to image. Its discriminator is ``patchgan``.

The encoder halves the resolution ``depth`` times by 4×4 convolutions of stride 2 with
``width``·min(2^i, 8) channels, leaky ReLU between them; the decoder mirrors it with
transposed convolutions and ReLU, and sees at each resolution the encoder's features
too. Neither the first nor the innermost layer of the encoder is normalised: a
normalisation of a single pixel leaves nothing, which the paper's errata repair.

Departures: no dropout, which is where the paper's noise comes from, so this map is
deterministic; the paper's table of the decoder has it in the first three layers.

Parameters with encoder channels e_0 … e_{m−1} for I and C image channels: encoder
16·I·e_0 + Σ 16·e_{i−1}·e_i, decoder 16·e_{m−1}·e_{m−2} + Σ_{0<i<m−1} 16·2·e_i·e_{i−1}
+ (16·2·e_0 + 1)·C, and of each layer inside a scale and a shift a channel (batch) or a
bias (none), or neither (instance: it would take a bias away); a bias each of the first
and of the innermost. For 256 pixels and 3 to 3 channels that is 54,414,531: the
54.414 million of the authors' PyTorch code, which lacks those two biases, 576.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Conv, check_normalization, normalise

NORMALIZATIONS = ("none", "batch", "instance")
DEEPEST = 8


def check_images(x: jax.Array, shape: tuple[int, ...], multiple: int) -> None:
    """Raises ``ValueError`` unless ``x`` is a batch of images of the size of ``shape``,
    (H, W, C), with H and W multiples of ``multiple``."""
    if x.ndim != 4 or x.shape[1:3] != tuple(shape[:2]):
        raise ValueError(
            f"expected images to translate, of the size of {_said(shape)}, "
            f"not {_said(x.shape[1:])}"
        )
    if x.shape[1] % multiple or x.shape[2] % multiple:
        raise ValueError(
            f"expected images with sides that are multiples of {multiple}, "
            f"not {_said(shape)}"
        )


def _said(shape):
    return "×".join(map(str, shape))


class Generator(nn.Module):
    """``x [n, H, W, I] -> images [n, *shape]`` in [-1, 1], of the same size.

    ``depth``: halvings, 0 for as many as the size allows, at most 8.
    """

    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32
    conditioning: str = "none"
    classes: int = 0
    width: int = 64
    depth: int = 0
    normalization: str = "batch"

    @nn.compact
    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> jax.Array:
        check_normalization(self.normalization, NORMALIZATIONS)
        check_images(x, self.shape, 2 ** max(1, self.depth))
        depth = self.depth or min(DEEPEST, *map(_halvings, x.shape[1:3]))
        channels = [self.width * min(2**i, 8) for i in range(depth)]

        def convolved(x, features, *, normalised, transpose=False):
            x = Conv(
                features,
                kernel=4,
                stride=2,
                transpose=transpose,
                use_bias=not normalised or self.normalization == "none",
                dtype=self.dtype,
            )(x)
            if normalised:
                x = normalise(x, self.normalization, train=train)
            return x

        seen = []
        for i, features in enumerate(channels):
            x = nn.leaky_relu(x, 0.2) if i > 0 else x
            x = convolved(x, features, normalised=0 < i < depth - 1)
            seen.append(x)
        seen.pop()
        for features in reversed(channels[:-1]):
            x = convolved(nn.relu(x), features, normalised=True, transpose=True)
            x = jnp.concatenate([seen.pop(), x], -1)
        x = convolved(nn.relu(x), self.shape[-1], normalised=False, transpose=True)
        return jnp.tanh(x.astype(jnp.float32))


def _halvings(size):
    """How often a side is even."""
    return (size & -size).bit_length() - 1
