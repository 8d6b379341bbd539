"""Scores that detect copies of training samples."""

from collections.abc import Iterator

from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.needs import (
    need_features,
    need_samples,
    warn_of_few_held_out,
)
from ganjax.evaluation.scores import name_of
from ganjax.metrics import memorisation
from ganjax.model import Model


class Copies:
    """Copies among generated samples, by the distance to the nearest training sample.

    ``copied``: the share of generated samples that are as near to a training sample as
    the nearest 1 % of held-out samples. ``copied_floor``: the same share of held-out
    samples. ``copying_z``: the data-copying statistic (Meehan et al. 2020, arXiv
    2004.05675), negative for copies. Only the training samples that the evaluation
    reads are searched, at most ``evaluation.real``.
    """

    # ``copying_z`` is 0 for real samples, negative for copies, positive for outliers.
    lower, neither = ("copied",), ("copying_z",)

    def __init__(self, evaluation_data: EvaluationData):
        need_samples(evaluation_data, training=1, held_out=2)
        need_features(evaluation_data)
        warn_of_few_held_out(evaluation_data)
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        fake = evaluation_data.fake(model)
        found = memorisation(
            fake.features, evaluation_data.train.features, evaluation_data.test.features
        )
        for stem, value in found.items():
            # The report finds a floor by the name of its score.
            score, floor = stem.removesuffix("_floor"), "_floor" in stem
            name = name_of(evaluation_data, score, len(fake))
            yield f"{name}_floor" if floor else name, value
