"""The score of the first GAN's paper."""

from collections.abc import Iterator

import numpy as np

from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.metrics import best_std, parzen_log_likelihood
from ganjax.model import Model

# The standard deviations that are tried, of values in [0, 1], and the training samples,
# in the place of a validation set, that choose among them.
CANDIDATES, VALIDATION = np.logspace(-1, 0, 10), 1000


class Parzen:
    """Mean log-likelihood of held-out samples, in nats, under normal densities around
    generated ones, with its standard error (Goodfellow et al. 2014, section 5 and table
    1), of values in [0, 1]. ``parzen_std`` is the deviation that suits training samples
    best; ``parzen_real`` is what training samples have in the place of generated."""

    higher = ("parzen",)
    neither = ("parzen_error", "parzen_std", "parzen_real")

    def __init__(self, evaluation_data: EvaluationData):
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        fake = self._points(evaluation_data.fake(model))
        test, train = (
            self._points(evaluation_data.test),
            self._points(evaluation_data.train),
        )
        validation, rest = train[:VALIDATION], train[VALIDATION:][: len(fake)]
        std = best_std(fake, validation, CANDIDATES)
        mean, error = parzen_log_likelihood(fake, test, std)
        yield f"parzen_{len(fake)}", mean
        yield f"parzen_error_{len(fake)}", error
        yield "parzen_std", std
        if len(rest) == len(fake):
            std = best_std(rest, validation, CANDIDATES)
            yield f"parzen_real_{len(rest)}", parzen_log_likelihood(rest, test, std)[0]

    def _points(self, side):
        points = side.data.reshape(len(side), -1)
        return (points + 1) / 2 if self._data.pictures else points
