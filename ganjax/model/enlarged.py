"""Images of any size, enlarged by a fully convolutional generator in tiles."""

from collections.abc import Iterator

import numpy as np

from ganjax.model.finished import Model


def enlarged(model: Model, image: np.ndarray, tile: int, overlap: int) -> np.ndarray:
    """Return ``image [h, w, C]`` enlarged by the model's ability ``enlarge``.

    A tile is a square part of the input. Neighbouring tiles share pixels, and each
    pixel of the result is from a tile in which it is at least ``overlap`` input pixels
    away from the inner borders. So the result is equal to the result of one tile, up to
    rounding, if ``overlap`` is at least the reach of the network. A tile ends where the
    image ends, so the network pads the same borders in both cases.

    Args:
      tile: side of a tile, in pixels of the input; more than twice ``overlap``. Sides
        of the image that are shorter are not divided.
      overlap: the distance that is cut off at inner borders, in pixels of the input.

    Raises:
      TypeError: the model's game does not enlarge.
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
