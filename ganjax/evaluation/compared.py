"""Measures that compare two sets of samples, and the evaluators made from them."""

import dataclasses
import functools
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ganjax.evaluation.evaluation_data import EvaluationData
from ganjax.evaluation.measure_needs import check_measure
from ganjax.evaluation.needs import (
    known_facts,
    need_features,
    need_labels,
    need_pictures,
    warn_of_few_held_out,
)
from ganjax.evaluation.scores import name_of
from ganjax.evaluation.side import Side
from ganjax.model import Model

Scores = Iterator[tuple[str, float]]
_PIXELS = types.SimpleNamespace(extractor=None, pictures=True)


@dataclasses.dataclass(eq=False)
class Measure:
    """A function that compares two sets of samples, made by ``measure``. Called with an
    ``EvaluationData``, it returns an evaluator, as an evaluator's class does.

    Attributes:
      function: ``(real, other) -> iterator of (stem, value)`` over two ``Side``s. The
        function of a measure with options gets them as its third argument.
      lower, higher: stems of the scores for which lower, or higher, is better.
      neither: stems of spreads and of interval ends, which have no better direction.
      least: the fewest real samples, and the fewest other samples, that it can compare;
        or a function of the options that returns both numbers.
      options: a dataclass with ``option`` fields, which the config has in the section
        ``evaluation.NAME``; ``None`` for a measure without options.
      each_class: the fewest samples of each class on each side; above 0, all samples
        must have labels.
      probabilities: whether it reads ``Side.probabilities``, so that it needs an
        extractor with classes.
      widest: the most values of a sample that it can use as features without an
        extractor; 0 is no limit.
      smallest_side: the fewest pixels on a side of the images; above 0, it reads the
        images and not their features, and its scores are named after pixels.
    """

    function: Callable[..., Scores]
    lower: tuple[str, ...] = ()
    higher: tuple[str, ...] = ()
    neither: tuple[str, ...] = ()
    least: tuple[int, int] | Callable[[Any], tuple[int, int]] = (1, 1)
    options: Any = None
    each_class: int = 0
    probabilities: bool = False
    widest: int = 0
    smallest_side: int = 0

    def __post_init__(self):
        functools.update_wrapper(self, self.function)

    def compare(self, real: Side, other: Side) -> Scores:
        """Return the scores of ``other``, as ``(stem, value)``."""
        given = () if self.options is None else (self.options,)
        return self.function(real, other, *given)

    @property
    def fewest(self) -> tuple[int, int]:
        """The fewest real samples, and the fewest other samples, with these options."""
        return self.least(self.options) if callable(self.least) else self.least

    def with_options(self, values: Mapping[str, Any]) -> "Measure":
        """Return this measure with other values of its options."""
        options = dataclasses.replace(self.options, **dict(values))
        return dataclasses.replace(self, options=options)

    @property
    def stated(self) -> dict[str, Any]:
        """The options that differ from their defaults, for a protocol."""
        if self.options is None:
            return {}
        default = dataclasses.asdict(type(self.options)())
        given = dataclasses.asdict(self.options)
        return {name: x for name, x in given.items() if x != default[name]}

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
        if measure.smallest_side:
            need_pictures(evaluation_data, measure.smallest_side)
        if measure.each_class:
            need_labels(evaluation_data)
        need_features(evaluation_data)
        check_measure(measure, known_facts(evaluation_data))
        warn_of_few_held_out(evaluation_data)

    def run(self, model: Model) -> Scores:
        yield from self._scores(self._data.fake(model))
        for name, value in self._floor:
            yield f"{name}_floor", value

    @functools.cached_property
    def _floor(self) -> list[tuple[str, float]]:
        return list(self._scores(self._data.test.first(self._data.samples)))

    def _scores(self, other):
        for stem, value in self._measure.compare(self._data.train, other):
            yield self._measure.name_of(self._data, stem, len(other)), value
