"""Small classifiers of MNIST and of Fashion-MNIST, which come with ganjax.

Networks of natural images see little in 28×28 grey pixels; a classifier of the very
classes does. Three convolutions, as in LeCun et al. 1998, each with batch normalisation
and ReLU; two halvings; the mean over the last map, ``[n, 128]``, is the features, and a
linear map of it the logits. 94,186 parameters.

``scripts/train_classifier.py`` makes the files; each says in its metadata what it was
trained on and how well it does. A distance over these features is no FID, and is
comparable only between runs with the same file: the digest belongs to the score.
"""

from collections.abc import Callable
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.metrics.features import layout
from ganjax.metrics.features.extractor import Extractor, batched, checked
from ganjax.metrics.features.weights import find, read, sha256
from ganjax.networks.layers import Conv

# Of the files that come with ganjax.
DIGESTS = {
    "mnist": "b54169e020cbb04719e13b3f3f4dbe7de23257c641194628c97183c7da2127a2",
    "fashion_mnist": "996b10eddb504a5c092bbfff3a9dbb19817328a545ea324b5421be6a5f54ac89",
}
SHAPE = (28, 28, 1)
CLASSES = 10
WIDTH = 128
BATCH = 500


class SmallCNN(nn.Module):
    """Images ``[n, 28, 28, 1]`` in [-1, 1] to ``(features [n, 128], logits [n, 10])``.
    In training it normalises by the batch and averages in ``batch_stats``."""

    @nn.compact
    def __call__(self, x, *, train: bool = False) -> tuple[jax.Array, jax.Array]:
        for features in (32, 64, WIDTH):
            init = nn.initializers.he_normal()
            x = Conv(features, use_bias=False, kernel_init=init)(x)
            x = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.95)(x))
            if features < WIDTH:
                x = nn.max_pool(x, (2, 2), (2, 2))
        features = x.mean((1, 2))
        return features, nn.Dense(CLASSES)(features)


def scaled(images: jax.Array) -> jax.Array:
    """uint8 to [-1, 1]."""
    return images.astype(jnp.float32) / 127.5 - 1


def shipped(dataset: str) -> Path:
    """Where ganjax has the weights of a data set's classifier."""
    return Path(__file__).parent / f"small_cnn_{dataset}.safetensors"


def open_small_cnn(dataset: str) -> Callable[[str, str], Extractor]:
    """A function that opens the classifier of ``mnist`` or ``fashion_mnist``."""
    name = f"small_cnn_{dataset}"

    def open_it(weights: str = "", resize: str = "") -> Extractor:
        """The classifier that comes with ganjax, or one that the script trained.

        Args:
          weights: a file of ``scripts/train_classifier.py``; '' for ours.
          resize: '' or 'none': it takes images as they are.

        Raises:
          BadInput: a filter, no such file, or a file of something else.
        """
        if resize not in ("", "none"):
            raise BadInput(
                f"evaluation.resize='{resize}': {name} takes 28×28 images as they are; "
                "expected '' or 'none'"
            )
        path = Path(weights).expanduser() if weights else shipped(dataset)
        if not weights:
            find(path.name, str(path), "", DIGESTS[dataset])
        elif not path.is_file():
            raise BadInput(
                f"evaluation.weights='{weights}': no such file; expected one of "
                "scripts/train_classifier.py, or '' for the one of ganjax"
            )
        field = f"evaluation.weights='{path}'"
        network = SmallCNN()
        expected = layout.shapes(network, SHAPE)
        variables = layout.from_flat(expected, read(path, field), field)

        def look(variables, images):
            features, logits = network.apply(variables, scaled(images))
            return features, jax.nn.softmax(logits)

        sees = batched(look, variables, BATCH)

        def see(images):
            images = checked(images)
            if images.shape[1:] != SHAPE:
                raise BadInput(
                    f"evaluation.extractor='{name}': expected images of 28×28×1, not "
                    + "×".join(map(str, images.shape[1:]))
                )
            return sees(images)

        return Extractor(name, WIDTH, sha256(path), "none", see)

    return open_it
