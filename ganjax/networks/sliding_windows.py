"""Sliding windows over images, made only of slices, and the adjoint of this map.

A grid is a list of rows of arrays: ``grid[i][j]`` holds entry ``(i, j)`` of every
window. XLA fuses the slices, pads and sums of a grid with nearby operations, but cannot
fuse a gather.
"""

import jax
import jax.numpy as jnp

Grid = list[list[jax.Array]]


def sliding_windows(x: jax.Array, size: tuple[int, int], stride: int) -> Grid:
    """Cut ``x [n, H, W, c]`` into windows of ``size`` pixels, (height, width), that
    start at every ``stride``-th pixel and lie inside the image.

    Returns:
      A list of rows of arrays ``[n, h, w, c]``, for h×w windows. Entry ``[i][j]`` holds
      pixel ``(i, j)`` of every window.
    """

    def along(axis):
        """Return the slice of pixels of each entry along an axis."""
        reach = (x.shape[axis + 1] - size[axis]) // stride * stride + 1
        return [slice(i, i + reach, stride) for i in range(size[axis])]

    return [[x[:, row, column] for column in along(1)] for row in along(0)]


def overlap_add(grid: Grid, stride: int) -> jax.Array:
    """Add every entry to the pixel it was taken from: the adjoint of
    ``sliding_windows``.

    Returns:
      ``[n, stride·(h + ⌈k / stride⌉ − 1), …, c]`` for a grid of ``k × l`` arrays
        ``[n, h, w, c]``: the image up to the end of the last window, then zeros.
    """
    rows = [_along(row, stride, axis=2) for row in grid]
    return interleave([_along(column, stride, axis=1) for column in transposed(rows)])


def interleave(columns: Grid) -> jax.Array:
    """Return ``[n, s·h, s·w, c]`` whose pixel ``(s·y + p, s·x + q)`` is pixel
    ``(y, x)`` of ``columns[q][p]``: the inverse of taking every ``s``-th pixel."""
    rows = transposed(columns)
    n, h, w, c = rows[0][0].shape
    x = jnp.stack([jnp.stack(row, axis=3) for row in rows], axis=2)
    return x.reshape(n, len(rows) * h, len(columns) * w, c)


def _along(entries, stride, axis):
    """Overlap-add along one axis, as ``stride`` arrays of every ``stride``-th pixel."""
    reach = -(-len(entries) // stride)

    def placed(entry, shift):
        room = [(0, 0)] * 4
        room[axis] = (shift, reach - 1 - shift)
        return jnp.pad(entry, room)

    nothing = jnp.zeros_like(placed(entries[0], 0))
    return [
        sum(
            (placed(entry, i) for i, entry in enumerate(entries[phase::stride])),
            start=nothing,
        )
        for phase in range(stride)
    ]


def transposed(grid: list[list]) -> list[list]:
    """Return the columns of a grid as its rows."""
    return [list(column) for column in zip(*grid, strict=True)]
