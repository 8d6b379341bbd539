"""Checks of sets of samples: whether they fit each other, an extractor and measures."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ganjax.errors import BadInput, shape_text
from ganjax.evaluation.compared import Measure
from ganjax.evaluation.set_features import take_extractor
from ganjax.evaluation.sets import ArraySet, ImageSet, same_classes
from ganjax.evaluation.statistics_file import Statistics
from ganjax.metrics.features import Extractor

Set = ImageSet | ArraySet | Statistics


def pictures(found: Set) -> bool:
    """Return whether a set holds images. Otherwise it holds features or statistics."""
    return len(found.shape) == 3


def features_of(extractor: Extractor | None) -> dict[str, str]:
    """Return the fields of a protocol that identify the features: the extractor, the
    SHA-256 of its weights, and its resize filter."""
    return {
        "extractor": extractor.name if extractor else "none",
        "weights": extractor.digest if extractor else "none",
        "resize": extractor.resize if extractor else "none",
    }


def check_fit(sets: Sequence[Set], extractor: Extractor | None) -> None:
    """Check that the features of all sets can be compared.

    Raises:
      BadInput: an extractor is given, but no set holds images, or it does not accept
        the images. Or no extractor is given, but images are compared with features or
        with images of another shape. Or the sets have different numbers of features, or
        features of different extractors.
    """
    images = [one for one in sets if pictures(one)]
    if extractor is not None and not images:
        raise BadInput(
            f"extractor='{extractor.name}': expected images, the sets hold features"
        )
    for one in images:
        take_extractor(one, extractor)
    given = [one for one in sets if isinstance(one, ArraySet) and not pictures(one)]
    if images and given and extractor is None:
        raise BadInput(
            f"'{given[0].path}': holds features and '{images[0].path}' images, "
            f"expected an extractor for the images"
        )
    first, expected = sets[0], _width(sets[0], extractor)
    for one in sets[1:]:
        # Without an extractor, images of another form can have equally many pixels.
        form = extractor is None and pictures(one) and pictures(first)
        if _width(one, extractor) != expected or form and one.shape != first.shape:
            raise BadInput(
                f"'{one.path}': {_shape(one, extractor)}, expected "
                f"{_shape(first, extractor)} as in '{first.path}'"
            )
    _check_features(sets, extractor)


def _width(one, extractor):
    return extractor.width if extractor and pictures(one) else math.prod(one.shape)


def _shape(one, extractor):
    if pictures(one) and extractor is None:
        return f"images of {shape_text(one.shape)}"
    return f"{_width(one, extractor)} features"


def _check_features(sets, extractor):
    """Raise ``BadInput`` if statistics state other features than another set has."""
    known = []
    for one in sets:
        if isinstance(one, Statistics) and one.features:
            known.append((one.path, one.features))
        elif pictures(one):
            known.append((one.path, features_of(extractor)))
    for path, features in known[1:]:
        for field, value in features.items():
            if value != (expected := known[0][1].get(field)):
                raise BadInput(
                    f"'{path}': features with {field}='{value}', expected '{expected}' "
                    f"as in '{known[0][0]}'"
                )


def check_pixels(
    sets: Sequence[Set], measures: Mapping[str, Measure], extractor: str
) -> None:
    """Check that measures that read images, and not features, can use the sets. Other
    measures are not checked.

    Args:
      sets: the sets of samples to compare.
      measures: name -> measure.
      extractor: the name of the extractor; '' if there is none.

    Raises:
      BadInput: one of these measures is combined with an extractor, a set does not hold
        images, or its images are smaller than the measure needs.
    """
    for name, measure in measures.items():
        if not (least := measure.smallest_side):
            continue
        if extractor:
            raise BadInput(
                f"metrics='{name}': reads images, expected no extractor, not "
                f"extractor='{extractor}'"
            )
        for one in sets:
            if not pictures(one) or min(one.shape[:2]) < least:
                raise BadInput(
                    f"metrics='{name}': '{one.path}' has {_shape(one, None)}, expected "
                    f"images with at least {least} pixels on each side"
                )


def check_pair(one: Set, other: Set) -> None:
    """Check that sample i of one set can be compared with sample i of the other set.

    Raises:
      BadInput: a set holds statistics and not samples, or the sets differ in size.
    """
    for found in (one, other):
        if isinstance(found, Statistics):
            raise BadInput(
                f"'{found.path}': holds statistics, expected samples to compare two "
                f"sets"
            )
    if len(one) != len(other):
        raise BadInput(
            f"'{other.path}': {len(other)} samples, expected {len(one)} as in "
            f"'{one.path}'"
        )


def labels_of(
    sets: Sequence[Set], measures: Iterable[Measure], by_class: bool
) -> Sequence[np.ndarray | None]:
    """Return the class of each sample for each set, or ``None`` if no class is needed.

    Args:
      sets: the reference, and the sets to score.
      measures: the measures to compute; some need classes.
      by_class: whether to score each class separately as well.

    Raises:
      BadInput: a set has no classes, or has no sample of a class of the reference.
    """
    if not by_class and not any(measure.each_class for measure in measures):
        return [None] * len(sets)
    for one in sets:
        if isinstance(one, Statistics):
            raise BadInput(
                f"'{one.path}': statistics have no classes, expected samples"
            )
    return same_classes(sets)
