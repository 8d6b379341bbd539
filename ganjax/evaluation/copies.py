"""Whether generated samples are copies of training samples."""

from collections.abc import Iterator

from ganjax.evaluation.exhibit import Exhibit
from ganjax.evaluation.scores import name_of
from ganjax.metrics import memorisation
from ganjax.model import Model


class Copies:
    """Share of copied samples and the data-copying statistic, over the training samples
    that the protocol counts: of a larger training set only these are looked through."""

    # Real samples have a statistic of 0: below it lie copies, above it strange samples.
    lower, neither = ("copied",), ("copying_z",)

    def __init__(self, exhibit: Exhibit):
        self._exhibit = exhibit

    def run(self, model: Model) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        fake = exhibit.fake(model)
        found = memorisation(
            fake.features, exhibit.train.features, exhibit.test.features
        )
        for stem, value in found.items():
            yield name_of(exhibit, stem, len(fake)), value
