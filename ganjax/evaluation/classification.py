"""Scores of generated samples as training data for a classifier."""

import warnings
from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_features, need_labels, need_samples
from ganjax.evaluation.scores import name_of
from ganjax.metrics.arrays import as_points
from ganjax.model import Model

ITERATIONS = 200


class Classification:
    """Classification accuracy score (Ravuri & Vinyals 2019, arXiv 1905.10887).

    The score is the accuracy of a classifier on held-out real samples. The classifier
    is trained on generated samples and the labels for which they were generated
    (``cas``), on equally many real samples (``cas_real``), or on both
    (``cas_augmented``). It is logistic regression over features. The paper trains a
    ResNet-50 on pixels.
    """

    higher, neither = ("cas", "cas_augmented"), ("cas_real",)

    def __init__(self, evaluation_data: EvaluationData):
        need_labels(evaluation_data)
        need_samples(evaluation_data, training=1, held_out=1)
        need_features(evaluation_data)
        known = np.unique(evaluation_data.train.first(evaluation_data.samples).label)
        if len(known) < 2:
            raise Uncomputable("training samples of 1 class, expected at least 2")
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        fake = evaluation_data.fake(model)
        real = evaluation_data.train.first(len(fake))
        ours = as_points(samples=fake.features)[0], fake.label
        theirs = real.features, real.label
        both = tuple(np.concatenate(pair) for pair in zip(ours, theirs, strict=True))
        for stem, learned in (
            ("cas", ours),
            ("cas_real", theirs),
            ("cas_augmented", both),
        ):
            score = _accuracy(
                *learned, evaluation_data.test.features, evaluation_data.test.label
            )
            yield name_of(evaluation_data, stem, len(fake)), score


def _accuracy(x, label, test, test_label):
    # Imported late: it takes a second, and most commands do not need it.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classifier = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=ITERATIONS)
    )
    with warnings.catch_warnings():
        # The protocol fixes the number of iterations, so the fit may not converge.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(x, label)
    return float(classifier.score(test, test_label))
