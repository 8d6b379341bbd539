"""Whether generated samples are copies of training samples."""

from collections.abc import Iterator

from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.scores import name_of
from ganjax.metrics import memorisation
from ganjax.model import Model


class Copies:
    """Share of copied samples and the data-copying statistic, over the training samples
    that the protocol counts: of a larger training set only these are looked through."""

    # Real samples have a statistic of 0: below it lie copies, above it strange samples.
    lower, neither = ("copied",), ("copying_z",)

    def __init__(self, evaluation_data: EvaluationData):
        self._data = evaluation_data

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        evaluation_data = self._data
        fake = evaluation_data.fake(model)
        found = memorisation(
            fake.features, evaluation_data.train.features, evaluation_data.test.features
        )
        for stem, value in found.items():
            yield name_of(evaluation_data, stem, len(fake)), value
