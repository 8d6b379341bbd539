"""A reader of scenes (``data.name='scenes'``, 32×32 pixels): classifiers of everything
that a caption may say, and vectors of pictures and captions that match.

A 3×3 convolution with max pooling, two 4×4 convolutions of stride 2, each with batch
normalisation and ReLU, and a linear map of the 4×4 last pixels to 256 features. A
linear map gives the logits of each attribute, another one the vector of a picture. The
vector of a caption is a linear map of the sentence of a GRU.

``scripts/train_scene_reader.py`` makes the file of weights; none comes with ganjax.
Scores are comparable only between runs with the same file.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from ganjax.errors import BadInput
from ganjax.metrics.features import layout
from ganjax.metrics.features.extractor import Extractor, batched
from ganjax.metrics.features.weights import read, sha256
from ganjax.networks.gru import TextEncoder
from ganjax.networks.layers import Conv

NAME = "scene_reader"
SHAPE = (32, 32, 3)
WIDTH, VECTOR, BATCH = 256, 64, 250
# The language of ``data.scene_grammar``.
WORDS, LONGEST = 45, 10
# Attribute -> number of its values in a picture. The last value of ``place``, ``axis``
# and of the second object means that there is none. The first object is the upper or
# the left one. Only a relation has an axis.
HEADS = {
    "count": 2, "place": 6, "axis": 3,
    "kind_1": 13, "colour_1": 4, "size_1": 2,
    "kind_2": 14, "colour_2": 5, "size_2": 3,
}  # fmt: skip


class Seen(NamedTuple):
    """What the reader sees: ``features [n, 256]``, ``logits`` by attribute, ``picture``
    and ``caption [n, 64]``, vectors of norm 1."""

    features: jax.Array
    logits: dict[str, jax.Array]
    picture: jax.Array
    caption: jax.Array


class SceneReader(nn.Module):
    """``(images [n, 32, 32, 3] in [-1, 1], tokens [n, 10] or None) -> Seen``."""

    @nn.compact
    def __call__(self, x, tokens=None, *, train: bool = False) -> Seen:
        n = x.shape[0]
        for channels, kernel, stride in ((32, 3, 1), (64, 4, 2), (128, 4, 2)):
            init = nn.initializers.he_normal()
            x = Conv(channels, kernel, stride, use_bias=False, kernel_init=init)(x)
            # A maximum over an axis has a plain gradient; nn.max_pool scatters.
            x = _halved(x) if stride == 1 else x
            x = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.95)(x))
        features = nn.relu(nn.Dense(WIDTH)(x.reshape(n, -1)))
        logits = {name: nn.Dense(k, name=name)(features) for name, k in HEADS.items()}
        picture = _unit(nn.Dense(VECTOR, name="picture")(features))
        if tokens is None:
            tokens = jnp.zeros((n, LONGEST), jnp.int32)
        sentence = TextEncoder(vocabulary=WORDS, name="text")(tokens, train=train)
        caption = _unit(nn.Dense(VECTOR, name="caption")(sentence.sentence))
        return Seen(features, logits, picture, caption)


def _halved(x):
    """Return the maxima of 2×2 pixels."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))


def _unit(x):
    return x * jax.lax.rsqrt(jnp.sum(x**2, -1, keepdims=True) + 1e-12)


def scaled(images: jax.Array) -> jax.Array:
    """Scale pixel values from [0, 255] to [-1, 1]."""
    return images.astype(jnp.float32) / 127.5 - 1


class Reader(NamedTuple):
    """The functions of a reader that an ``Extractor`` has in addition to ``see``.

    Attributes:
      read: ``images uint8 [n, 32, 32, 3] -> (values, vectors)``: for each attribute of
        ``HEADS`` its most probable value ``[n]``, and vectors ``[n, 64]``.
      captions: ``tokens int32 [n, 10] -> [n, 64]``, the captions' vectors.
    """

    read: Callable[[np.ndarray], tuple[dict[str, np.ndarray], np.ndarray]]
    captions: Callable[[np.ndarray], np.ndarray]


def open_scene_reader(weights: str = "", resize: str = "") -> Extractor:
    """Open the reader of scenes.

    Args:
      weights: a file that ``scripts/train_scene_reader.py`` wrote.
      resize: '' or 'none'. Images are not resized.

    Raises:
      BadInput: ``resize`` names a filter, or the file of weights is missing or was made
        for another network.
    """
    if resize not in ("", "none"):
        raise BadInput(
            f"evaluation.resize='{resize}': {NAME} takes 32×32 images without "
            "resizing; expected '' or 'none'"
        )
    path = Path(weights).expanduser()
    if not weights or not path.is_file():
        raise BadInput(
            f"evaluation.weights='{weights}': expected a file of {NAME}, which "
            "scripts/train_scene_reader.py makes"
        )
    field = f"evaluation.weights='{path}'"
    network = SceneReader()
    expected = layout.shapes(network, SHAPE)
    variables = layout.from_flat(expected, read(path, field), field)

    def look(variables, images):
        return network.apply(variables, scaled(images)).features, None

    def values(variables, images):
        seen = network.apply(variables, scaled(images))
        best = [jnp.argmax(seen.logits[name], axis=-1) for name in HEADS]
        return seen.picture, jnp.stack(best, axis=-1)

    sees, reads = batched(look, variables, BATCH), batched(values, variables, BATCH)

    def see(images):
        made.check(images.shape[1:])
        return sees(images)

    def read_pictures(images):
        made.check(images.shape[1:])
        vectors, best = reads(images)
        return dict(zip(HEADS, best.T, strict=True)), vectors

    @jax.jit
    def captions(tokens):
        blank = jnp.zeros((tokens.shape[0], *SHAPE))
        return network.apply(variables, blank, tokens).caption

    reader = Reader(read_pictures, lambda tokens: np.asarray(captions(tokens)))
    made = Extractor(NAME, WIDTH, sha256(path), "none", see, SHAPE, reader=reader)
    return made
