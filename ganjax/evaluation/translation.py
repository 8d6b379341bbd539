"""Scores of image translation and restoration."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import as_bytes, samples
from ganjax.errors import Uncomputable, shape_text
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.measures import distance_of
from ganjax.evaluation.needs import need_features, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.side import Side
from ganjax.metrics import signal_to_noise_of_bytes, structural_similarity
from ganjax.metrics.image_similarity import RADIUS
from ganjax.model import Model


class Translation:
    """Mean absolute error over entries between translations of held-out images and
    their paired images b (``translation_l1``). If the extractor has the classes of b:
    the share of translations that it assigns to the right class
    (``translation_class``)."""

    lower, higher = ("translation_l1",), ("translation_class",)

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("translate")
        spec = evaluation_data.source.spec
        if not spec.test_paired:
            raise Uncomputable(
                f"expected data with a paired test split, such as "
                f"data.name='edges_fashion_mnist', not data.name='{spec.name}'"
            )
        if spec.classes:
            need_features(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        key = child_key(jax.random.key(evaluation_data.seed), "translation")
        test = samples(
            evaluation_data.source.test, jax.random.split(key, evaluation_data.samples)
        )
        b = np.asarray(test["b"])
        made = model.ask("translate", np.asarray(test["a"]))
        yield f"translation_l1_{len(b)}", np.mean(np.abs(made - b))
        side = Side(made, None, evaluation_data.extractor)
        classes = len(evaluation_data.source.spec.classes)
        if evaluation_data.extractor is not None and classes:
            read = side.probabilities
            if read is not None and read.shape[1] == classes:
                kept = np.mean(read.argmax(axis=1) == np.asarray(test["label"]))
                yield name_of(evaluation_data, "translation_class", len(b)), kept


class Restoration:
    """Similarity of held-out images and their restorations from reductions, by the game
    and by bicubic interpolation (``_bicubic``), and the Fréchet distance.

    ``restoration_psnr`` is the mean of the peak signal-to-noise ratios of the images as
    8-bit values, in dB; ``restoration_psnr_pooled`` is the ratio of the mean squared
    error over all images; ``restoration_psnr_infinite`` counts images without error,
    whose ratio is capped (`signal_to_noise_of_bytes`). ``restoration_ssim`` is the
    structural similarity of the images in [0, 1]."""

    lower = ("fd_restored",)
    higher = ("restoration_psnr", "restoration_psnr_pooled", "restoration_ssim")
    neither = (
        "restoration_psnr_infinite",
        "restoration_psnr_infinite_bicubic",
        *(f"{stem}_bicubic" for stem in (*lower, *higher)),
    )

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require("restore")
        shape = evaluation_data.source.spec.shape
        if min(shape[:2]) <= 2 * RADIUS:
            raise Uncomputable(
                f"images of {shape_text(shape)}, expected more than {2 * RADIUS} "
                f"pixels on each side"
            )
        need_samples(evaluation_data, training=2, held_out=2)
        need_features(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        test = evaluation_data.test.first(evaluation_data.samples)
        for ability, suffix in (("restore", ""), ("interpolate", "_bicubic")):
            made = model.ask(ability, test.data)
            similar = structural_similarity(_unit(test.data), _unit(made), span=1.0)
            bytes_of_both = as_bytes(test.data), as_bytes(made)
            scores = signal_to_noise_of_bytes(*bytes_of_both)
            for stem, value in {**scores, "ssim": similar.mean()}.items():
                yield f"restoration_{stem}{suffix}_{len(test)}", value
            side = Side(made, None, evaluation_data.extractor)
            distance = distance_of(evaluation_data.train, side)
            yield name_of(evaluation_data, f"fd_restored{suffix}", len(test)), distance


def _unit(images):
    """Return images in [−1, 1] as float64 in [0, 1]."""
    return (np.clip(np.asarray(images, np.float64), -1, 1) + 1) / 2
