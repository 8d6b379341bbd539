"""Nearest neighbours by brute force, exact also for ties.

**Memory.** Distances are computed in tiles of 512 queries and all N points, 8 bytes for
each pair (41 MB for N = 10,000). The functions hold at most ten arrays of this size,
copies of the points, and ``PAIRS_AT_ONCE`` pairs, about 100 MB. This does not depend on
how many samples are equal. Many pairs at equal distances, as between the corners of a
simplex, cost time, but no memory.
"""

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points
from ganjax.metrics.tiles import PAIRS_AT_ONCE, Tiles, distinct, exact, where

# The bound on the k-th nearest uses every n-th point. n is at most MOST_SKIPPED, and
# there are SEEN_PER_NEIGHBOUR points for each of the k.
MOST_SKIPPED = 16
SEEN_PER_NEIGHBOUR = 64


class _Closest:
    """The k nearest points of each query, exactly. Candidates are added with
    approximate distances, and few of them are measured."""

    def __init__(self, queries: np.ndarray, points: np.ndarray, k: int):
        self._queries, self._points, self._k = queries, points, k
        self.squared = np.full((len(queries), k), np.inf)
        self.index = np.zeros((len(queries), k), np.int64)
        self._candidates: list[tuple[np.ndarray, ...]] = []
        self._count = 0

    def add(self, row, column, squared, slack) -> bool:
        """Add candidate pairs. Return whether ``squared`` of the queries changed."""
        self._candidates.append((row, column, squared, slack))
        self._count += len(row)
        if many := self._count > PAIRS_AT_ONCE:
            self.settle()
        return many

    def settle(self) -> None:
        """Measure the candidates that may be among the k nearest."""
        row, column, squared, slack = map(
            np.concatenate, zip(*self._candidates, strict=True)
        )
        self._candidates, self._count = [], 0
        order = np.lexsort((squared + slack, row))
        row, column, squared, slack = (x[order] for x in (row, column, squared, slack))
        own, first, count = np.unique(row, return_index=True, return_counts=True)
        limit = self.squared[:, -1].copy()
        enough, kth = count >= self._k, first + self._k - 1
        at_most = (squared + slack)[kth[enough]]
        limit[own[enough]] = np.minimum(limit[own[enough]], at_most)
        near = squared - slack <= limit[row]
        row, column = row[near], column[near]
        measured = exact(self._queries, self._points, row, column)
        # Those found before are candidates too.
        row = np.concatenate([row, np.repeat(own, self._k)])
        column = np.concatenate([column, self.index[own].ravel()])
        measured = np.concatenate([measured, self.squared[own].ravel()])
        order = np.lexsort((column, measured, row))
        chosen = order[_starts(row[order], own)[:, None] + np.arange(self._k)]
        self.squared[own], self.index[own] = measured[chosen], column[chosen]


def nearest_squared(
    queries: np.ndarray, points: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ``k`` nearest points of each query, with squared distances.

    `nearest` is the same with distances. Here the arrays must come from `as_points`,
    which checks them.

    Returns:
      ``(squared distances [Q, k] float64, indices [Q, k] int64)``, nearest first.

    Raises:
      Uncomputable: ``k`` is below 1 or above the number of points.
    """
    if not 1 <= k <= len(points):
        raise Uncomputable(f"k={k}: expected 1 <= k <= {len(points)}, the point count")
    closest = _Closest(queries, points, k)
    part = _part(points, k)
    for tile in Tiles(queries, points):
        # In a subset, the k-th nearest is never nearer than among all points.
        bound = _kth_at_most(tile.squared[:, ::part], tile.slack, k)
        near = tile.squared - tile.slack <= bound[:, None]
        if tile.refine(near):
            bound = _kth_at_most(tile.squared, tile.slack, k)
            near = tile.squared - tile.slack <= bound[:, None]
        row, column = where(near)
        closest.add(row + tile.start, column, *_at(tile, row, column))
    closest.settle()
    return closest.squared, closest.index


def kth_squared(points: np.ndarray, k: int) -> np.ndarray:
    """Return the squared distance ``[N]`` of each point to its k-th nearest point.

    Each point counts as its own nearest point. The result is equal to
    ``nearest_squared(points, points, k)[0][:, k - 1]`` and takes half the time: a pair
    is measured once for both points, and equal points are measured once.
    """
    points, repeated, inverse = distinct(points)
    return kth_squared_of_distinct(points, repeated, k)[inverse]


def kth_squared_of_distinct(points, repeated, k: int) -> np.ndarray:
    """Return the squared distances of points to their k-th nearest, if points repeat.

    Each copy of a point counts as one neighbour. The result is the same as from
    `kth_squared`.

    Args:
      points: the different points ``[U, D]``.
      repeated: how often each point is in the set, ``[U]``.

    Returns:
      ``[U]``, one squared distance for each different point.
    """
    few = min(k, len(points))
    closest = _closest_of_themselves(points, few)
    # A point that is repeated n times is n neighbours.
    place = (repeated[closest.index].cumsum(axis=1) >= k).argmax(axis=1)
    return closest.squared[np.arange(len(points)), place]


def _closest_of_themselves(points, k):
    """Return the k nearest of each of the different ``points``, itself counted."""
    part = _part(points, k)
    subset = Tiles(points, points[::part])
    bound = np.concatenate([_kth_at_most(t.squared, t.slack, k) for t in subset])
    closest = _Closest(points, points, k)
    for tile in Tiles(points, points).once():
        end = tile.start + len(tile.queries)
        wide = tile.squared.shape[1]
        near = _near(tile, bound)
        if tile.refine(near[0] | near[1]):
            own = bound[tile.start : end]
            if wide >= k:
                own[:] = np.minimum(own, _kth_at_most(tile.squared, tile.slack, k))
            if len(tile.queries) >= k:
                after = bound[tile.start :]
                down = _kth_at_most(tile.squared.T, tile.slack.T, k)
                after[:] = np.minimum(after, down)
            near = _near(tile, bound)
        near[1][:, : len(tile.queries)] = False  # the block itself comes only once
        row, column = where(near[0])
        changed = closest.add(
            row + tile.start, column + tile.start, *_at(tile, row, column)
        )
        row, column = where(near[1])
        changed |= closest.add(
            column + tile.start, row + tile.start, *_at(tile, row, column)
        )
        if changed:
            bound = np.minimum(bound, closest.squared[:, -1])
    closest.settle()
    return closest


def _near(tile, bound):
    """Return which points may be near enough to a query, and which queries to a
    point."""
    at_least = tile.squared - tile.slack
    after = bound[tile.start :]
    return at_least <= after[: len(tile.queries), None], at_least <= after


def _kth_at_most(squared, slack, k):
    """Return an upper bound ``[Q]`` of the k-th smallest distance of each row."""
    if slack.shape[1] == 1:
        return np.partition(squared, k - 1, axis=1)[:, k - 1] + slack[:, 0]
    return np.partition(squared + slack, k - 1, axis=1)[:, k - 1]


def _at(tile, row, column):
    """Return squared distance and slack of pairs of a tile."""
    slack = np.broadcast_to(tile.slack, tile.squared.shape)
    return tile.squared[row, column], slack[row, column]


def _part(points, k):
    return max(1, min(MOST_SKIPPED, len(points) // (SEEN_PER_NEIGHBOUR * k)))


def _starts(row: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return where the pairs of each ``wanted`` row begin in a sorted ``row``."""
    return np.searchsorted(row, wanted)


def nearest(queries, points, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ``k`` nearest ``points`` of each query, nearest first.

    Distances are Euclidean, from float64 differences. Of equal distances, the lower
    index comes first. A query that is one of the points finds itself at distance 0. To
    leave it out, ask for ``k + 1`` and drop the first.

    Args:
      queries: ``[Q, D]``.
      points: ``[N, D]``.
      k: number of neighbours, at most N.

    Returns:
      ``(distances [Q, k] float64, indices [Q, k] int64)``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, or ``k`` is out of range.
    """
    points, queries = as_points(points=points, queries=queries)
    squared, indices = nearest_squared(queries, points, k)
    return np.sqrt(squared), indices


def knn_classify(points, labels, queries, *, k: int) -> np.ndarray:
    """Label each query by the majority of its ``k`` nearest points.

    Among labels with equally many votes, the label of the nearest point wins, so
    ``k=2`` is the same as ``k=1``.

    Args:
      points: ``[N, D]``, with ``labels [N]`` of any dtype.
      queries: ``[Q, D]``.

    Returns:
      labels ``[Q]``, of the dtype of ``labels``.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, ``k`` is below 1 or above
        N, or there is not one label for each point.
    """
    labels, expected = np.asarray(labels), np.shape(points)[:1]
    if labels.shape != expected:
        raise Uncomputable(f"labels has shape {labels.shape}: expected {expected}")
    _, indices = nearest(queries, points, k)
    found = labels[indices]
    # votes[q, i] = how many of the k neighbours agree with neighbour i. argmax takes
    # the first of the best, the nearest. k² steps per query need no class count.
    votes = sum(found == found[:, i : i + 1] for i in range(k))
    return np.take_along_axis(found, votes.argmax(axis=1)[:, None], axis=1)[:, 0]
