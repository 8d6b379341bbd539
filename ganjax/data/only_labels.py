"""Keep only the samples of some classes, for scores of these classes."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.source import Composed, Source, chosen, labels_of, real_samples
from ganjax.errors import BadInput

# Draws of a sample until its label is one of the chosen labels.
MOST_DRAWS = 10_000


def only_labels(source: Source, labels: Sequence[int]) -> Source:
    """Return a source with only the samples that have one of these labels.

    Both the training and the test split are reduced. The names of the classes are
    unchanged, so labels keep their meaning.

    Raises:
        BadInput: a label has no training sample.
    """
    spec, train = source.spec, real_samples(source.train)
    there = set(labels) if train is None else set(labels_of(train).tolist())
    for label in labels:
        if label not in there:
            raise BadInput(
                f"classes={spec.classes[label]}: expected a class with training "
                f"samples in data.name='{spec.name}'"
            )
    splits = (_with_labels(split, labels) for split in (source.train, source.test))
    return Source(spec, *splits, source.about)


def _with_labels(split, labels):
    if not callable(split):
        return chosen(split, np.flatnonzero(np.isin(labels_of(split), labels)))
    if not isinstance(split, Composed):
        return lambda keys: _drawn_with(split, keys, labels)

    def make(arrays, keys):
        return _drawn_with(lambda keys: split.make(arrays, keys), keys, labels)

    each = None if split.each is None else _with_labels(split.each, labels)
    return dataclasses.replace(split, make=make, each=each)


def _drawn_with(draw, keys, labels):
    """Return samples with these labels, one for each key. A key draws until its sample
    has one of them, at most ``MOST_DRAWS`` times."""

    def drawn(number):
        return draw(jax.vmap(lambda key: jax.random.fold_in(key, number))(keys))

    def kept(batch):
        return jnp.isin(batch["label"], jnp.asarray(labels))

    def again(state):
        number, batch = state
        return (number < MOST_DRAWS) & ~kept(batch).all()

    def once_more(state):
        number, batch = state
        stays = kept(batch)

        def either(old, new):
            return jnp.where(stays.reshape(-1, *[1] * (old.ndim - 1)), old, new)

        return number + 1, jax.tree.map(either, batch, drawn(number))

    return jax.lax.while_loop(again, once_more, (1, drawn(0)))[1]
