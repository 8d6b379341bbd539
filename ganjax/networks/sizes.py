"""Image sizes that networks can make and judge.

**Networks that double or halve the resolution.** The smallest feature map has 4 to 7
pixels along its shorter side, and k levels double it, k at least 1. So the shorter side
of an image is (4 to 7)·2^k: 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96,
112, 128, 160, 192, 224, 256, … This includes every 3·2^k, which is 6·2^(k−1). The
longer side is any multiple of 2^k: images of 48×64 begin with 6×8 pixels, images of
64×128 with 4×8. Two sides that both follow the rule of the shorter side always fit
together.

**Networks from image to image** need sides that are multiples of a number.
"""

import dataclasses
from collections.abc import Callable, Sequence

from ganjax.errors import BadInput, shape_text

SMALLEST = 8
LARGEST = 1024  # of the architectures that have a limit


class WrongSize(BadInput):
    """A network cannot take images of this size."""


@dataclasses.dataclass(frozen=True)
class Growth:
    """How feature maps grow to an image.

    Attributes:
      height, width: of the smallest feature map.
      doublings: the number k of levels after the smallest map.
    """

    height: int
    width: int
    doublings: int

    @property
    def area(self) -> int:
        """Return the number of pixels of the smallest map."""
        return self.height * self.width

    @property
    def powers(self) -> list[int]:
        """Return 4, 8, … 4·2^k: the sides of the maps of a square image whose side is a
        power of two. They give the channels of a level for images of every size."""
        return [4 << level for level in range(self.doublings + 1)]


def growth(shape: Sequence[int], largest: int | None = None) -> Growth:
    """Return the size of the smallest feature map for images of ``shape``, (H, W, C),
    and how often it is doubled.

    Args:
      largest: most pixels of a side.

    Raises:
      WrongSize: if the shorter side is not (4 to 7)·2^k pixels with k at least 1, the
        longer side is not a multiple of 2^k, or a side has more than ``largest``
        pixels. The message names the nearest sizes.
    """

    def fits(height, width):
        k = _doublings(min(height, width))
        if k < 1 or (largest and max(height, width) > largest):
            return False
        return height % (1 << k) == 0 and width % (1 << k) == 0

    limit = f"from {SMALLEST} to {largest}" if largest else f"at least {SMALLEST}"
    expected = f"images with sides of (4 to 7)·2^k pixels, {limit}"
    if len(shape) == 3 and shape[0] != shape[1]:
        expected = (
            f"images with a shorter side of (4 to 7)·2^k pixels, {limit}, and a longer "
            f"side that is a multiple of 2^k"
        )
    _check(expected, shape, fits)
    k = _doublings(min(shape[:2]))
    return Growth(shape[0] >> k, shape[1] >> k, k)


def check_multiples(shape: Sequence[int], multiple: int, least: int = 1) -> None:
    """Check that both sides of ``shape``, (H, W, C), are multiples of ``multiple`` and
    have at least ``least`` pixels.

    Raises:
      WrongSize: if they do not. The message names the nearest sizes.
    """
    limit = f" of at least {least} pixels" if least > 1 else ""
    _check(
        f"images with sides{limit} that are multiples of {multiple}",
        shape,
        lambda *sides: all(n % multiple == 0 and n >= least for n in sides),
    )


def check_least(shape: Sequence[int], least: int) -> None:
    """Check that both sides of ``shape``, (H, W, C), have at least ``least`` pixels.

    Raises:
      WrongSize: if they do not. The message names the nearest size.
    """
    expected = f"images with sides of at least {least} pixels"
    _check(expected, shape, lambda *sides: min(sides) >= least)


def _doublings(side):
    """Return the k of ``side``/2^k from 4 to 7 (rounded down)."""
    return side.bit_length() - 3


def _check(expected, shape, fits):
    if len(shape) == 3 and fits(*shape[:2]):
        return
    message = f"expected {expected}, not {shape_text(shape)}"
    if len(shape) == 3:
        near = _nearest(*shape[:2], fits)
        height, width = near[0]
        size = height if height == width else f"{height}x{width}"
        message += (
            f"; nearest {' or '.join(map(shape_text, near))}; "
            f"ganjax prepare FOLDER --size={size} resizes"
        )
    raise WrongSize(message)


def _nearest(
    height: int, width: int, fits: Callable[[int, int], bool]
) -> list[tuple[int, int]]:
    """Return at most two sizes that fit, the nearest first, square if the given one
    is."""
    short, long = sorted((height, width))
    found = set()
    for side in _around(short, lambda n: fits(n, n)):
        if short == long:
            found.add((side, side))
            continue
        for other in _around(long, lambda n, side=side: fits(side, n)):
            found.add((side, other) if height < width else (other, side))

    def distance(size):
        return abs(size[0] - height) + abs(size[1] - width), size

    return sorted(found, key=distance)[:2]


def _around(side, fits):
    """Return the nearest numbers that fit: at most ``side``, and at least ``side``."""
    below = next((n for n in range(side, 0, -1) if fits(n)), None)
    above = next((n for n in range(side, 2 * side + 512) if fits(n)), None)
    return [n for n in dict.fromkeys((below, above)) if n is not None]
