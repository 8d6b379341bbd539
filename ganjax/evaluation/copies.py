"""Whether generated samples are copies of training samples."""

from collections.abc import Iterator

from ganjax.core import GameState
from ganjax.evaluation.compared import name_of
from ganjax.evaluation.exhibit import Exhibit
from ganjax.metrics import memorisation


class Copies:
    """Share of copied samples and the data-copying statistic, over the training samples
    that the protocol counts: of a larger training set only these are looked through."""

    def __init__(self, exhibit: Exhibit):
        self._exhibit = exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        exhibit = self._exhibit
        fake = exhibit.fake(state)
        found = memorisation(
            fake.features, exhibit.train.features, exhibit.test.features
        )
        for stem, value in found.items():
            yield name_of(exhibit, stem, len(fake)), value
