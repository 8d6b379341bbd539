"""Which classes a classifier reads from generated samples."""

from collections.abc import Iterator

import numpy as np

from ganjax.core import GameState
from ganjax.errors import BadInput
from ganjax.evaluation.compared import name_of
from ganjax.evaluation.exhibit import Exhibit
from ganjax.metrics import class_coverage


class Classes:
    """Classes found, their reverse KL and smallest share, the classifier's mean
    confidence, and where samples are asked for by label, how often the classifier reads
    the label; ``accuracy_floor`` is how often it reads that of held-out samples."""

    def __init__(self, exhibit: Exhibit):
        seen = None
        if exhibit.extractor is not None:
            seen = exhibit.test.first(2).probabilities
        known = len(exhibit.source.spec.classes)
        if seen is None or seen.shape[1] != known:
            raise BadInput(
                f"evaluation.names='classes': expected an extractor that classifies "
                f"the {known} classes of data.name='{exhibit.source.spec.name}'"
            )
        self._exhibit, self._classes = exhibit, known

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        fake = exhibit.fake(state)
        read = fake.probabilities.argmax(axis=1)
        scores = {
            **class_coverage(read, self._classes),
            "smallest_share": np.bincount(read, minlength=self._classes).min()
            / len(read),
            "confidence": fake.probabilities.max(axis=1).mean(),
        }
        if fake.label is not None:
            test = exhibit.test
            scores["accuracy"] = np.mean(read == fake.label)
            scores["accuracy_floor"] = np.mean(
                test.probabilities.argmax(axis=1) == test.label
            )
        for stem, value in scores.items():
            yield name_of(exhibit, f"classes_{stem}", len(fake)), float(value)
