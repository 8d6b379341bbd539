"""What a measure needs of the sets that it compares.

One rule serves a run, which is checked before step 1 from sizes and labels, and sets in
files, which are checked when they have been read.
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
    """A set of samples before it is compared.

    Attributes:
      words: ``(count, of_class) -> text``, as in ``3 held-out images of class 'cat'``.
      count: number of samples.
      label: returns the label of each sample ``[n]``. Only a measure that needs classes
        reads them.
    """

    words: Callable[[int, str], str]
    count: int
    label: Callable[[], Any]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known before a comparison.

    Attributes:
      real: the reference; ``None`` for saved statistics.
      others: the sets that are compared with the reference.
      classes: returns whether there are probabilities of classes.
      values: number of values of a sample, if they are its features; otherwise 0.
      sample: a sample with many values, in words.
      extractor: where the user chooses an extractor.
      class_name: the name of a label.
    """

    real: Counted | None
    others: Sequence[Counted]
    classes: Callable[[], bool]
    values: int = 0
    sample: str = ""
    extractor: str = ""
    class_name: Callable[[Any], str] = str


def check_measure(measure: "Measure", facts: Facts) -> None:
    """Raise ``Uncomputable`` unless the sets have what a measure needs."""
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
        raise Uncomputable("expected an extractor with classes")
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
