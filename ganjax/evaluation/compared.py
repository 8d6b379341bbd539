"""Evaluators that compare generated samples with real ones by a measure."""

import functools
from collections.abc import Callable, Iterator

from ganjax.core import GameState
from ganjax.evaluation.exhibit import Exhibit
from ganjax.evaluation.measures import MEASURES, Scores

# Fréchet and kernel distances have a name of their own over this extractor alone.
INCEPTION = "inception"
_OF_INCEPTION = {"fd": "fid", "kd": "kid"}


class Compared:
    """Scores of one measure, and beside each its ``_floor``: what held-out real samples
    in the place of generated ones have, so many of them at most.

    A name says over which features and how many samples: ``fd_small_cnn_mnist_5k``.
    """

    def __init__(self, measure: Callable[..., Scores], exhibit: Exhibit):
        self._measure, self._exhibit = measure, exhibit

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        fake = self._exhibit.fake(state)
        yield from self._named(self._measure(self._exhibit.train, fake), len(fake))
        for name, value in self._floor:
            yield f"{name}_floor", value

    @functools.cached_property
    def _floor(self) -> list[tuple[str, float]]:
        other = self._exhibit.test.first(self._exhibit.samples)
        return list(self._named(self._measure(self._exhibit.train, other), len(other)))

    def _named(self, scores, count):
        for stem, value in scores:
            yield name_of(self._exhibit, stem, count), value


def name_of(exhibit: Exhibit, stem: str, count: int) -> str:
    """The name of a score: what, over which features, over how many samples."""
    amount = f"{count // 1000}k" if count % 1000 == 0 else str(count)
    if exhibit.extractor is None:
        features = "pixels" if exhibit.pictures else "points"
    else:
        features = exhibit.extractor.name
    first, *rest = stem.split("_")
    if features == INCEPTION and first in _OF_INCEPTION:
        return "_".join([_OF_INCEPTION[first], *rest, amount])
    return f"{stem}_{features}_{amount}"


COMPARED = {
    name: functools.partial(Compared, measure) for name, measure in MEASURES.items()
}
