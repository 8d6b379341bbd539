"""Scores from the classes that a classifier finds in generated samples."""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_every_class, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.side import Side
from ganjax.metrics import class_coverage
from ganjax.model import Model


class Classes:
    """Scores of the classes that the extractor's classifier assigns to samples.

    ``classes_modes``: the number of classes found. ``classes_reverse_kl``: KL(shares of
    the classes ‖ uniform), in nats. ``classes_smallest_share``: the smallest share of a
    class. ``classes_confidence``: the mean probability of the predicted class.
    ``classes_accuracy``: the share of samples whose predicted class is the requested
    label, if the game generates by label. A score whose name ends in ``_floor`` is the
    same score of held-out samples. In stacked data each channel is classified as a
    separate image (the 1,000 modes of stacked MNIST: Lin et al. 2018, arXiv 1712.04086,
    section 4.2)."""

    lower = ("classes_reverse_kl",)
    higher = (
        "classes_modes",
        "classes_smallest_share",
        "classes_confidence",
        "classes_accuracy",
    )

    def __init__(self, evaluation_data: EvaluationData):
        spec = evaluation_data.source.spec
        self._data, self._classes = evaluation_data, len(spec.classes)
        need_every_class(evaluation_data)
        need_samples(evaluation_data, held_out=1)
        read = None
        if evaluation_data.extractor is not None:
            read = _read(evaluation_data.glance, spec.stacked)
        if read is None or read.classes != self._classes:
            channel = "of each channel " if spec.stacked else ""
            raise Uncomputable(
                f"evaluation.extractor: expected an extractor that predicts the "
                f"classes {channel}of data.name='{spec.name}'"
            )

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        yield from self._scores(self._data.fake(model))
        for name, value in self._floor:
            yield f"{name}_floor", value

    @functools.cached_property
    def _floor(self):
        return list(self._scores(self._data.test.first(self._data.samples)))

    def _scores(self, side):
        evaluation_data = self._data
        read = _read(side, evaluation_data.source.spec.stacked)
        counts = np.bincount(read.labels, minlength=self._classes)
        scores = {
            **class_coverage(read.labels, self._classes),
            "smallest_share": counts.min() / len(side),
            "confidence": read.confidence.mean(),
        }
        if evaluation_data.labelled:
            scores["accuracy"] = np.mean(read.labels == side.label)
        for stem, value in scores.items():
            yield name_of(evaluation_data, f"classes_{stem}", len(side)), float(value)


@dataclasses.dataclass(frozen=True)
class _Reading:
    labels: np.ndarray
    confidence: np.ndarray
    classes: int


def _read(side: Side, stacked: bool) -> _Reading | None:
    """Return the extractor's predictions, or ``None`` if it has no classes."""
    if not stacked:
        parts = [side.probabilities]
    else:
        images = side.images
        channels = np.split(images, images.shape[-1], axis=-1)
        parts = [side.extractor.see(channel)[1] for channel in channels]
    if parts[0] is None:
        return None
    labels, confidence, classes = 0, 1.0, 1
    for p in parts:
        labels = labels * p.shape[1] + p.argmax(axis=1)
        confidence = confidence * p.max(axis=1)
        classes *= p.shape[1]
    return _Reading(labels, confidence, classes)
