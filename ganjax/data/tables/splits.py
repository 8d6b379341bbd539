"""Splits of a table: how the rows of a batch are drawn.

Training by sampling (CTGAN; Xu et al. 2019, arXiv 1907.00503, section 4.3): a column of
categories is drawn, then one of its categories by the logarithm of its frequency, then
a row that has this category. So rare categories are seen often.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.source import Arrays, Composed
from ganjax.data.tables.conditions import one_of
from ganjax.data.tables.encoding import TableFormat, Values


@dataclasses.dataclass(frozen=True, eq=False)
class TableSplit(Composed):
    """A sampler of rows ``'data'`` and their conditions, with the rows themselves.

    Attributes:
        values: the rows as they are in the file, for scores of tables.
        at: ``(arrays, rows [n]) -> {'data'}``, given rows, for Poisson batches.
        hidden: the true values of cells that a batch does not show, and nan elsewhere;
            ``[n, columns]`` in [0, 1]. ``None`` if no cell is hidden.
    """

    values: Values = dataclasses.field(default_factory=dict)
    at: Any = None
    hidden: np.ndarray | None = None


class EncodedRows:
    """All rows of a split in their order, encoded when they are read."""

    def __init__(self, form: TableFormat, places: np.ndarray, choices: np.ndarray):
        self._form, self._places, self._choices = form, places, choices
        self.label = np.zeros(len(choices), np.int32)

    def __len__(self) -> int:
        return len(self._choices)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"data": self.take(np.array([index])).data[0], "label": 0}

    def take(self, rows: np.ndarray) -> Arrays:
        dense = self._form.dense(self._places[rows], self._choices[rows])
        return Arrays(dense, self.label[rows])


def encoded_split(form: TableFormat, values: Values, seed: int) -> TableSplit:
    """Return a sampler of ``{'data': [n, width], 'condition': [n, condition_width]}``.

    Args:
        form: the columns and their encodings.
        values: the rows.
        seed: draws the modes of numbers.
    """
    places, choices = form.encode(values, seed)
    arrays = {"places": places, "choices": choices}
    arrays |= by_category(form, choices)
    each = EncodedRows(form, places, choices)

    def make(arrays, keys):
        def one(key):
            row, condition = _drawn(form, arrays, key)
            return arrays["places"][row], arrays["choices"][row], condition

        places, choices, condition = jax.vmap(one)(keys)
        return {"data": one_hot(form, places, choices), "condition": condition}

    def at(arrays, rows):
        return {"data": one_hot(form, arrays["places"][rows], arrays["choices"][rows])}

    return TableSplit(arrays, make, each, values, at)


def one_hot(form: TableFormat, places: jax.Array, choices: jax.Array) -> jax.Array:
    """Return encoded rows ``[n, width]`` of the short form of ``TableFormat.encode``.
    The function may be traced."""
    parts, place = [], 0
    for i, span in enumerate(form.choosing):
        if span.kind == "mode":
            parts.append(places[:, place : place + 1])
            place += 1
        parts.append(jax.nn.one_hot(choices[:, i], span.width))
    return jnp.concatenate(parts, axis=1)


def by_category(form: TableFormat, choices: np.ndarray) -> dict[str, np.ndarray]:
    """Return the rows of each category, for ``form.conditioned``.

    Returns:
        ``rows`` ``[columns, n]``, the indices of rows sorted by category; ``starts``
        and ``counts`` ``[columns, most]``, where the rows of a category start and how
        many there are; ``log_frequency`` ``[columns, most]``, the logarithm of the
        probability of a category, which is proportional to log(1 + count).
    """
    at = [form.choosing.index(span) for span in form.conditioned]
    if not at:
        return {}
    most = max(span.width for span in form.conditioned)
    own = choices[:, at].T
    counts = np.stack([np.bincount(x, minlength=most) for x in own])
    with np.errstate(divide="ignore"):
        weights = np.log(np.log1p(counts))
    return {
        "rows": np.argsort(own, axis=1, kind="stable").astype(np.int32),
        "starts": (np.cumsum(counts, 1) - counts).astype(np.int32),
        "counts": counts.astype(np.int32),
        "log_frequency": weights.astype(np.float32),
    }


def _drawn(form, arrays, key):
    """Return a row and its condition, for one key."""
    if not form.conditioned:
        count = arrays["choices"].shape[0]
        return jax.random.randint(key, (), 0, count), jnp.zeros((0,))
    of_column, of_category, of_row = jax.random.split(key, 3)
    column = jax.random.randint(of_column, (), 0, len(form.conditioned))
    category = jax.random.categorical(of_category, arrays["log_frequency"][column])
    count = arrays["counts"][column, category]
    place = jax.random.randint(of_row, (), 0, count)
    row = arrays["rows"][column, arrays["starts"][column, category] + place]
    return row, one_of(form.conditioned, column, category)


def masked_split(form: TableFormat, values: Values, hide: float, seed: int):
    """Return a sampler of ``{'data': [n, columns], 'known': [n, columns]}``: rows with
    numbers in [0, 1], 0 where a value is missing.

    Args:
        hide: the share of the known cells that are hidden at random; their true values
            are the split's ``hidden``.
        seed: chooses these cells.
    """
    data, known = form.in_range(values)
    draw = np.random.default_rng(seed).random(known.shape) < hide
    held = (known > 0) & draw
    hidden = np.where(held, data, np.nan) if hide else None
    shown = np.where(held, 0, known).astype(np.float32)
    each = Arrays(data, np.zeros(len(data), np.int32))
    data = data * shown

    def make(arrays, keys):
        data, known = arrays
        count = data.shape[0]
        at = jax.vmap(lambda key: jax.random.randint(key, (), 0, count))(keys)
        return {"data": data[at], "known": known[at]}

    return TableSplit((data, shown), make, each, values, hidden=hidden)
