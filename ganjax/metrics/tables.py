"""Similarity of two tables: of each column, and of each pair of columns.

A table is a mapping of columns ``[n]``: whole numbers of categories, -1 if a value is
missing, or numbers, nan if a value is missing. ``sizes`` gives the number of categories
of each column, 0 for numbers. The similarities are as in SDMetrics (DataCebo), and
1 is the best value.
"""

import itertools
from collections.abc import Mapping

import numpy as np

from ganjax.errors import Uncomputable

Table = Mapping[str, np.ndarray]
BINS = 10


def column_similarity(real: np.ndarray, other: np.ndarray, size: int) -> float:
    """Return 1 minus the distance of the distributions of two columns ``[n]``.

    The distance is the Kolmogorov-Smirnov statistic of numbers, without missing ones
    (``KSComplement`` of SDMetrics), or the total variation distance of categories, with
    missing as a category (``TVComplement``). If only one side has numbers, it is 0.
    """
    if size:
        return 1 - np.abs(_shares(real, size) - _shares(other, size)).sum() / 2
    real, other = (np.sort(x[~np.isnan(x)]) for x in (real, other))
    if not len(real) or not len(other):
        return float(len(real) == len(other))
    at = np.concatenate([real, other])
    below = (np.searchsorted(x, at, side="right") / len(x) for x in (real, other))
    return 1 - float(np.abs(np.subtract(*below)).max())


def _shares(x, size):
    return np.bincount(np.where(x < 0, size, x), minlength=size + 1) / len(x)


def column_similarities(
    real: Table, other: Table, sizes: Mapping[str, int]
) -> dict[str, float]:
    """Return ``column_similarity`` of each column."""
    return {name: column_similarity(real[name], other[name], n)
            for name, n in sizes.items()}  # fmt: skip


def pair_similarities(
    real: Table, other: Table, sizes: Mapping[str, int]
) -> dict[tuple[str, str], float]:
    """Return the similarity of each pair of columns.

    Two columns of numbers: 1 − |ρ − ρ'| / 2 of Pearson's correlations
    (``CorrelationSimilarity`` of SDMetrics); nan if a column is constant. Other pairs:
    1 minus the total variation distance of the joint frequencies, with numbers in ten
    bins of equal width between the real extremes (``ContingencySimilarity``). Missing
    numbers have a bin.
    """
    binned = {name: binned_columns(real[name], other[name], n)
              for name, n in sizes.items()}  # fmt: skip
    found = {}
    for a, b in itertools.combinations(sizes, 2):
        if not sizes[a] and not sizes[b]:
            first, second = (correlation(x[a], x[b]) for x in (real, other))
            found[a, b] = 1 - abs(first - second) / 2
            continue
        tables = []
        for side in (0, 1):
            x, y = binned[a][side], binned[b][side]
            width = max(binned[b][0].max(), binned[b][1].max()) + 1
            height = max(binned[a][0].max(), binned[a][1].max()) + 1
            cells = np.bincount(x * width + y, minlength=width * height)
            tables.append(cells / len(x))
        found[a, b] = 1 - np.abs(np.subtract(*tables)).sum() / 2
    return found


def binned_columns(real: np.ndarray, other: np.ndarray, size: int) -> tuple:
    """Return both columns ``[n]`` as whole numbers from 0: categories and missing, or
    bins between the extremes of the real numbers."""
    if size:
        return tuple(np.where(x < 0, size, x) for x in (real, other))
    known = real[~np.isnan(real)]
    edges = np.histogram_bin_edges(known if len(known) else np.zeros(1), BINS)
    # The outer bins are open.
    bins = (np.digitize(np.nan_to_num(x), edges[1:-1]) for x in (real, other))
    return tuple(
        np.where(np.isnan(x), BINS, bin)
        for x, bin in zip((real, other), bins, strict=True)
    )


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return Pearson's correlation of two columns of numbers ``[n]``, over the rows in
    which both are known; nan if one of them is constant."""
    known = ~(np.isnan(x) | np.isnan(y))
    x, y = x[known], y[known]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def associations(table: Table, sizes: Mapping[str, int]) -> np.ndarray:
    """Return how strongly the columns depend on each other, ``[columns, columns]`` in
    [0, 1], for pictures: |ρ| of two numbers, Cramér's V of two categories (Cramér
    1946), and the correlation ratio η of a number and a category."""
    names = list(sizes)
    found = np.eye(len(names))
    for i, j in itertools.combinations(range(len(names)), 2):
        a, b = names[i], names[j]
        x, y = table[a], table[b]
        if sizes[a] and sizes[b]:
            value = _cramer(np.where(x < 0, sizes[a], x), np.where(y < 0, sizes[b], y))
        elif sizes[a] or sizes[b]:
            number, category = (y, x) if sizes[a] else (x, y)
            value = _ratio(number, category)
        else:
            value = abs(correlation(x, y))
        found[i, j] = found[j, i] = np.nan_to_num(value)
    return found


def _cramer(x, y):
    counts = np.zeros((x.max() + 1, y.max() + 1))
    np.add.at(counts, (x, y), 1)
    counts = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    least = min(counts.shape) - 1
    if least < 1:
        return 0.0
    expected = counts.sum(1, keepdims=True) * counts.sum(0) / counts.sum()
    square = ((counts - expected) ** 2 / expected).sum() / counts.sum()
    return float(np.sqrt(square / least))


def _ratio(number, category):
    known = ~np.isnan(number)
    number, category = number[known], category[known]
    total = np.var(number) * len(number) if len(number) else 0
    if total == 0:
        return 0.0
    _, group = np.unique(category, return_inverse=True)
    counts = np.bincount(group)
    means = np.bincount(group, number) / counts
    return float(np.sqrt((counts * (means - number.mean()) ** 2).sum() / total))


def check_rows(table: Table, least: int) -> None:
    """Raise ``Uncomputable`` if a table has fewer rows than ``least``."""
    rows = len(next(iter(table.values())))
    if rows < least:
        raise Uncomputable(f"{rows} rows, expected at least {least}")
