"""Scores of several runs of one game. Their samples are drawn by one program."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np

from ganjax.evaluation.evaluation_data import latent_key
from ganjax.model import Model, sample_together

Attempt = tuple[dict[str, float], dict[str, Exception]]


def attempt(
    evaluations: Callable[[int], Any],
    seeds: Mapping[int, int],
    models: Mapping[int, Model],
    way: str | None,
) -> Iterator[tuple[int, Any, Attempt]]:
    """Yield for each run its place, its evaluation, and the result of
    ``Evaluation.attempt``: its scores, and the errors of evaluators that failed.

    Args:
      evaluations: seed -> the ``Evaluation``. The real samples depend on the seed, so
        runs of one seed come one after another.
      seeds: place of a run -> seed of its evaluation.
      models: place of a run -> its finished model.
      way: how the samples are drawn, as in ``sample_together``.
    """
    places = sorted(models, key=lambda place: seeds[place])
    keys = [latent_key(seeds[place]) for place in places]
    drawn = _Drawn([models[place] for place in places], keys, way)
    for place in places:
        evaluation = evaluations(seeds[place])
        evaluation.draw_with(drawn)
        yield place, evaluation, evaluation.attempt(models[place])


class _Drawn:
    """Samples of several models, drawn together when the first ones are needed."""

    def __init__(self, models, keys, way):
        self._models, self._keys, self._way = models, keys, way
        self._made: Iterator[tuple[Model, np.ndarray]] | None = None
        self._waiting: dict[int, np.ndarray] = {}

    def __call__(self, model: Model, key: jax.Array, n: int) -> np.ndarray:
        if self._made is None:
            samples = sample_together(self._models, self._keys, n, self._way)
            self._made = zip(self._models, samples, strict=True)
        while id(model) not in self._waiting:
            other, samples = next(self._made)
            self._waiting[id(other)] = samples
        return self._waiting.pop(id(model))
