"""Parts of a source: some of its classes, of its labels, or of its samples."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.source import Arrays, Composed, Source, in_memory
from ganjax.errors import BadInput


def of_classes(source: Source, classes: Sequence[int]) -> Source:
    """Keep only the training samples of ``classes``. The test split is unchanged.

    Raises:
        BadInput: a class is repeated or unknown, or the data have no labels, because
            they are generated in the step or are pairs.
    """
    count = len(source.spec.classes)
    wrong = [label for label in classes if not 0 <= label < count]
    if wrong or len(set(classes)) < len(classes):
        raise BadInput(
            f"data.classes={','.join(map(str, classes))}: expected different labels of "
            f"data.name='{source.spec.name}', which has {count} classes"
        )
    train = _arrays(source, "data.classes")
    kept = in_memory(train, np.isin(train.label, classes))
    # Scores for other training classes are not comparable: the name shows the classes.
    name = f"{source.spec.name}:{','.join(map(str, classes))}"
    spec = dataclasses.replace(source.spec, name=name, normal=tuple(classes))
    return Source(spec, kept, source.test)


def partly_labelled(source: Source, labels: int, subset: int = 0) -> Source:
    """Make only ``labels`` training labels known, equally many of each class.

    ``subset`` is the seed of the choice. A batch holds ``'data'``, drawn from all
    samples, and ``'labelled'`` with ``'known'``: labelled samples and their labels.

    Raises:
        BadInput: ``labels`` is not a positive multiple of the class count, a class has
            too few samples, or the data are drawn or in pairs.
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
            f"data.labels={labels}: expected no more labels of a class than samples "
            f"in data.name='{source.spec.name}'"
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
    """Return ``count`` training samples, chosen by the seed ``subset``. For one seed, a
    larger choice contains every smaller choice.

    Raises:
        BadInput: there are fewer samples, or the data are drawn or in pairs.
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
            f"{field}: expected data that are read, not drawn or in pairs like "
            f"data.name='{source.spec.name}'"
        )
    return in_memory(source.train)
