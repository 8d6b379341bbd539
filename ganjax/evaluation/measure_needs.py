"""Check that sets of samples have what a measure needs, such as enough samples.

A measure compares real samples with other samples. ``check_measure`` is called for a
run before its first training step, and for sets in files after they are read.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganjax.errors import Uncomputable

if TYPE_CHECKING:
    from ganjax.evaluation.compared import Measure


@dataclasses.dataclass(frozen=True)
class Counted:
    """The size and the labels of a set of samples, and how messages name the set.

    Attributes:
      words: ``(count, of_class) -> text`` for error messages, such as
        ``3 held-out images of class 'cat'``. ``of_class`` is ``" of class 'cat'"`` or
        empty.
      count: number of samples.
      label: function without arguments that returns the labels ``[n]``. It is called
        only for a measure that scores each class.
    """

    words: Callable[[int, str], str]
    count: int
    label: Callable[[], Any]


@dataclasses.dataclass(frozen=True)
class Facts:
    """Facts about the sets that a measure is going to compare.

    Attributes:
      real: the reference; ``None`` if only its saved mean and covariance are known.
      others: the sets that are compared with the reference.
      classes: function without arguments that returns whether an extractor gives class
        probabilities of the samples.
      values: number of values of a sample if these values (pixels or points) are used
        as features; otherwise 0.
      sample: the name of the samples in an error message about ``values``.
      extractor: the config field or flag that chooses an extractor, for messages.
      class_name: ``label -> name of the class``, for messages.
    """

    real: Counted | None
    others: Sequence[Counted]
    classes: Callable[[], bool]
    values: int = 0
    sample: str = ""
    extractor: str = ""
    class_name: Callable[[Any], str] = str


def check_measure(measure: "Measure", facts: Facts) -> None:
    """Check that the sets have what a measure needs.

    Raises:
      Uncomputable: a set, or a class of it, has too few samples; the samples have too
        many values to be features; or class probabilities are needed and missing.
    """
    least_real, least_other = measure.fewest
    wanted = [(one, least_other) for one in facts.others]
    if facts.real is not None:
        wanted.insert(0, (facts.real, least_real))
    for one, least in wanted:
        _check_count(one, one.count, least)
    if measure.widest and facts.values > measure.widest:
        raise Uncomputable(
            f"{facts.values} values of {facts.sample} as features: expected at most "
            f"{measure.widest}, or an extractor ({facts.extractor})"
        )
    if measure.probabilities and not facts.classes():
        raise Uncomputable(
            f"there are no class probabilities, expected an extractor with classes "
            f"({facts.extractor})"
        )
    if measure.each_class:
        _check_classes([one for one, _ in wanted], measure.each_class, facts.class_name)


def _check_classes(sets, least, class_name):
    """Check each class of the first set."""
    labels = [np.asarray(one.label()) for one in sets]
    for value in np.unique(labels[0]):
        for one, label in zip(sets, labels, strict=True):
            of_class = f" of class '{class_name(value)}'"
            _check_count(one, int(np.sum(label == value)), least, of_class)


def _check_count(one, count, least, of_class=""):
    if count < least:
        raise Uncomputable(f"{one.words(count, of_class)}, expected at least {least}")
