"""The image encoder of CLIP, for CMMD, from a file that the user gives.

Radford et al. 2021 (arXiv 2103.00020): a vision transformer (Dosovitskiy et al. 2021,
arXiv 2010.11929) with a layer normalisation before the first block, and x·σ(1.702 x) in
place of GELU. The features are the normalised class token, projected into the space
that images and texts share. CMMD scales them to unit length.

The file has the layout and the names of ``transformers``: the whole model, or
``CLIPVisionModelWithProjection``. The shapes of its tensors decide the size, so both
ViT-B/32 and ViT-L/14 of 336 pixels (the encoder of CMMD) fit. Each head has 64 units,
as in all published CLIP transformers.
"""

from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.metrics.features import layout
from ganjax.metrics.features.extractor import (
    Extractor,
    batched,
    chosen_filter,
    coloured,
)
from ganjax.metrics.features.resize import resize as resized
from ganjax.metrics.features.weights import read, sha256

HEAD = 64
BATCH = 16
# The mean and the standard deviation of CLIP's training images, divided by 255.
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
# Tensors of the text encoder, and constants that older files hold.
IGNORED = ("text_model.", "text_projection.", "logit_scale")
CONSTANT = "vision_model.embeddings.position_ids"
_VISION = "vision_model."
_EMBEDDINGS = f"{_VISION}embeddings."


def _layer_norm(name):
    return nn.LayerNorm(epsilon=1e-5, use_fast_variance=False, name=name)


class Block(nn.Module):
    """A block ``[n, T, C] -> [n, T, C]``: attention, then an MLP of 4·C units."""

    heads: int

    @nn.compact
    def __call__(self, x):
        n, tokens, width = x.shape
        y = _layer_norm("layer_norm1")(x)
        query, key, value = (
            nn.Dense(width, name=f"self_attn.{one}_proj")(y).reshape(
                n, tokens, self.heads, width // self.heads
            )
            for one in "qkv"
        )
        y = jax.nn.dot_product_attention(query, key, value).reshape(n, tokens, width)
        x = x + nn.Dense(width, name="self_attn.out_proj")(y)
        y = nn.Dense(4 * width, name="mlp.fc1")(_layer_norm("layer_norm2")(x))
        return x + nn.Dense(width, name="mlp.fc2")(y * nn.sigmoid(1.702 * y))


class ImageEncoder(nn.Module):
    """A network from normalised images ``[n, S, S, 3]``, S = ``grid`` · ``patch``, to
    embeddings ``[n, out]``."""

    width: int
    depth: int
    heads: int
    patch: int
    grid: int
    out: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        sides = (self.patch, self.patch)
        name = f"{_EMBEDDINGS}patch_embedding"
        x = nn.Conv(self.width, sides, sides, "VALID", use_bias=False, name=name)(x)
        n, normal = len(x), nn.initializers.normal(0.02)
        first = self.param(f"{_EMBEDDINGS}class_embedding", normal, (self.width,))
        positions = self.param(
            f"{_EMBEDDINGS}position_embedding.weight",
            normal,
            (1 + self.grid**2, self.width),
        )
        first = jnp.broadcast_to(first.reshape(1, 1, -1), (n, 1, self.width))
        x = jnp.concatenate([first, x.reshape(n, -1, self.width)], axis=1)
        # The name has this spelling in the file.
        x = _layer_norm(f"{_VISION}pre_layrnorm")(x + positions[None])
        for i in range(self.depth):
            x = Block(self.heads, name=f"{_VISION}encoder.layers.{i}")(x)
        x = _layer_norm(f"{_VISION}post_layernorm")(x[:, 0])
        return nn.Dense(self.out, use_bias=False, name="visual_projection")(x)


def encoder_of(tensors: dict, field: str) -> ImageEncoder:
    """Return the encoder with the sizes of the ``tensors`` in a file.

    Args:
      tensors: the arrays in the file, by their names in ``transformers``.
      field: the name of the file in errors.

    Raises:
      BadInput: a tensor that decides a size is missing or has a wrong number of axes.
    """
    names = {
        f"{_EMBEDDINGS}patch_embedding.weight": 4,
        f"{_EMBEDDINGS}position_embedding.weight": 2,
        "visual_projection.weight": 2,
    }
    for name, axes in names.items():
        if name not in tensors or tensors[name].ndim != axes:
            raise BadInput(
                f"{field}: lacks tensor '{name}' with {axes} axes, expected a CLIP "
                f"vision transformer with the names of transformers, as a file "
                f".safetensors or .bin"
            )
    (width, _, patch, _), (tokens, _), (out, _) = (tensors[x].shape for x in names)
    ends = ".layer_norm1.weight"
    depth = sum(x.startswith(_VISION) and x.endswith(ends) for x in tensors)
    grid = round((tokens - 1) ** 0.5)
    return ImageEncoder(width, depth, max(1, width // HEAD), patch, grid, out)


def open_clip(weights: str = "", resize: str = "") -> Extractor:
    """Open the extractor of CLIP's image embeddings. It gives no class probabilities.

    Args:
      weights: a file of ``transformers``, such as ``model.safetensors`` of
        ``openai/clip-vit-large-patch14-336``.
      resize: a key of ``resize.FILTERS``; '' for ``bicubic_antialiased``. Images that
        are not square are stretched; the code of CMMD crops them first.

    Raises:
      BadInput: the filter is unknown, the file is missing or cannot be read, or its
        tensors do not fit the encoder.
    """
    resize = chosen_filter(resize, "bicubic_antialiased")
    path = Path(weights).expanduser()
    if not weights or not path.is_file():
        raise BadInput(
            f"evaluation.weights='{weights}': no such file; clip expects a file of a "
            f"CLIP model, such as model.safetensors of "
            f"openai/clip-vit-large-patch14-336"
        )
    field = f"evaluation.weights='{weights}'"
    tensors = {
        name: x
        for name, x in read(path, field).items()
        if not name.startswith(IGNORED) and name != CONSTANT
    }
    network = encoder_of(tensors, field)
    size = network.grid * network.patch
    expected = layout.shapes(network, (size, size, 3))
    variables = layout.from_torch(expected, tensors, field)

    def look(variables, images):
        images = resized(coloured(images), size, resize)
        return network.apply(variables, normalised(images)), None

    see = batched(look, variables, BATCH)
    return Extractor("clip", network.out, sha256(path), resize, see, size=size)


def normalised(images: jax.Array) -> jax.Array:
    """Return images ``[n, H, W, 3]`` in [0, 255] after normalisation: minus the mean of
    CLIP's training images, divided by the standard deviation of the training images."""
    mean, std = (jnp.array(x).reshape(1, 1, 1, 3) for x in (MEAN, STD))
    return (images / 255 - mean) / std
