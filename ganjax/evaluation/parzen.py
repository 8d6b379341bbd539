"""The Parzen-window score of the first GAN paper (Goodfellow et al. 2014)."""

from collections.abc import Iterator

import numpy as np

from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import need_samples
from ganjax.metrics import best_std, parzen_log_likelihood
from ganjax.model import Model

# Standard deviations to try, for values in [0, 1], and the number of training samples
# that choose one of them, in place of a validation set.
CANDIDATES, VALIDATION = np.logspace(-1, 0, 10), 1000


class Parzen:
    """Mean Parzen log-likelihood of held-out samples, in nats.

    The score is from Goodfellow et al. 2014 (arXiv 1406.2661, section 5 and table 1).
    ``parzen`` is the mean of log p over held-out samples, and ``parzen_error`` is its
    standard error. p is a mixture of normals around generated samples. Images have
    values in [0, 1]. ``parzen_std`` is the standard deviation of the normals, the one
    that fits training samples best. ``parzen_real`` is the score of training samples
    in place of generated samples.
    """

    higher = ("parzen",)
    neither = ("parzen_error", "parzen_std", "parzen_real")

    def __init__(self, evaluation_data: EvaluationData):
        evaluation_data.require_pixels()
        need_samples(evaluation_data, training=1, held_out=2)
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
