"""Small images judged by their pixels, for data where that means something."""

from collections.abc import Iterator

import jax
import numpy as np

from ganjax.core import Game, GameState, child_key
from ganjax.data import Source
from ganjax.errors import BadInput
from ganjax.evaluation.sampling import draw, held_out
from ganjax.metrics import (
    density_coverage,
    frechet_distance,
    knn_classify,
    moments,
)

# A full covariance of more pixels than this has no meaning at these sample counts.
MOST_PIXELS = 1024
MOST_REAL = 10_000


class Pixels:
    """Class shares, coverage and Fréchet distance in pixel space.

    ``classes_found`` and ``smallest_class_share`` come from a 5-nearest-neighbour
    classifier over real training images, which never sees a generated one; a class
    counts when at least 1 % of the samples are its. ``coverage`` (k = 5, Naeem et al.
    2020, arXiv 2002.09797) is over held-out images. ``frechet_pixels`` is between the
    samples and the training images; ``frechet_pixels_floor`` between two halves of the
    training images: a yardstick for what sampling alone makes of equal distributions,
    and no bound, as the sets compared are not of the same sizes.
    """

    def __init__(self, game: Game, source: Source, *, samples: int, seed: int):
        if len(source.spec.shape) != 3:
            raise BadInput(
                f"evaluation.names='pixels': expected images, and "
                f"data.name='{source.spec.name}' has points"
            )
        self._game, self._samples, self._seed = game, samples, seed
        self._classes = len(source.spec.classes)
        self._train, self._labels = _flat(held_out(source.train, MOST_REAL, seed))
        self._test, _ = _flat(held_out(source.test, MOST_REAL, seed))
        if self._train.shape[1] <= MOST_PIXELS:
            half = len(self._train) // 2
            self._real = moments(self._train)
            self._floor = frechet_distance(
                *moments(self._train[:half]), *moments(self._train[half:])
            )

    def run(self, state: GameState) -> Iterator[tuple[str, float]]:
        key = child_key(jax.random.key(self._seed), "evaluation")
        fake = draw(self._game, state, key, self._samples)
        fake = fake.reshape(len(fake), -1)
        if self._classes:
            labels = knn_classify(self._train, self._labels, fake, k=5)
            shares = np.bincount(labels, minlength=self._classes) / len(fake)
            yield "classes_found", float(np.sum(shares >= 0.01))
            yield "smallest_class_share", float(shares.min())
        yield "coverage", density_coverage(self._test, fake, k=5)["coverage"]
        if self._train.shape[1] <= MOST_PIXELS:
            yield "frechet_pixels", frechet_distance(*self._real, *moments(fake))
            yield "frechet_pixels_floor", self._floor


def _flat(samples):
    data, label = samples
    return data.reshape(len(data), -1), label
