"""DINOv2's ViT-B/14: features that were learnt without labels.

Oquab et al. 2023 (arXiv 2304.07193); details follow their
``dinov2/models/vision_transformer.py``. Stein et al. 2023 (arXiv 2306.04675) proposed
these features for scores of generators: they agree better with human judgement than
Inception features. (Their scores use the larger ViT-L/14, so the numbers differ.) A
distance over these features is not an FID.

A vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929) with 12 blocks, 12
heads and width 768, for patches of 14×14 pixels. Layer normalisation precedes attention
and the MLP, and learnt vectors multiply their outputs (LayerScale, Touvron et al. 2021,
arXiv 2103.17239). GELU is exact. The features are the class token after the last
normalisation. Positions of 37×37 patches were learnt; they are interpolated to the
16×16 patches of 224 pixels.

Layers have the names of the torch file.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from ganjax.metrics.features.extractor import (
    Extractor,
    chosen_filter,
    published,
    sown,
)
from ganjax.metrics.features.resize import bicubic_at, separable
from ganjax.metrics.features.weights import find

FILE = "dinov2_vitb14_pretrain.pth"
URL = f"https://dl.fbaipublicfiles.com/dinov2/dinov2_vitb14/{FILE}"
# The publisher states no digest. All projects that pin the file state this one.
DIGEST = "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73"
SIZE = 224
WIDTH = 768
BATCH = 32
# ImageNet's mean and standard deviation, divided by 255.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
# The number of blocks between two maps.
BETWEEN_MAPS = 3
# The replacement of masked patches in training. Features do not use it.
IGNORED = ("mask_token",)


class Attention(nn.Module):
    """Multi-head attention ``[n, T, C] -> [n, T, C]``. One linear layer computes the
    queries, keys and values."""

    heads: int

    @nn.compact
    def __call__(self, x):
        n, tokens, width = x.shape
        maps = nn.Dense(3 * width, name="qkv")(x)
        maps = maps.reshape(n, tokens, 3, self.heads, width // self.heads)
        query, key, value = maps[:, :, 0], maps[:, :, 1], maps[:, :, 2]
        y = jax.nn.dot_product_attention(query, key, value)
        return nn.Dense(width, name="proj")(y.reshape(n, tokens, width))


def _layer_norm(name):
    return nn.LayerNorm(epsilon=1e-6, use_fast_variance=False, name=name)


class Block(nn.Module):
    """A block ``[n, T, C] -> [n, T, C]``: attention, then an MLP of 4·C units."""

    heads: int

    @nn.compact
    def __call__(self, x):
        width = x.shape[-1]
        y = Attention(self.heads, name="attn")(_layer_norm("norm1")(x))
        x = x + self.scaled("ls1", y)
        y = nn.Dense(4 * width, name="mlp.fc1")(_layer_norm("norm2")(x))
        y = nn.Dense(width, name="mlp.fc2")(nn.gelu(y, approximate=False))
        return x + self.scaled("ls2", y)

    def scaled(self, name, x):
        gamma = self.param(f"{name}.gamma", nn.initializers.ones, x.shape[-1:])
        return x * gamma.reshape(1, 1, -1)


class VisionTransformer(nn.Module):
    """A network from normalised images ``[n, H, W, 3]`` to class tokens ``[n, width]``.
    H and W are multiples of ``patch``. Images in training had ``grid`` patches on each
    side; for other numbers of patches the learnt positions are interpolated."""

    width: int = WIDTH
    depth: int = 12
    heads: int = 12
    patch: int = 14
    grid: int = 37

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        sides = (self.patch, self.patch)
        x = nn.Conv(self.width, sides, sides, "VALID", name="patch_embed.proj")(x)
        n, rows, columns, width = x.shape
        normal = nn.initializers.normal(0.02)
        first = self.param("cls_token", normal, (1, 1, width))
        positions = self.param("pos_embed", normal, (1, 1 + self.grid**2, width))
        patches = positions[:, 1:].reshape(1, self.grid, self.grid, width)
        if (rows, columns) != (self.grid, self.grid):
            along = between(self.grid, rows), between(self.grid, columns)
            patches = separable(patches, *along)
        x = (x + patches).reshape(n, rows * columns, width)
        first = jnp.broadcast_to(first + positions[:, :1], (n, 1, width))
        x = jnp.concatenate([first, x], axis=1)
        for i in range(self.depth):
            x = Block(self.heads, name=f"blocks.{i}")(x)
            if i % BETWEEN_MAPS == BETWEEN_MAPS - 1:
                found = x[:, 1:].reshape(n, rows, columns, width)
                self.sow("intermediates", "maps", found)
        return _layer_norm("norm")(x[:, 0])


def between(grid: int, to: int) -> np.ndarray:
    """Return the matrix ``[to, grid]`` that interpolates positions along one axis.

    ``grid`` is the number of learnt positions, ``to`` the number of patches. The
    interpolation is torch's bicubic one (a = -3/4). The published model scales by (to +
    0.1) / grid to avoid rounding errors, and so moves every position a little.
    """
    positions = (np.arange(to) + 0.5) * grid / (to + 0.1) - 0.5
    return bicubic_at(positions, grid, a=-0.75)


def open_dinov2(weights: str = "", resize: str = "") -> Extractor:
    """Open the extractor of DINOv2's class tokens. It gives no class probabilities.

    Args:
      weights: the path of the published file ``FILE``; '' to take the file from the
        cache, or to download it.
      resize: a key of ``resize.FILTERS``; '' for ``bicubic_antialiased``.

    Raises:
      BadInput: the filter is unknown, the file is missing, the download fails, or the
        file's SHA-256 is not the published file's.
    """
    resize = chosen_filter(resize, "bicubic_antialiased")
    path = find(FILE, weights, URL, DIGEST)
    network = VisionTransformer()

    def look(variables, images):
        return network.apply(variables, normalised(images)), None

    def maps(variables, images):
        return sown(network, variables, normalised(images))

    facts = dict(width=WIDTH, digest=DIGEST, size=SIZE, batch=BATCH, ignored=IGNORED)
    return published("dinov2_vitb14", network, look, path, resize, maps=maps, **facts)


def normalised(images: jax.Array) -> jax.Array:
    """Return images ``[n, H, W, 3]`` in [0, 255] after normalisation: minus ImageNet's
    mean, divided by ImageNet's standard deviation."""
    mean, std = (jnp.array(x).reshape(1, 1, 1, 3) for x in (MEAN, STD))
    return (images / 255 - mean) / std
