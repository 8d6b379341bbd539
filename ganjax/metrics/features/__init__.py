"""Feature extractors by name: networks that turn images into feature vectors.

    extractor = open_extractor("small_cnn_mnist")
    features, probabilities = extractor.see(images)  # uint8 [n, H, W, C]

Each architecture has one file, which also states where its weights come from.
"""

from ganjax.errors import BadInput
from ganjax.metrics.features.clip import open_clip
from ganjax.metrics.features.dinov2 import open_dinov2
from ganjax.metrics.features.efficientnet_lite import open_effnet_lite0
from ganjax.metrics.features.extractor import Extractor
from ganjax.metrics.features.inception import open_inception
from ganjax.metrics.features.resize import FILTERS
from ganjax.metrics.features.scene_reader import open_scene_reader
from ganjax.metrics.features.small_cnn import open_small_cnn
from ganjax.metrics.features.weights import cache_folder
from ganjax.names import Table

__all__ = ["EXTRACTORS", "FILTERS", "Extractor", "cache_folder", "open_extractor"]


def open_extractor(name: str, weights: str = "", resize: str = "") -> Extractor:
    """Open an extractor by name.

    Args:
      name: a key of ``EXTRACTORS``, or ``MODULE:NAME``, the import path of a function
        ``(weights, resize) -> Extractor``.
      weights: the path of a file, from ``evaluation.weights``. If it is empty, the
        weights come from a package, from the cache or from a download.
      resize: a key of ``resize.FILTERS``, from ``evaluation.resize``. If it is empty,
        the extractor's default is used.

    Raises:
      BadInput: the name or the filter is unknown, or the file of weights is missing,
        damaged, or not the file of this extractor.
    """
    found = EXTRACTORS.find("evaluation.extractor", name)(weights, resize)
    if not isinstance(found, Extractor):
        raise BadInput(
            f"evaluation.extractor='{name}': expected an Extractor, found {found!r}"
        )
    return found


EXTRACTORS = Table(
    "a function (weights, resize) -> Extractor",
    {
        "inception": open_inception,
        "dinov2_vitb14": open_dinov2,
        "clip": open_clip,
        "effnet_lite0": open_effnet_lite0,
        "small_cnn_mnist": open_small_cnn("mnist"),
        "small_cnn_fashion_mnist": open_small_cnn("fashion_mnist"),
        "scene_reader": open_scene_reader,
    },
    takes=2,
)
