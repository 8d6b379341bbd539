"""Which classes a classifier reads from generated samples."""

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from ganjax.data import as_bytes
from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData, Side
from ganjax.evaluation.scores import name_of
from ganjax.metrics import class_coverage
from ganjax.model import Model


class Classes:
    """Classes found, their reverse KL and smallest share, the classifier's mean
    confidence, and where samples are asked for by label, how often the classifier reads
    the label; a ``_floor`` is what it says of held-out samples.

    Where channels are images of their own, each is read alone (the 1,000 modes of
    stacked MNIST: Lin et al. 2018, arXiv 1712.04086, section 4.2).
    """

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
        read = None
        if evaluation_data.extractor is not None:
            read = _read(evaluation_data.test.first(2), spec.stacked)
        if read is None or read.classes != self._classes:
            channel = "of each channel " if spec.stacked else ""
            raise Uncomputable(
                f"expected an extractor that tells the classes {channel}of "
                f"data.name='{spec.name}' apart"
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
    """What the extractor takes samples for, where it has classes."""
    if not stacked:
        parts = [side.probabilities]
    else:
        images = as_bytes(side.data)
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
