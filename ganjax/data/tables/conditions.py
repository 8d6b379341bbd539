"""Conditions on one category of a table, as one-hot numbers (CTGAN; Xu et al. 2019,
arXiv 1907.00503, section 4.3)."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def one_of(spans: Sequence[Any], column: jax.Array, category: jax.Array) -> jax.Array:
    """Return the condition of one category: the one-hot numbers of all spans, one span
    after another, which are 0 except for this category.

    Args:
        spans: the spans of categories, with their ``width``.
        column: index of a span.
        category: index of the category in this span.
    """
    widths = np.array([span.width for span in spans])
    first = jnp.asarray(np.cumsum(widths) - widths)
    return jax.nn.one_hot(first[column] + category, int(widths.sum()))


def natural(
    spans: Sequence[Any], counts: Sequence[Sequence[int]], key: jax.Array
) -> jax.Array:
    """Draw the condition of a sample: a column, and one of its categories by its
    frequency in the training rows. So samples have the frequencies of the data, as far
    as the generator obeys its conditions.

    Args:
        counts: the frequencies of the categories of each span.
    """
    if not spans:
        return jnp.zeros((0,))
    table = np.zeros((len(spans), max(span.width for span in spans)), np.float32)
    for row, own in zip(table, counts, strict=True):
        row[: len(own)] = own
    with np.errstate(divide="ignore"):
        weights = jnp.asarray(np.log(table))
    of_column, of_category = jax.random.split(key)
    column = jax.random.randint(of_column, (), 0, len(spans))
    category = jax.random.categorical(of_category, weights[column])
    return one_of(spans, column, category)
