"""What generated samples are worth to somebody who learns from them."""

import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganjax.errors import Uncomputable
from ganjax.evaluation.exhibit import Exhibit
from ganjax.evaluation.scores import name_of
from ganjax.metrics.arrays import as_points
from ganjax.model import Model

ITERATIONS = 200


class Classification:
    """Classification accuracy score (Ravuri & Vinyals 2019, arXiv 1905.10887): how many
    held-out samples a classifier gets right that has learned from generated ones and
    the labels they were asked for (``cas``), from as many real ones (``cas_real``), or
    from both together (``cas_augmented``). The classifier is logistic regression over
    features, where the paper trains a ResNet-50 on pixels."""

    higher, neither = ("cas", "cas_augmented"), ("cas_real",)

    def __init__(self, exhibit: Exhibit):
        if not exhibit.labelled or not exhibit.source.spec.classes:
            raise Uncomputable(
                "expected samples that are asked for by label, as "
                "game='conditional_gan' does"
            )
        self._exhibit = exhibit

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        fake = exhibit.fake(model)
        real = exhibit.train.first(len(fake))
        ours = as_points(samples=fake.features)[0], fake.label
        theirs = real.features, real.label
        both = tuple(np.concatenate(pair) for pair in zip(ours, theirs, strict=True))
        for stem, learned in (
            ("cas", ours),
            ("cas_real", theirs),
            ("cas_augmented", both),
        ):
            score = _accuracy(*learned, exhibit.test.features, exhibit.test.label)
            yield name_of(exhibit, stem, len(fake)), score


def _accuracy(x, label, test, test_label):
    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=ITERATIONS)
    )
    with warnings.catch_warnings():
        # A bound on the work is part of the protocol.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(x, label)
    return float(classifier.score(test, test_label))
