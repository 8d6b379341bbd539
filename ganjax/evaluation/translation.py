"""Scores of image translation and restoration."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import child_key
from ganjax.data import samples
from ganjax.errors import Uncomputable, shape_text
from ganjax.evaluation.evaluation_data import EvaluationData, Side
from ganjax.evaluation.measures import frechet
from ganjax.evaluation.needs import need_features, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.metrics import peak_signal_to_noise, structural_similarity
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
    """Peak signal-to-noise ratio in dB, structural similarity and Fréchet distance of
    held-out images restored from their reductions, by the game and by bicubic
    interpolation (``_bicubic``)."""

    lower = ("fd_restored",)
    higher = ("restoration_psnr", "restoration_ssim")
    neither = tuple(f"{stem}_bicubic" for stem in (*lower, *higher))

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
            scores = {
                "psnr": peak_signal_to_noise(test.data, made, span=2.0),
                "ssim": structural_similarity(test.data, made, span=2.0),
            }
            for stem, value in scores.items():
                yield f"restoration_{stem}{suffix}_{len(test)}", value.mean()
            side = Side(made, None, evaluation_data.extractor)
            distance = dict(frechet.function(evaluation_data.train, side))["fd"]
            yield name_of(evaluation_data, f"fd_restored{suffix}", len(test)), distance
