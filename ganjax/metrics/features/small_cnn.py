"""Small classifiers of MNIST and of Fashion-MNIST, which come with ganjax.

Networks for natural images see little in 28×28 grey pixels; a classifier of the same
classes sees more. The network has three convolutions (as in LeCun et al. 1998), each
with batch normalisation and ReLU, and two max poolings. The features are the mean over
the last map, ``[n, 128]``; a linear map gives the logits. It has 94,186 parameters.

``scripts/train_classifier.py`` makes the files of weights. Their metadata states the
training data and the accuracy. A distance over these features is not an FID. It is
comparable only between runs with the same file, so every score is saved with the
SHA-256 of the file.
"""

from collections.abc import Callable
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.metrics.features import layout
from ganjax.metrics.features.extractor import Extractor, batched, sown
from ganjax.metrics.features.weights import find, read, sha256
from ganjax.networks.layers import Conv

# SHA-256 of the files that come with ganjax.
DIGESTS = {
    "mnist": "b54169e020cbb04719e13b3f3f4dbe7de23257c641194628c97183c7da2127a2",
    "fashion_mnist": "996b10eddb504a5c092bbfff3a9dbb19817328a545ea324b5421be6a5f54ac89",
}
SHAPE = (28, 28, 1)
CLASSES = 10
WIDTH = 128
BATCH = 500


class SmallCNN(nn.Module):
    """A network from images ``[n, 28, 28, 1]`` in [-1, 1] to ``(features [n, 128],
    logits [n, 10])``. With ``train``, batch normalisation uses the statistics of the
    batch and updates their running averages, ``batch_stats``."""

    @nn.compact
    def __call__(self, x, *, train: bool = False) -> tuple[jax.Array, jax.Array]:
        for features in (32, 64, WIDTH):
            init = nn.initializers.he_normal()
            x = Conv(features, use_bias=False, kernel_init=init)(x)
            x = nn.relu(nn.BatchNorm(use_running_average=not train, momentum=0.95)(x))
            self.sow("intermediates", "maps", x)
            if features < WIDTH:
                x = nn.max_pool(x, (2, 2), (2, 2))
        features = x.mean((1, 2))
        return features, nn.Dense(CLASSES)(features)


def scaled(images: jax.Array) -> jax.Array:
    """Scale pixel values from [0, 255] to [-1, 1]."""
    return images.astype(jnp.float32) / 127.5 - 1


def shipped(dataset: str) -> Path:
    """Return the path of the weights that come with ganjax for a data set: ``mnist`` or
    ``fashion_mnist``."""
    return Path(__file__).parent / f"small_cnn_{dataset}.safetensors"


def open_small_cnn(dataset: str) -> Callable[[str, str], Extractor]:
    """Return a function ``(weights, resize) -> Extractor`` that opens the classifier of
    ``mnist`` or ``fashion_mnist``."""
    name = f"small_cnn_{dataset}"

    def open_it(weights: str = "", resize: str = "") -> Extractor:
        """Open the classifier that comes with ganjax, or one from a file.

        Args:
          weights: a file that ``scripts/train_classifier.py`` wrote; '' for the file
            that comes with ganjax.
          resize: '' or 'none'. Images are not resized.

        Raises:
          BadInput: ``resize`` names a filter, or the file of weights is missing or was
            made for another network.
        """
        if resize not in ("", "none"):
            raise BadInput(
                f"evaluation.resize='{resize}': {name} takes 28×28 images without "
                "resizing; expected '' or 'none'"
            )
        path = Path(weights).expanduser() if weights else shipped(dataset)
        if not weights:
            find(path.name, str(path), "", DIGESTS[dataset])
        elif not path.is_file():
            raise BadInput(
                f"evaluation.weights='{weights}': no such file; expected a file of "
                "this network's weights, or '' for the file of ganjax"
            )
        field = f"evaluation.weights='{path}'"
        network = SmallCNN()
        expected = layout.shapes(network, SHAPE)
        variables = layout.from_flat(expected, read(path, field), field)

        def look(variables, images):
            features, logits = network.apply(variables, scaled(images))
            return features, jax.nn.softmax(logits)

        def maps(variables, images):
            return sown(network, variables, scaled(images))

        sees = batched(look, variables, BATCH)

        def see(images):
            made.check(images.shape[1:])
            return sees(images)

        found = jax.tree_util.Partial(maps, variables)
        made = Extractor(name, WIDTH, sha256(path), "none", see, SHAPE, maps=found)
        return made

    return open_it
