"""Measures that compare two sets of samples, and the evaluators made from them."""

import dataclasses
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

from ganjax.evaluation.evaluation_data import EvaluationData, Side
from ganjax.evaluation.needs import (
    need_features,
    need_labels,
    need_narrow,
    need_of_each_class,
    need_pictures,
    need_probabilities,
    need_samples,
    warn_of_few_held_out,
)
from ganjax.evaluation.scores import name_of
from ganjax.model import Model

Scores = Iterator[tuple[str, float]]
_PIXELS = types.SimpleNamespace(extractor=None, pictures=True)


@dataclasses.dataclass(eq=False)
class Measure:
    """A function that compares two sets of samples, made by ``measure``. Called with an
    ``EvaluationData``, it returns an evaluator, as an evaluator's class does.

    Attributes:
      function: ``(real, other) -> iterator of (stem, value)`` over two ``Side``s.
      lower, higher: stems of the scores for which lower, or higher, is better.
      neither: stems of spreads and of interval ends, which have no better direction.
      least: the fewest real samples, and the fewest other samples, that it can compare.
      each_class: the fewest samples of each class on each side; above 0, all samples
        must have labels.
      probabilities: whether it reads ``Side.probabilities``, so that it needs an
        extractor with classes.
      widest: the most values of a sample that it can use as features without an
        extractor; 0 is no limit.
      smallest_side: the fewest pixels on a side of the images; above 0, it reads the
        images and not their features, and its scores are named after pixels.
    """

    function: Callable[[Side, Side], Scores]
    lower: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    neither: tuple[str, ...] = ()
    least: tuple[int, int] = (1, 1)
    each_class: int = 0
    probabilities: bool = False
    widest: int = 0
    smallest_side: int = 0

    def __post_init__(self):
        functools.update_wrapper(self, self.function)

    def name_of(self, evaluation_data: Any, stem: str, count: int) -> str:
        """Return the name of a score. The argument has the attributes ``extractor`` and
        ``pictures`` of an ``EvaluationData``."""
        if self.smallest_side:
            evaluation_data = _PIXELS
        return name_of(evaluation_data, stem, count)

    def __call__(self, evaluation_data: EvaluationData) -> "Compared":
        return Compared(self, evaluation_data)


def measure(**attributes: Any) -> Callable[..., Measure]:
    """Return a decorator that makes a ``Measure`` with ``attributes``."""
    return lambda function: Measure(function, **attributes)


class Compared:
    """The evaluator of one measure.

    Each score has a ``_floor``: the score of held-out real samples in place of
    generated samples, with at most the same number. A score's name contains its
    features and its number of samples: ``fd_small_cnn_mnist_5k``.

    Raises:
      Uncomputable: if the data do not have what the measure needs.
    """

    def __init__(self, measure: Measure, evaluation_data: EvaluationData):
        self._measure, self._data = measure, evaluation_data
        real, other = measure.least
        counts = {"training": real, "held_out": other, "generated": other}
        need_samples(evaluation_data, **counts)
        if measure.widest:
            need_narrow(evaluation_data, measure.widest)
        need_features(evaluation_data)
        warn_of_few_held_out(evaluation_data)
        if measure.probabilities:
            need_probabilities(evaluation_data)
        if measure.smallest_side:
            need_pictures(evaluation_data, measure.smallest_side)
        if measure.each_class:
            need_labels(evaluation_data)
            need_of_each_class(evaluation_data, measure.each_class)

    def run(self, model: Model) -> Scores:
        yield from self._scores(self._data.fake(model))
        for name, value in self._floor:
            yield f"{name}_floor", value

    @functools.cached_property
    def _floor(self) -> list[tuple[str, float]]:
        return list(self._scores(self._data.test.first(self._data.samples)))

    def _scores(self, other):
        for stem, value in self._measure.function(self._data.train, other):
            yield self._measure.name_of(self._data, stem, len(other)), value
