"""Train on a part of a data set: on some classes, some labels, or some samples."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.label_list import nfc
from ganjax.data.source import (
    Arrays,
    Composed,
    Source,
    Spec,
    chosen,
    in_memory,
    labels_of,
)
from ganjax.errors import BadInput, nearest
from ganjax.options import Option


class ClassesOption(Option):
    """The declaration of a config field that holds classes, by name or by number.

    Text that is a whole number becomes a number. Later, ``of_classes`` decides whether
    the number is a label or the name of a class.
    """

    def typed(self, path: str, value: Any) -> tuple[int | str, ...]:
        """Return a value of a config file as a tuple of names and numbers. Raise
        ``BadInput`` if it is not a list of texts and whole numbers."""
        if isinstance(value, list | tuple) and {type(x) for x in value} <= {int, str}:
            return tuple(_number_or_name(str(x)) for x in value)
        raise BadInput(f"{path}={value!r}: expected {self.kind}")

    def parsed(self, path: str, text: str) -> tuple[int | str, ...]:
        """Return command-line text, such as ``cat,3``, as a tuple of names and
        numbers."""
        text = text.strip()
        if text[:1] + text[-1:] in ("()", "[]"):
            text = text[1:-1]
        parts = [part.strip(" '\"") for part in text.split(",")]
        return tuple(_number_or_name(part) for part in parts if part)

    @property
    def kind(self) -> str:
        """The values that the field accepts, in words."""
        return "classes by name or number, as in cat,3"


CLASSES = ClassesOption((), "train only on samples of these classes; all if empty")


def _number_or_name(text: str) -> int | str:
    digits = text.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and str(int(text)) == text
    return int(text) if is_number else nfc(text)


def of_classes(source: Source, classes: Sequence[int | str]) -> Source:
    """Keep only the training samples of some classes. The test split is unchanged.

    Args:
        classes: names or labels. A number that is also the name of a class means this
            class.

    Returns:
        the reduced source. Its ``about['shown']`` has a line that states the classes.

    Raises:
        BadInput: a class is repeated or unknown, the data have no classes, or the
            samples are not stored one by one (pairs of images, generated samples).
    """
    names = source.spec.classes
    labels = labels_named(source.spec, classes, "data.classes")
    given = f"data.classes={','.join(map(str, classes))}"
    train = _items(source, "data.classes")
    kept = chosen(train, np.flatnonzero(np.isin(labels_of(train), labels)))
    # Scores for other training classes are not comparable: the name shows the classes.
    name = f"{source.spec.name}:{','.join(map(str, labels))}"
    spec = dataclasses.replace(source.spec, name=name, normal=tuple(labels))
    said = ", ".join(f"{names[label]} (label {label})" for label in labels)
    shown = [*source.about.get("shown", []), f"data: {given} means {said}"]
    about = {**source.about, "shown": shown}
    return dataclasses.replace(source, spec=spec, train=kept, about=about)


def labels_named(spec: Spec, classes: Sequence[int | str], field: str) -> list[int]:
    """Return the labels of classes that are given by name or number.

    A value that equals the name of a class means this class. Otherwise a whole number
    is a label.

    Raises:
        BadInput: a class is repeated or unknown. The message names ``field``.
    """
    names = spec.classes
    known = {name: label for label, name in enumerate(names)}
    known = {str(label): label for label in range(len(names))} | known
    labels = [known.get(str(value)) for value in classes]
    found = [label for label in labels if label is not None]
    if len(set(found)) < len(labels):
        wrong = str(classes[labels.index(None)]) if None in labels else ""
        raise BadInput(
            f"{field}={','.join(map(str, classes))}: expected different labels or "
            f"names of classes of data.name='{spec.name}', which has {len(names)} "
            f"classes{nearest(wrong, names) if wrong else ''}"
        )
    return found


def partly_labelled(source: Source, labels: int, subset: int = 0) -> Source:
    """Return the source with only ``labels`` known training labels, equally many of
    each class.

    A training batch then holds ``'data'``, drawn from all samples, and ``'labelled'``
    with ``'known'``: samples with known labels, and these labels.

    Args:
        labels: number of known labels.
        subset: the seed that chooses the samples with known labels.

    Raises:
        BadInput: ``labels`` is not a positive multiple of the number of classes, a
            class has too few samples, or the samples are not stored one by one (pairs
            of images, generated samples).
    """
    count = len(source.spec.classes)
    if count == 0 or labels % count or labels <= 0:
        raise BadInput(
            f"data.labels={labels}: expected a multiple of the {count} classes of "
            f"data.name='{source.spec.name}'"
        )
    train = in_memory(_items(source, "data.labels"))
    order = np.random.default_rng(subset).permutation(len(train))
    known = np.concatenate(
        [order[train.label[order] == k][: labels // count] for k in range(count)]
    )
    if len(known) < labels:
        raise BadInput(
            f"data.labels={labels}: expected no more labels of a class than the class "
            f"has training samples in data.name='{source.spec.name}'"
        )

    def make(arrays, keys):
        images, few, known = arrays

        def one(key):
            first, second = jax.random.split(key)
            i = jax.random.randint(first, (), 0, len(images))
            j = jax.random.randint(second, (), 0, len(few))
            data, labelled = scaled(images[i]), scaled(few[j])
            return {"data": data, "labelled": labelled, "known": known[j]}

        return jax.vmap(one)(keys)

    arrays = train.data, train.data[known], train.label[known]
    names = dict(domains=("data", "labelled"), labels="known")
    spec = dataclasses.replace(source.spec, **names)
    return dataclasses.replace(source, spec=spec, train=Composed(arrays, make))


def some_of(source: Source, count: int, subset: int = 0) -> Arrays:
    """Return ``count`` training samples, chosen by the seed ``subset``. With the same
    seed, a larger choice contains every smaller choice.

    Raises:
        BadInput: there are fewer than ``count`` samples, or the samples are not stored
            one by one (pairs of images, generated samples).
    """
    train = _items(source, "data.limit")
    if count > len(train):
        raise BadInput(
            f"data.limit={count}: expected at most the {len(train)} training samples "
            f"of data.name='{source.spec.name}'"
        )
    order = np.random.default_rng(subset).permutation(len(train))
    return in_memory(train, order[:count])


def _items(source, field):
    if callable(source.train) or source.spec.domains != ("data",):
        raise BadInput(
            f"{field}: expected samples that are stored one by one, but "
            f"data.name='{source.spec.name}' generates or combines its samples"
        )
    return source.train
