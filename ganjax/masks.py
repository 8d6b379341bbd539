"""Random masks of the hole that a game fills in: ``(keys [n], size (H, W), least, most)
-> masks [n, H, W, 1]``, 1 in the hole and 0 in the context, with one key per sample.

The hole of a sample is a number of pixels that are nearest to a random figure. This
number is drawn between the shares ``least`` and ``most`` of all pixels, so the share is
exact, and the width of strokes follows from it. Distances are whole numbers, and equal
distances are ordered by the pixel. So a key gives the same hole on every device.
"""

import math
from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.errors import BadInput, shape_text
from ganjax.names import Table
from ganjax.options import Option, configured, own

# Positions are multiples of a quarter of a pixel. The largest side whose squared
# distances fit into a whole number of 32 bits.
PARTS, LARGEST = 4, 8192
MOST_PIECES = 32


@configured(
    strokes=Option(2, "number of strokes in a hole", least=1),
    vertices=Option(4, "points that a stroke joins by straight lines", least=1),
    reach=Option(0.4, "longest line along an axis, in shorter sides", above=0, most=1),
)
def free_form(
    keys: jax.Array, size: tuple[int, int], least: float, most: float,
    strokes: int = 2, vertices: int = 4, reach: float = 0.4,
) -> jax.Array:  # fmt: skip
    """Draw strokes: each joins random points by straight lines (after Yu et al. 2019,
    arXiv 1806.03589, section 3.4).

    Departure: the paper draws the width of each stroke. Here all strokes of an image
    have the one width that gives the drawn share of pixels.
    """
    longest = max(1, round(PARTS * reach * min(size)))
    # Neighbouring points of a line are at most a pixel apart along each axis, or a part
    # of the longest line that is far smaller than the width of a stroke.
    pieces = min(math.ceil(longest / PARTS), MOST_PIECES)
    ends = PARTS * (jnp.array(size) - 1)

    def corners(key):
        first, steps = jax.random.split(key)
        start = jax.random.randint(first, (2,), 0, ends + 1)
        moves = jax.random.randint(steps, (vertices - 1, 2), -longest, longest + 1)

        def move(at, by):
            at = jnp.clip(at + by, 0, ends)
            return at, at

        _, rest = jax.lax.scan(move, start, moves)
        return jnp.concatenate([start[None], rest])

    def along(at):
        part = jnp.arange(pieces, dtype=jnp.int32)[None, :, None]
        line = at[:-1, None] * (pieces - part) + at[1:, None] * part
        return jnp.concatenate([(line // pieces).reshape(-1, 2), at[-1:]])

    def one(key):
        figure, share = jax.random.split(key)
        points = jax.vmap(lambda k: along(corners(k)))(
            jax.random.split(figure, strokes)
        )
        apart = _pixels(size)[:, None] - points.reshape(1, -1, 2)
        return _nearest(share, jnp.min(jnp.sum(apart**2, -1), 1), size, least, most)

    return jax.vmap(one)(keys)


def square(
    keys: jax.Array, size: tuple[int, int], least: float, most: float
) -> jax.Array:
    """Draw a square about a random pixel. Near the border it is cut off, and larger in
    the other directions."""

    def one(key):
        place, share = jax.random.split(key)
        centre = jax.random.randint(place, (2,), 0, PARTS * (jnp.array(size) - 1) + 1)
        apart = jnp.max(jnp.abs(_pixels(size) - centre[None]), -1)
        return _nearest(share, apart, size, least, most)

    return jax.vmap(one)(keys)


def _pixels(size):
    """Return the positions ``[H·W, 2]`` of all pixels."""
    rows, columns = np.indices(size, np.int32)
    return jnp.asarray(PARTS * np.stack([rows.ravel(), columns.ravel()], 1))


def _nearest(key, distance, size, least, most):
    """Return the mask ``[H, W, 1]`` of the pixels with the smallest ``distance [H·W]``.
    The key draws how many there are."""
    low, high = counts(size, least, most)
    count = jax.random.randint(key, (), low, high + 1)
    order = jnp.argsort(distance, stable=True)
    inside = (jnp.arange(len(distance)) < count).astype(jnp.float32)
    hole = jnp.zeros(len(distance)).at[order].set(inside, unique_indices=True)
    return hole.reshape(*size, 1)


def counts(size: tuple[int, int], least: float, most: float) -> tuple[int, int]:
    """Return the smallest and the largest number of pixels of a hole whose share of the
    image is between ``least`` and ``most``."""
    area = math.prod(size)
    return math.ceil(least * area - 1e-6), math.floor(most * area + 1e-6)


MASKS = Table(
    "a function (keys, size, least, most) -> masks",
    {"free_form": free_form, "square": square},
    takes=4,
)

# The fields of a game that fills holes.
MASK_OPTIONS = {
    "masks": Option("free_form", "kind of masks", choices=MASKS),
    "least": Option(0.1, "smallest share of pixels in a hole", above=0, below=1),
    "most": Option(0.4, "largest share of pixels in a hole", above=0, below=1),
}


def masks_of(
    options: Mapping, size: tuple[int, ...]
) -> Callable[[jax.Array], jax.Array]:
    """Return the function ``keys [n] -> masks [n, H, W, 1]`` that a config describes.

    Args:
      options: the values of ``MASK_OPTIONS``, and of the options of the kind of masks.
      size: ``(H, W)`` of the images.

    Raises:
      BadInput: no number of pixels has a share in the range, or the images are too
        large.
    """
    least, most = options["least"], options["most"]
    low, high = counts(size, least, most)
    if not 1 <= low <= high < math.prod(size):
        raise BadInput(
            f"options.least={least}: expected a share at most options.most={most}, and "
            f"holes of 1 to {math.prod(size) - 1} pixels in images of "
            f"{shape_text(size)}, not {low} to {high}"
        )
    if max(size) > LARGEST:
        raise BadInput(
            f"options.masks='{options['masks']}': expected sides of at most {LARGEST} "
            f"pixels, not {shape_text(size)}"
        )
    kind = MASKS.find("options.masks", options["masks"])
    chosen = own(kind, options)
    return lambda keys: kind(keys, size, least, most, **chosen)
