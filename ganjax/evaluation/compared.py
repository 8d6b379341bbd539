"""Measures, which compare two sets of samples, and evaluators, which apply a measure to
the samples of a run."""

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
    """A function that compares two sets of samples, and what this function needs.

    The decorator ``measure`` makes it. A call with the samples of a run (an
    ``EvaluationData``) returns an evaluator: an object that scores a model.

    Attributes:
      function: ``(real, other) -> iterator of (stem, value)``. ``real`` and ``other``
        are ``Side``s: sets of samples with features. A stem is the first part of the
        name of a score, such as ``fd``. A measure with options passes them as a third
        argument.
      lower, higher: stems of the scores for which lower, or higher, is better.
      neither: stems of spreads and of interval ends, which have no better direction.
      least: the fewest real samples, and the fewest other samples, that the function
        can compare; or a function of the options that returns both numbers.
      options: a dataclass with ``option`` fields. They become the section
        ``evaluation.NAME`` of the config. ``None`` for a measure without options.
      each_class: the fewest samples of each class on each side; above 0, all samples
        must have labels.
      probabilities: whether the function reads class probabilities, so that it needs an
        extractor with classes.
      widest: without an extractor, the most values that a sample may have; 0 for no
        limit.
      smallest_side: the fewest pixels on a side of the images. Above 0, the function
        reads the images and not the features, and names of scores contain ``pixels``.
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
        """Yield the scores of ``other``, compared with ``real``, as ``(stem, value)``.

        A stem is the first part of the name of a score, such as ``fd``.
        """
        given = () if self.options is None else (self.options,)
        return self.function(real, other, *given)

    @property
    def fewest(self) -> tuple[int, int]:
        """Return the fewest real samples and the fewest other samples that are needed
        with the current options."""
        return self.least(self.options) if callable(self.least) else self.least

    def with_options(self, values: Mapping[str, Any]) -> "Measure":
        """Return a copy of this measure with some options replaced.

        Args:
          values: name of an option -> new value.
        """
        options = dataclasses.replace(self.options, **dict(values))
        return dataclasses.replace(self, options=options)

    @property
    def stated(self) -> dict[str, Any]:
        """Return the options whose values are not the defaults, name -> value. They are
        part of the protocol of a score (the record of how it was computed)."""
        if self.options is None:
            return {}
        default = dataclasses.asdict(type(self.options)())
        given = dataclasses.asdict(self.options)
        return {name: x for name, x in given.items() if x != default[name]}

    def name_of(self, evaluation_data: Any, stem: str, count: int) -> str:
        """Return the name of a score, such as ``fd_small_cnn_mnist_5k``.

        Args:
          evaluation_data: an ``EvaluationData``, or an object with its attributes
            ``extractor`` and ``pictures``. They name the features.
          stem: the first part of the name, such as ``fd``.
          count: the number of scored samples.
        """
        if self.smallest_side:
            evaluation_data = _PIXELS
        return name_of(evaluation_data, stem, count)

    def __call__(self, evaluation_data: EvaluationData) -> "Compared":
        return Compared(self, evaluation_data)


def measure(**attributes: Any) -> Callable[..., Measure]:
    """Return a decorator that turns a function into a ``Measure``.

    Args:
      attributes: attributes of the ``Measure``, all but ``function``.
    """
    return lambda function: Measure(function, **attributes)


class Compared:
    """An evaluator that applies one measure to the samples of a model.

    Each score has a second score with the suffix ``_floor``: the same measure of
    held-out real samples in place of generated samples. The held-out samples are at
    most as many as the generated samples. The name of a score contains the features and
    the number of samples: ``fd_small_cnn_mnist_5k``.

    Raises:
      Uncomputable: if there are too few samples, or labels, class probabilities or
        images that the measure needs are missing.
      BadInput: if the extractor does not accept the images.
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
