"""The Inception-v3 of the Fréchet Inception Distance and of the Inception Score.

Architecture: Szegedy et al. 2016 (arXiv 1512.00567). Weights: the graph of 2015-12-05
that Heusel et al. 2017 (arXiv 1706.08500) used, converted to torch by pytorch-fid. This
network differs from the Inception-v3 of model zoos (see pytorch-fid's
``inception.py``):

- it has 1008 classes, 1000 of them from ImageNet;
- averages of 3×3 pixels leave out the padding;
- the last block, ``Mixed_7c``, uses a maximum where the paper uses an average;
- the epsilon of batch normalisation is 1e-3.

Only a distance over these weights and features may be called FID. The Inception Score
uses ``features @ kernel`` without the bias, over all 1008 classes, like the original
graph (and like ``logits_unbiased`` in torch-fidelity).

Layers have the names of the torch file.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.metrics.features.extractor import Extractor, chosen_filter, published
from ganjax.metrics.features.weights import find

FILE = "pt_inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE}"
# The file's name contains the first 8 digits. All projects that pin the file state this
# digest.
DIGEST = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
SIZE = 299
WIDTH = 2048
BATCH = 32


class ConvNorm(nn.Module):
    """A convolution without bias, batch normalisation and ReLU."""

    features: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: str = "SAME"

    @nn.compact
    def __call__(self, x):
        conv = functools.partial(nn.Conv, use_bias=False, name="conv")
        x = conv(self.features, self.kernel, self.stride, self.padding)(x)
        x = nn.BatchNorm(use_running_average=True, epsilon=1e-3, name="bn")(x)
        return nn.relu(x)


def _chain(x, name, *convolutions):
    """Apply convolutions ``(features, kernel)`` in turn, named with 1, 2, …"""
    for number, (features, kernel) in enumerate(convolutions, 1):
        x = ConvNorm(features, kernel, name=f"{name}_{number}")(x)
    return x


def _halved(features, name):
    return ConvNorm(features, (3, 3), stride=2, padding="VALID", name=name)


def _max_halved(x):
    return nn.max_pool(x, (3, 3), (2, 2))


def _average(x):
    return nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)


def _joined(*branches):
    return jnp.concatenate(branches, axis=-1)


class BlockA(nn.Module):
    """A block for maps of 35×35. Its branches are a 1×1 convolution, a 5×5 convolution,
    two 3×3 convolutions in a row, and an average with ``pooled`` channels."""

    pooled: int

    @nn.compact
    def __call__(self, x):
        one = ConvNorm(64, name="branch1x1")(x)
        five = _chain(x, "branch5x5", (48, (1, 1)), (64, (5, 5)))
        three = _chain(x, "branch3x3dbl", (64, (1, 1)), (96, (3, 3)), (96, (3, 3)))
        pool = ConvNorm(self.pooled, name="branch_pool")(_average(x))
        return _joined(one, five, three, pool)


class BlockB(nn.Module):
    """A block that reduces maps from 35×35 to 17×17."""

    @nn.compact
    def __call__(self, x):
        three = _halved(384, "branch3x3")(x)
        double = _chain(x, "branch3x3dbl", (64, (1, 1)), (96, (3, 3)))
        double = _halved(96, "branch3x3dbl_3")(double)
        return _joined(three, double, _max_halved(x))


class BlockC(nn.Module):
    """A block for maps of 17×17. Each 7×7 convolution is split into 1×7 and 7×1. The
    last convolution of a branch has 192 channels; those before it have ``narrow``."""

    narrow: int

    @nn.compact
    def __call__(self, x):
        n, point, row, column = self.narrow, (1, 1), (1, 7), (7, 1)
        one = ConvNorm(192, name="branch1x1")(x)
        seven = _chain(x, "branch7x7", (n, point), (n, row), (192, column))
        twice = (n, point), (n, column), (n, row), (n, column), (192, row)
        double = _chain(x, "branch7x7dbl", *twice)
        pool = ConvNorm(192, name="branch_pool")(_average(x))
        return _joined(one, seven, double, pool)


class BlockD(nn.Module):
    """A block that reduces maps from 17×17 to 8×8."""

    @nn.compact
    def __call__(self, x):
        three = ConvNorm(192, name="branch3x3_1")(x)
        three = _halved(320, "branch3x3_2")(three)
        factors = (192, (1, 1)), (192, (1, 7)), (192, (7, 1))
        seven = _chain(x, "branch7x7x3", *factors)
        seven = _halved(192, "branch7x7x3_4")(seven)
        return _joined(three, seven, _max_halved(x))


class BlockE(nn.Module):
    """A block for maps of 8×8. Two branches end in a 1×3 and a 3×1 convolution in
    parallel. The pooling branch takes a maximum if ``takes_maximum``, or an average."""

    takes_maximum: bool = False

    @nn.compact
    def __call__(self, x):
        row, column = (1, 3), (3, 1)
        one = ConvNorm(320, name="branch1x1")(x)
        three = ConvNorm(384, name="branch3x3_1")(x)
        three_row = ConvNorm(384, row, name="branch3x3_2a")(three)
        three_column = ConvNorm(384, column, name="branch3x3_2b")(three)
        double = _chain(x, "branch3x3dbl", (448, (1, 1)), (384, (3, 3)))
        double_row = ConvNorm(384, row, name="branch3x3dbl_3a")(double)
        double_column = ConvNorm(384, column, name="branch3x3dbl_3b")(double)
        if self.takes_maximum:
            pool = nn.max_pool(x, (3, 3), padding="SAME")
        else:
            pool = _average(x)
        pool = ConvNorm(192, name="branch_pool")(pool)
        return _joined(one, three_row, three_column, double_row, double_column, pool)


class InceptionV3(nn.Module):
    """A network from images to named outputs.

    Images are ``[n, H, W, 3]``, about in [-1, 1], H and W at least 75 (299 for scores).
    The outputs are:

    - ``64``, ``192``: the maps ``[n, h, w, c]`` after the first and the second max
      pooling; ``768``: the maps before the auxiliary head of the original network. The
      name is the number of channels c. Means of the maps are features for scores with
      fewer samples;
    - ``2048``: ``[n, 2048]``, the mean over the last map: the features of FID;
    - ``logits_unbiased``, ``logits``: ``[n, 1008]``, without and with the bias.
    """

    @nn.compact
    def __call__(self, x: jax.Array) -> dict[str, jax.Array]:
        taps = {}
        x = _halved(32, "Conv2d_1a_3x3")(x)
        x = ConvNorm(32, (3, 3), padding="VALID", name="Conv2d_2a_3x3")(x)
        x = ConvNorm(64, (3, 3), name="Conv2d_2b_3x3")(x)
        x = taps["64"] = _max_halved(x)
        x = ConvNorm(80, name="Conv2d_3b_1x1")(x)
        x = ConvNorm(192, (3, 3), padding="VALID", name="Conv2d_4a_3x3")(x)
        x = taps["192"] = _max_halved(x)
        for name, pooled in (("5b", 32), ("5c", 64), ("5d", 64)):
            x = BlockA(pooled, name=f"Mixed_{name}")(x)
        x = BlockB(name="Mixed_6a")(x)
        for name, narrow in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
            x = BlockC(narrow, name=f"Mixed_{name}")(x)
        taps["768"] = x
        x = BlockD(name="Mixed_7a")(x)
        x = BlockE(name="Mixed_7b")(x)
        x = BlockE(takes_maximum=True, name="Mixed_7c")(x)
        x = taps["2048"] = x.mean((1, 2))
        x = taps["logits_unbiased"] = nn.Dense(1008, use_bias=False, name="fc")(x)
        bias = self.param("fc.bias", nn.initializers.zeros, (1008,))
        taps["logits"] = x + bias.reshape(1, -1)
        return taps


def scaled(images: jax.Array, resize: str) -> jax.Array:
    """Scale pixel values from [0, 255] to about [-1, 1], as the tools do that use the
    filter ``resize``: x / 127.5 - 1 in pytorch-fid (``bilinear_half_pixel``), and
    (x - 128) / 128 in the original FID graph and in clean-fid (the other filters)."""
    if resize == "bilinear_half_pixel":
        return images / 127.5 - 1
    return (images - 128) / 128


def open_inception(weights: str = "", resize: str = "") -> Extractor:
    """Open the extractor of FID.

    Args:
      weights: the path of the torch file of weights; '' takes it from the cache, or
        downloads it.
      resize: a key of ``resize.FILTERS``; '' for ``bilinear_tf1``, the filter of the
        original FID.

    Raises:
      BadInput: the filter is unknown, the file of weights is missing and cannot be
        downloaded, or its SHA-256 is not the expected one.
    """
    resize = chosen_filter(resize, "bilinear_tf1")
    path = find(FILE, weights, URL, DIGEST)
    network = InceptionV3()

    def look(variables, images):
        taps = network.apply(variables, scaled(images, resize))
        return taps["2048"], jax.nn.softmax(taps["logits_unbiased"])

    def maps(variables, images):
        taps = network.apply(variables, scaled(images, resize))
        return [taps[name] for name in ("64", "192", "768")]

    facts = dict(maps=maps, width=WIDTH, digest=DIGEST, size=SIZE, batch=BATCH)
    return published("inception", network, look, path, resize, **facts)
