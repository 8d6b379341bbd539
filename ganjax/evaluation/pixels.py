"""Scores of small images in pixel space."""

from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_every_class, need_samples
from ganjax.metrics import (
    density_coverage,
    frechet_distance,
    knn_classify,
    moments,
)
from ganjax.model import Model

# With more pixels a full covariance is not meaningful at these sample counts.
MOST_PIXELS = 1024
K = 5  # neighbours


class Pixels:
    """Class shares, coverage and Fréchet distance in pixel space.

    A classifier by the 5 nearest training images labels each generated sample.
    ``classes_found`` is the number of classes with at least 1 % of the samples, and
    ``smallest_class_share`` is the smallest share of a class. ``coverage`` (k = 5,
    Naeem et al. 2020, arXiv 2002.09797) compares the samples with held-out images.
    ``frechet_pixels`` compares the samples with training images, and
    ``frechet_pixels_floor`` compares two halves of the training images. This floor
    shows the effect of finite sets. It is no lower bound, because the sizes of the sets
    differ."""

    lower = ("frechet_pixels",)
    higher = ("classes_found", "smallest_class_share", "coverage")

    def __init__(self, evaluation_data: EvaluationData):
        spec = evaluation_data.source.spec
        if not evaluation_data.pictures:
            raise Uncomputable(
                f"expected images, but data.name='{spec.name}' has points"
            )
        evaluation_data.require_pixels()
        need_every_class(evaluation_data)
        self._data = evaluation_data
        self._classes = len(spec.classes)
        # k neighbours, of images other than the image; two halves with a covariance.
        need_samples(evaluation_data, training=K, held_out=K + 1, generated=2)
        self._train, self._test = (
            _flat(evaluation_data.train),
            _flat(evaluation_data.test),
        )
        if self._train.shape[1] <= MOST_PIXELS:
            half = len(self._train) // 2
            self._real = moments(self._train)
            self._floor = frechet_distance(
                *moments(self._train[:half]), *moments(self._train[half:])
            )

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        fake = _flat(self._data.fake(model))
        if self._classes:
            labels = knn_classify(self._train, self._data.train.label, fake, k=K)
            shares = np.bincount(labels, minlength=self._classes) / len(fake)
            yield "classes_found", float(np.sum(shares >= 0.01))
            yield "smallest_class_share", float(shares.min())
        yield "coverage", density_coverage(self._test, fake, k=K)["coverage"]
        if self._train.shape[1] <= MOST_PIXELS:
            yield "frechet_pixels", frechet_distance(*self._real, *moments(fake))
            yield "frechet_pixels_floor", self._floor


def _flat(side):
    return side.data.reshape(len(side), -1)
