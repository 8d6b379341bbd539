"""Images of any size, enlarged by a fully convolutional generator in tiles."""

from collections.abc import Iterator

import numpy as np

from ganjax.model.finished import Model


def enlarged(model: Model, image: np.ndarray, tile: int, overlap: int) -> np.ndarray:
    """Return ``image [h, w, C]`` in [-1, 1], enlarged by the model's generator.

    A tile is a square part of the input that the generator enlarges alone. Neighbouring
    tiles overlap. Each pixel of the result comes from a tile in which the pixel is at
    least ``overlap`` input pixels away from the borders to other tiles. Let the reach
    be the distance up to which an output pixel depends on the input. If ``overlap`` is
    at least the reach, the result is equal, up to rounding, to the result without
    tiles.

    Args:
      tile: side of a tile, in pixels of the input; more than twice ``overlap``. Sides
        of the image that are shorter are not divided.
      overlap: width in pixels of the input of the margin that is cut off where a tile
        borders on another tile.

    Raises:
      TypeError: the model's game cannot enlarge images.
    """
    height, width, channels = image.shape
    if model.sampler.enlarging is None:
        raise TypeError("the game of this model has no ability 'enlarge'")
    factor = model.sampler.enlarging.factor
    size = min(height, tile), min(width, tile)
    made = np.empty((height * factor, width * factor, channels), np.float32)
    of_tile = model.reshaped((size[0] * factor, size[1] * factor, channels))
    for row, top, bottom in _parts(height, tile, overlap):
        for column, left, right in _parts(width, tile, overlap):
            part = image[row : row + size[0], column : column + size[1]]
            large = of_tile.ask("enlarge", part[None])[0]
            inner = large[
                factor * (top - row) : factor * (bottom - row),
                factor * (left - column) : factor * (right - column),
            ]
            made[factor * top : factor * bottom, factor * left : factor * right] = inner
    return made


def _parts(side: int, tile: int, overlap: int) -> Iterator[tuple[int, int, int]]:
    """Yield the start of each tile along a side, and the first and the last pixel, not
    included, that are taken from it."""
    first = 0
    while first < side:
        start = max(0, min(first - overlap, side - tile))
        last = side if start + tile >= side else start + tile - overlap
        yield start, first, last
        first = last
