"""Parts of a source: some of its classes, a few of its labels, or of its samples."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.source import Arrays, Composed, Source, in_memory
from ganjax.errors import BadInput


def of_classes(source: Source, classes: Sequence[int]) -> Source:
    """``source`` with training samples of ``classes`` alone; the test split keeps all.

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
    kept = in_memory(train, np.isin(train.label, classes))
    # Scores of other training samples are other scores.
    name = f"{source.spec.name}:{','.join(map(str, classes))}"
    spec = dataclasses.replace(source.spec, name=name, normal=tuple(classes))
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
            first, second = jax.random.split(key)
            i = jax.random.randint(first, (), 0, len(images))
            j = jax.random.randint(second, (), 0, len(few))
            data, labelled = scaled(images[i]), scaled(few[j])
            return {"data": data, "labelled": labelled, "known": known[j]}

        return jax.vmap(one)(keys)

    arrays = train.data, train.data[chosen], train.label[chosen]
    names = dict(domains=("data", "labelled"), labels="known")
    spec = dataclasses.replace(source.spec, **names)
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
    order = np.random.default_rng(subset).permutation(len(train))
    return in_memory(train, order[:count])


def _arrays(source, field):
    if callable(source.train) or source.spec.domains != ("data",):
        raise BadInput(
            f"{field}: expected data that are read, not drawn or in pairs as those of "
            f"data.name='{source.spec.name}'"
        )
    return in_memory(source.train)
