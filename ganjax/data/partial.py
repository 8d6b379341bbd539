"""Parts of a source: some of its classes, a few of its labels, or of its samples."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.source import Arrays, Composed, Source, in_memory
from ganjax.errors import BadInput


def of_classes(source: Source, classes: Sequence[int]) -> Source:
    """``source`` with training samples of ``classes`` alone; the test split stays, with
    all labels, for whoever is to tell the others apart.

    Raises:
        BadInput: for labels that are none of the data, or data without samples at hand.
    """
    count = len(source.spec.classes)
    wrong = [label for label in classes if not 0 <= label < count]
    if wrong or len(set(classes)) < len(classes):
        raise BadInput(
            f"data.classes={','.join(map(str, classes))}: expected different labels of "
            f"data.name='{source.spec.name}', which has {count}"
        )
    train = _arrays(source, "data.classes")
    chosen = np.isin(train.label, classes)
    kept = Arrays(train.data[chosen], train.label[chosen])
    spec = dataclasses.replace(
        source.spec,
        # Scores of other training samples are other scores.
        name=f"{source.spec.name}:{','.join(map(str, classes))}",
        normal=tuple(classes),
    )
    return Source(spec, kept, source.test)


def partly_labelled(source: Source, labels: int, subset: int = 0) -> Source:
    """``source`` of which ``labels`` training samples have a label that may be known,
    as many of each class, by a choice that ``subset`` seeds.

    A batch holds ``'data'``, drawn of all samples, and beside it ``'labelled'`` with
    ``'known'``, drawn of those few and their labels.

    Raises:
        BadInput: unless each class has as many samples, and at least one.
    """
    count = len(source.spec.classes)
    if count == 0 or labels % count or labels <= 0:
        raise BadInput(
            f"data.labels={labels}: expected a multiple of the {count} classes of "
            f"data.name='{source.spec.name}'"
        )
    train = _arrays(source, "data.labels")
    order = np.random.default_rng(subset).permutation(len(train))
    chosen = np.concatenate(
        [order[train.label[order] == k][: labels // count] for k in range(count)]
    )
    if len(chosen) < labels:
        raise BadInput(
            f"data.labels={labels}: expected at most as many as each class of "
            f"data.name='{source.spec.name}' has"
        )

    def make(arrays, keys):
        images, few, known = arrays

        def one(key):
            any_, labelled = jax.random.split(key)
            i = jax.random.randint(any_, (), 0, len(images))
            j = jax.random.randint(labelled, (), 0, len(few))
            return {
                "data": scaled(images[i]),
                "labelled": scaled(few[j]),
                "known": known[j],
            }

        return jax.vmap(one)(keys)

    arrays = train.data, train.data[chosen], train.label[chosen]
    spec = dataclasses.replace(
        source.spec, domains=("data", "labelled"), labels="known"
    )
    return Source(spec, Composed(arrays, make), source.test)


def some_of(source: Source, count: int, subset: int = 0) -> Arrays:
    """``count`` training samples to learn from, by a choice that ``subset`` seeds; a
    larger part of the same choice holds a smaller one.

    Raises:
        BadInput: for more than there are, or data without samples at hand.
    """
    train = _arrays(source, "data.limit")
    if count > len(train):
        raise BadInput(
            f"data.limit={count}: expected at most the {len(train)} training samples "
            f"of data.name='{source.spec.name}'"
        )
    chosen = np.random.default_rng(subset).permutation(len(train))[:count]
    return Arrays(train.data[chosen], train.label[chosen])


def _arrays(source, field):
    if callable(source.train) or source.spec.domains != ("data",):
        raise BadInput(
            f"{field}: expected data that are read, not drawn or in pairs as those of "
            f"data.name='{source.spec.name}'"
        )
    return in_memory(source.train)
