"""Nearest neighbours by brute force: tiled for memory, exact where it matters.

A matrix product gives all squared distances at once, but with cancellation: a sample
that *is* a data point comes out at 1e-7 instead of 0, and scores that ask "strictly
inside the radius?" then depend on rounding. So the product only sorts out the clear
cases. Every pair that its error bound cannot decide is measured again by differences,
in float64; such pairs are few, and the cost stays that of the product.
"""

from collections.abc import Iterator

import numpy as np

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

TILE_ROWS = 512
# Above this width the product dominates and single precision halves it; below, it is
# cheap and single precision would leave many pairs of a tight cluster undecided.
SINGLE_PRECISION_FROM = 64
PAIR_VALUES_AT_ONCE = 1 << 22
# A bound on the k-th nearest is looked for among every 16th point at most, and among no
# fewer than this many for each of the k.
MOST_SKIPPED = 16
SEEN_PER_NEIGHBOUR = 64


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row-by-row squared distance of ``a [P, D]`` and ``b [P, D]``, in float64.

    Bit-equal for ``(a, b)`` and ``(b, a)``, which the product is not; this is what
    makes "strictly below" mean something.
    """
    return np.square(a.astype(np.float64) - b).sum(axis=1)


class Tiles:
    """All pairs of two point sets, a block of ``queries`` at a time.

    Iterating gives ``(rows, approximate, slack)``: a slice of the queries, squared
    distances ``[rows, N]``, and ``[rows, 1]`` how far they may be from the truth.
    """

    def __init__(self, queries: np.ndarray, points: np.ndarray):
        self.queries, self.points = queries, points
        width, both = points.shape[1], {queries.dtype, points.dtype}
        single = width >= SINGLE_PRECISION_FROM and both == {np.dtype(np.float32)}
        self.dtype = np.float32 if single else np.float64
        # Distances do not feel a common shift, but cancellation does. Both sets are
        # moved by the same vector, so only the roundings of single values remain.
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
        """Of a set and itself, ``(start, approximate, slack)``: the pairs of a block
        from ``start`` on with itself and all after it ``[rows, N - start]``, so every
        pair comes once but those inside a block; ``slack [N]`` is that of any row."""
        points, norms = self._shifted(self.points)
        slack = self.relative_error * (norms + norms.max())
        for start in range(0, len(points), TILE_ROWS):
            rows = slice(start, start + TILE_ROWS)
            after = points[start:], norms[start:]
            yield start, _products(points[rows], norms[rows], *after), slack

    def _shifted(self, x):
        """``x`` from the centre, and its squared norms."""
        x = (x - self.centre).astype(self.dtype)
        return x, np.square(x).sum(axis=1)

    def exact(self, rows: slice, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Squared distances of the pairs ``(row, column)`` of the tile ``rows``."""
        block = self.queries[rows]
        result = np.empty(len(row))
        at_once = max(1, PAIR_VALUES_AT_ONCE // self.points.shape[1])
        for start in range(0, len(row), at_once):
            part = slice(start, start + at_once)
            ours, theirs = block[row[part]], self.points[column[part]]
            result[part] = squared_distances(ours, theirs)
        return result

    def below(self, rows, approximate, slack, squared_radii) -> np.ndarray:
        """Which pairs of a tile are strictly nearer than their radius, exactly."""
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
    """`nearest` with squared distances, for arrays that `as_points` has seen."""
    if not 1 <= k <= len(points):
        raise Uncomputable(f"k={k}: expected 1 <= k <= {len(points)}, the points given")
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
        # The true k nearest lie within twice the slack of the k-th apparent one.
        near = apparent <= (kth + 2 * slack[:, 0])[row]
        row, column = row[near], column[near]
        exact = tiles.exact(rows, row, column)
        order = np.lexsort((column, exact, row))
        chosen = order[_starts(row, count)[:, None] + np.arange(k)]
        squared[rows], indices[rows] = exact[chosen], column[chosen]
    return squared, indices


def kth_squared(points: np.ndarray, k: int) -> np.ndarray:
    """``nearest_squared(points, points, k)[0][:, k - 1]``, the distance to the k-th
    nearest of each point's own set with itself counted, in half the time: a pair is
    measured for both of its points, and exactly only where it may be the k-th."""
    part = _part(points, k)
    bound = [
        np.partition(approximate, k - 1, axis=1)[:, k - 1] + slack[:, 0]
        for _, approximate, slack in Tiles(points, points[::part])
    ]
    bound = np.concatenate(bound)
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
    # What is nearer than the k-th apparent one by twice the slack is nearer in truth.
    nearer = apparent < (kth - 2 * slack)[row]
    rank = k - 1 - np.bincount(row[nearer], minlength=count)
    near = ~nearer & (apparent <= (kth + 2 * slack)[row])
    row, column = row[near], column[near]
    exact = tiles.exact(slice(None), row, column)
    order = np.lexsort((exact, row))
    return exact[order[_starts(row, count) + rank]]


def _part(points, k):
    # The k-th nearest of every n-th point is no nearer than the k-th nearest of all.
    return max(1, min(MOST_SKIPPED, len(points) // (SEEN_PER_NEIGHBOUR * k)))


def _products(a, a_norms, b, b_norms):
    """Squared distances ``[len(a), len(b)]`` by a product."""
    result = (-2 * a) @ b.T
    result += a_norms[:, None]
    result += b_norms
    return result


def _where(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``np.nonzero`` of a matrix, several times faster where little is true."""
    return np.divmod(np.flatnonzero(mask), mask.shape[1])


def _starts(row: np.ndarray, count: int) -> np.ndarray:
    """Where the pairs of each of ``count`` rows begin in a sorted ``row``."""
    return np.searchsorted(row, np.arange(count))


def nearest(queries, points, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` nearest ``points`` of each query, nearest first.

    Euclidean distances of float64 differences; of equal distances the lower index
    comes first. A query that is itself one of the points finds itself, at distance 0:
    ask for ``k + 1`` to leave it out.

    Args:
      queries: ``[Q, D]``.
      points: ``[N, D]``.
      k: how many, at most N.

    Returns:
      ``(distances [Q, k] float64, indices [Q, k] int64)``.

    Raises:
      Uncomputable: shapes that do not fit, values not finite, ``k`` out of range.
    """
    points, queries = as_points(points=points, queries=queries)
    squared, indices = nearest_squared(queries, points, k)
    return np.sqrt(squared), indices


def knn_classify(points, labels, queries, *, k: int) -> np.ndarray:
    """Label each query by the majority of its ``k`` nearest points.

    Among labels with equally many votes, the one with the nearest point wins; so
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
    # votes[q, i] = how many of the k neighbours agree with neighbour i; argmax takes
    # the first, that is the nearest, of the best. k² per query needs no class count.
    votes = sum(found == found[:, i : i + 1] for i in range(k))
    return np.take_along_axis(found, votes.argmax(axis=1)[:, None], axis=1)[:, 0]
