"""Distances of all pairs of two point sets, in tiles: from a matrix product, and
exactly where it matters.

A matrix product gives all squared distances fast, but it subtracts large, nearly equal
numbers: a sample that *equals* a data point gets a distance of 1e-7, not 0. Scores that
ask whether a sample is inside a radius would then depend on rounding. So the product
decides only the clear cases. Every pair that its error bound cannot decide is measured
again by differences in float64.

Such pairs are few, except among samples of a collapsed generator. Equal samples are
compared once (`distinct`). Where a tile has crowds of samples that are nearly equal,
the product is repeated around a member of each crowd, where the rounding error is
small.
"""

import dataclasses
import hashlib
from collections.abc import Iterator

import numpy as np

TILE_ROWS = 512
# From this width on, the product dominates the cost and single precision halves it.
# Below, the product is cheap, and single precision could not decide many close pairs.
SINGLE_PRECISION_FROM = 64
PAIR_VALUES_AT_ONCE = 1 << 18
PAIRS_AT_ONCE = 1 << 20
# A sample with more undecided neighbours than this in a tile is in a crowd.
CROWD = 128


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared distance of each row of ``a [P, D]`` to the same row of
    ``b [P, D]``, float64 ``[P]``.

    ``(a, b)`` and ``(b, a)`` give exactly the same result, which a matrix product does
    not guarantee. Comparisons of distances rely on this.
    """
    return np.square(a.astype(np.float64) - b).sum(axis=1)


def distinct(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the different rows of ``points [N, D]``.

    Returns:
      ``(rows, counts, index)``. ``rows [U, D]`` are the different rows, in the order of
      their first occurrence. ``counts [U]`` is how often each of them occurs, and
      ``rows[index]`` with ``index [N]`` is ``points`` again. If all rows are different,
      ``rows`` is ``points`` and not a copy.
    """
    places: dict[bytes, int] = {}
    first: list[int] = []
    inverse = np.empty(len(points), np.int64)
    for i, row in enumerate(points):
        # Adding 0 makes −0 and 0 equal. 128 bits of a hash do not collide.
        key = hashlib.blake2b((row + 0).tobytes(), digest_size=16).digest()
        inverse[i] = places.setdefault(key, len(places))
        if len(first) < len(places):
            first.append(i)
    rows = points if len(first) == len(points) else points[first]
    return rows, np.bincount(inverse), inverse


@dataclasses.dataclass
class Tile:
    """Approximate distances of some queries to some points, with an error bound.

    Attributes:
      queries: ``[Q, D]``; points: ``[N, D]``.
      squared: approximate squared distances ``[Q, N]``.
      slack: a bound on the error of ``squared``, ``[Q, 1]`` or ``[Q, N]``.
      start: index of this tile's first query in the whole set of queries.
    """

    queries: np.ndarray
    points: np.ndarray
    squared: np.ndarray
    slack: np.ndarray
    start: int

    def within(self, squared_radii: np.ndarray, *, edge: bool) -> np.ndarray:
        """Return which pairs are closer than a radius, bool ``[Q, N]``, without error.

        Args:
          squared_radii: ``[N]``, one for each point, or ``[Q, 1]``, one for each query.
          edge: whether a distance equal to the radius counts as closer.
        """
        result, undecided = self._apparent(squared_radii)
        if self.refine(undecided):
            result, undecided = self._apparent(squared_radii)
        row, column = where(undecided)
        limits = np.broadcast_to(squared_radii, result.shape)
        for start in range(0, len(row), PAIRS_AT_ONCE):
            some = slice(start, start + PAIRS_AT_ONCE)
            pairs = row[some], column[some]
            measured, limit = exact(self.queries, self.points, *pairs), limits[pairs]
            result[pairs] = measured <= limit if edge else measured < limit
        return result

    def _apparent(self, squared_radii):
        """Return which pairs seem to be nearer, and which pairs are undecided."""
        beyond = self.squared - squared_radii
        nearer = beyond < 0
        return nearer, np.abs(beyond, out=beyond) <= self.slack

    def refine(self, wanted: np.ndarray) -> bool:
        """Reduce the error bound ``slack`` for pairs in crowds of nearly equal samples.

        Args:
          wanted: bool ``[Q, N]``, the pairs that need a smaller bound.

        Returns:
          Whether there was a crowd, so that ``squared`` and ``slack`` have changed.
        """
        counts, refined = wanted.sum(axis=1), False
        while counts[seed := counts.argmax()] > CROWD:
            if not refined:
                wanted, refined = wanted.copy(), True
                self.slack = np.broadcast_to(self.slack, self.squared.shape).copy()
            column = np.flatnonzero(wanted[seed])
            shared = wanted[:, column].sum(axis=1)
            row = np.flatnonzero(2 * shared >= len(column))
            # Also a single far query can have a crowd of neighbours. They are at about
            # the same distance, so the median one is a member of the crowd.
            median = np.argsort(self.squared[seed, column])[len(column) // 2]
            centre = self.points[column[median]].astype(np.float64)
            self._repeat(row, column, centre)
            wanted[np.ix_(row, column)] = False
            counts[row] -= shared[row]
        return refined

    def _repeat(self, row, column, centre):
        """Repeat the product of some pairs in float64 around a centre."""
        queries, points = self.queries[row] - centre, self.points[column] - centre
        own, norms = _squares(queries), _squares(points)
        squared = _products(queries, own, points, norms)
        # Each pair has its own bound, because a few of the points may be far away.
        slack = _relative_error(points) * (own[:, None] + norms)
        block = np.ix_(row, column)
        better = slack < self.slack[block]
        self.squared[block] = np.where(better, squared, self.squared[block])
        self.slack[block] = np.where(better, slack, self.slack[block])


class Tiles:
    """All pairs of ``queries [Q, D]`` and ``points [N, D]``, in blocks of queries.

    Iterating gives one `Tile` for each block of queries, with all points.
    """

    def __init__(self, queries: np.ndarray, points: np.ndarray):
        self.queries, self.points = queries, points
        width, both = points.shape[1], {queries.dtype, points.dtype}
        single = width >= SINGLE_PRECISION_FROM and both == {np.dtype(np.float32)}
        self.dtype = np.float32 if single else np.float64
        # A common shift keeps distances and reduces cancellation. Both sets move by the
        # same vector, so only the rounding of single values remains.
        self.centre = points.mean(axis=0, dtype=np.float64)

    def __iter__(self) -> Iterator[Tile]:
        points, norms = self._shifted(self.points)
        for start in range(0, len(self.queries), TILE_ROWS):
            queries = self.queries[start : start + TILE_ROWS]
            block, own = self._shifted(queries)
            squared = _products(block, own, points, norms)
            slack = _relative_error(points) * (own + norms.max())
            yield Tile(queries, self.points, squared, slack[:, None], start)

    def once(self) -> Iterator[Tile]:
        """Iterate over the pairs of a set with itself, where ``queries`` is ``points``.

        The tile of each block of queries has only the points from this block on, so a
        pair from two different blocks comes once.
        """
        points, norms = self._shifted(self.points)
        slack = _relative_error(points) * (norms + norms.max())
        for start in range(0, len(points), TILE_ROWS):
            rows = slice(start, start + TILE_ROWS)
            squared = _products(
                points[rows], norms[rows], points[start:], norms[start:]
            )
            yield Tile(
                self.points[rows],
                self.points[start:],
                squared,
                slack[rows, None],
                start,
            )

    def _shifted(self, x):
        """Return ``x`` minus the centre, and its squared norms."""
        x = (x - self.centre).astype(self.dtype)
        return x, _squares(x)


def exact(queries, points, row, column):
    """Return squared distances of some pairs, ``[P]``, from differences in float64.

    Args:
      queries: ``[Q, D]``; points: ``[N, D]``.
      row, column: ``[P]``, the indices of the query and of the point of each pair.
    """
    result = np.empty(len(row))
    at_once = max(1, PAIR_VALUES_AT_ONCE // points.shape[1])
    for start in range(0, len(row), at_once):
        some = slice(start, start + at_once)
        result[some] = squared_distances(queries[row[some]], points[column[some]])
    return result


def where(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and the columns of the true values of a matrix, as ``np.nonzero``
    does. This is much faster if few values are true."""
    return np.divmod(np.flatnonzero(mask), mask.shape[1])


def _squares(x):
    return np.square(x).sum(axis=1)


def _relative_error(x):
    """Return the error of the squared distances of rows from a product, relative to the
    sum of their largest squared norms.

    |error| <= (D + 8) eps (|a| + |b|)², from the rounding of an inner product of
    length D, and (|a| + |b|)² <= 2 (|a|² + |b|²).
    """
    return 2 * (x.shape[1] + 8) * np.finfo(x.dtype).eps


def _products(a, a_norms, b, b_norms):
    """Return squared distances ``[len(a), len(b)]`` by a matrix product."""
    result = (-2 * a) @ b.T
    result += a_norms[:, None]
    result += b_norms
    return result
