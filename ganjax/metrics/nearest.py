"""Nearest neighbours by brute force: tiled to save memory, exact where it matters.

A matrix product gives all squared distances fast, but with cancellation: a sample that
*equals* a data point gets 1e-7 instead of 0. Scores that ask "strictly inside the
radius?" would then depend on rounding. So the product decides only the clear cases.
Every pair that its error bound cannot decide is measured again by differences in
float64. Such pairs are few, so they hardly add to the cost of the product.
"""

from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

TILE_ROWS = 512
# From this width on, the product dominates the cost and single precision halves it.
# Below, the product is cheap, and single precision could not decide many close pairs.
SINGLE_PRECISION_FROM = 64
PAIR_VALUES_AT_ONCE = 1 << 22
# The bound on the k-th nearest uses every n-th point. n is at most MOST_SKIPPED, and
# there are SEEN_PER_NEIGHBOUR points for each of the k.
MOST_SKIPPED = 16
SEEN_PER_NEIGHBOUR = 64


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return squared distances of the rows of ``a [P, D]`` and ``b [P, D]``, float64.

    ``(a, b)`` and ``(b, a)`` give the same bits, unlike the product. Comparisons with
    "strictly below" rely on this.
    """
    return np.square(a.astype(np.float64) - b).sum(axis=1)


class Tiles:
    """All pairs of two point sets, one block of ``queries`` at a time.

    Iterating gives ``(rows, approximate, slack)``: a slice of the queries, squared
    distances ``[rows, N]``, and a bound ``[rows, 1]`` on their error.
    """

    def __init__(self, queries: np.ndarray, points: np.ndarray):
        self.queries, self.points = queries, points
        width, both = points.shape[1], {queries.dtype, points.dtype}
        single = width >= SINGLE_PRECISION_FROM and both == {np.dtype(np.float32)}
        self.dtype = np.float32 if single else np.float64
        # A common shift keeps distances and reduces cancellation. Both sets move by the
        # same vector, so only the rounding of single values remains.
        self.centre = points.mean(axis=0, dtype=np.float64)
        # |error| <= (D + 8) eps (|a| + |b|)², from the rounding of an inner product
        # of length D, and (|a| + |b|)² <= 2 (|a|² + |b|²).
        self.relative_error = 2 * (width + 8) * np.finfo(self.dtype).eps

    def __iter__(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        points, norms = self._shifted(self.points)
        for start in range(0, len(self.queries), TILE_ROWS):
            rows = slice(start, start + TILE_ROWS)
            block, block_norms = self._shifted(self.queries[rows])
            approximate = _products(block, block_norms, points, norms)
            slack = self.relative_error * (block_norms + norms.max())
            yield rows, approximate, slack[:, None]

    def once(self) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Iterate over a set paired with itself: ``(start, approximate, slack)``. The
        block at ``start`` meets itself and all later points ``[rows, N - start]``, so
        pairs of two blocks come once. ``slack [N]`` bounds the error of each row."""
        points, norms = self._shifted(self.points)
        slack = self.relative_error * (norms + norms.max())
        for start in range(0, len(points), TILE_ROWS):
            rows = slice(start, start + TILE_ROWS)
            after = points[start:], norms[start:]
            yield start, _products(points[rows], norms[rows], *after), slack

    def _shifted(self, x):
        """Return ``x`` minus the centre, and its squared norms."""
        x = (x - self.centre).astype(self.dtype)
        return x, np.square(x).sum(axis=1)

    def exact(self, rows: slice, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return squared distances of pairs ``(row, column)`` of the tile ``rows``."""
        block = self.queries[rows]
        result = np.empty(len(row))
        at_once = max(1, PAIR_VALUES_AT_ONCE // self.points.shape[1])
        for start in range(0, len(row), at_once):
            part = slice(start, start + at_once)
            ours, theirs = block[row[part]], self.points[column[part]]
            result[part] = squared_distances(ours, theirs)
        return result

    def below(self, rows, approximate, slack, squared_radii) -> np.ndarray:
        """Return exactly which pairs of a tile are strictly nearer than a radius."""
        beyond = approximate - squared_radii
        result = beyond < 0
        row, column = _where(np.abs(beyond, out=beyond) <= slack)
        if len(row):
            limits = np.broadcast_to(squared_radii, approximate.shape)[row, column]
            result[row, column] = self.exact(rows, row, column) < limits
        return result


def nearest_squared(
    queries: np.ndarray, points: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return `nearest` with squared distances, for arrays from `as_points`."""
    if not 1 <= k <= len(points):
        raise Uncomputable(f"k={k}: expected 1 <= k <= {len(points)}, the point count")
    squared = np.empty((len(queries), k))
    indices = np.empty((len(queries), k), np.int64)
    tiles = Tiles(queries, points)
    part = _part(points, k)
    for rows, approximate, slack in tiles:
        bound = np.partition(approximate[:, ::part], k - 1, axis=1)[:, k - 1 : k]
        row, column = _where(approximate <= bound + 2 * slack)
        apparent = approximate[row, column]
        count = len(approximate)
        kth = apparent[np.lexsort((apparent, row))[_starts(row, count) + k - 1]]
        # The true k nearest are within twice the slack of the k-th apparent distance.
        near = apparent <= (kth + 2 * slack[:, 0])[row]
        row, column = row[near], column[near]
        exact = tiles.exact(rows, row, column)
        order = np.lexsort((column, exact, row))
        chosen = order[_starts(row, count)[:, None] + np.arange(k)]
        squared[rows], indices[rows] = exact[chosen], column[chosen]
    return squared, indices


def kth_squared(points: np.ndarray, k: int) -> np.ndarray:
    """Return ``nearest_squared(points, points, k)[0][:, k - 1]`` in half the time: the
    squared distance of each point to its k-th nearest, itself counted. A pair is
    measured once for both points, and exactly only if it may be the k-th."""
    part = _part(points, k)
    bounds = [
        np.partition(approximate, k - 1, axis=1)[:, k - 1] + slack[:, 0]
        for _, approximate, slack in Tiles(points, points[::part])
    ]
    bound = np.concatenate(bounds)
    tiles = Tiles(points, points)
    found = []
    for start, approximate, slack in tiles.once():
        limit = bound + slack
        end = start + len(approximate)
        row, column = _where(approximate <= limit[start:end, None])
        found.append((row + start, column + start, approximate[row, column]))
        after = approximate[:, end - start :]
        row, column = _where(after <= limit[end:])
        found.append((column + end, row + start, after[row, column]))
    row, column, apparent = map(np.concatenate, zip(*found, strict=True))
    order = np.argsort(row, kind="stable")
    row, column, apparent = row[order], column[order], apparent[order]
    count = len(points)
    kth = apparent[np.lexsort((apparent, row))[_starts(row, count) + k - 1]]
    # A pair below the k-th apparent distance by twice the slack is truly nearer.
    nearer = apparent < (kth - 2 * slack)[row]
    rank = k - 1 - np.bincount(row[nearer], minlength=count)
    near = ~nearer & (apparent <= (kth + 2 * slack)[row])
    row, column = row[near], column[near]
    exact = tiles.exact(slice(None), row, column)
    order = np.lexsort((exact, row))
    return exact[order[_starts(row, count) + rank]]


def _part(points, k):
    # In a subset, the k-th nearest is never nearer than the k-th nearest of all points.
    return max(1, min(MOST_SKIPPED, len(points) // (SEEN_PER_NEIGHBOUR * k)))


def _products(a, a_norms, b, b_norms):
    """Return squared distances ``[len(a), len(b)]`` by a matrix product."""
    result = (-2 * a) @ b.T
    result += a_norms[:, None]
    result += b_norms
    return result


def _where(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``np.nonzero`` of a matrix, much faster if few values are true."""
    return np.divmod(np.flatnonzero(mask), mask.shape[1])


def _starts(row: np.ndarray, count: int) -> np.ndarray:
    """Return where the pairs of each of ``count`` rows begin in a sorted ``row``."""
    return np.searchsorted(row, np.arange(count))


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
      Uncomputable: as `nearest`, or the labels do not fit the points.
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
