"""Cut and resize images of any size to one size."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ganjax.data.holdout import HOLDOUT
from ganjax.errors import BadInput, unknown

CROPS = ("center", "none")
FILTERS = ("lanczos", "bicubic", "bilinear", "box", "nearest")
ALPHAS = ("white", "keep")
STORES = ("raw", "jpeg")


@dataclass(frozen=True)
class Options:
    """The way in which images are prepared. Equal options and equal files give equal
    bytes.

    Attributes:
        size: ``(H, W)`` of the prepared images.
        crop: ``center`` cuts the largest centred part with the aspect ratio of
            ``size``; ``none`` cuts nothing, so an image of another ratio is stretched.
        filter: the filter of Pillow that resizes.
        alpha: ``white`` puts transparent images on white; ``keep`` keeps four channels
            if any image has transparency.
        store: ``raw`` writes decoded pixels in ``.npy`` files, ``jpeg`` writes JPEG
            images in array_record files.
        labels: a file with the labels of the images, or ''.
        pairs: '', ``AB`` for two images side by side in each file, or ``DIR,DIR`` for
            two folders with equal names of files.
        holdout: the images that become the test split if there is none: a share below
            1, or a count.
        seed: the seed that chooses these images.
    """

    size: tuple[int, int]
    crop: str = "center"
    filter: str = "lanczos"
    alpha: str = "white"
    store: str = "raw"
    labels: str = ""
    pairs: str = ""
    holdout: float = 0.1
    seed: int = 0

    def __post_init__(self):
        for field, names in (
            ("crop", CROPS),
            ("filter", FILTERS),
            ("alpha", ALPHAS),
            ("store", STORES),
        ):
            if getattr(self, field) not in names:
                raise unknown(field, getattr(self, field), names)
        HOLDOUT.check("holdout", self.holdout)
        if self.seed < 0:
            raise BadInput(f"seed={self.seed}: expected at least 0")

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON values."""
        return {**asdict(self), "size": list(self.size)}


def parse_size(text: str) -> tuple[int, int]:
    """Return ``(H, W)`` from text such as ``64`` or ``48x64``.

    Raises:
        BadInput: for other text, or a side of 0 or above 65,535.
    """
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(s.isdigit() and 0 < int(s) < 2**16 for s in sides):
        raise BadInput(
            f"size='{text}': expected the side of the images or HEIGHTxWIDTH, as in "
            "--size=64 or --size=48x64"
        )
    return int(sides[0]), int(sides[-1])


def centred(height: int, width: int, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the largest centred part of an image that has the aspect ratio of
    ``size``, to the nearest pixel, as a slice of the rows and a slice of the columns.

    Args:
        height, width: of the image.
        size: ``(H, W)``.
    """
    rows = min(height, max(1, round(width * size[0] / size[1])))
    columns = min(width, max(1, round(height * size[1] / size[0])))
    top, left = (height - rows) // 2, (width - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def fit(image: np.ndarray, options: Options) -> np.ndarray:
    """Cut and resize an image to the size of the options. Colours of transparent pixels
    have no weight.

    Args:
        image: uint8 ``[h, w, C]``, C 1, 3 or 4.

    Returns:
        uint8 ``[H, W, C]``.
    """
    from PIL import Image

    if options.crop == "center":
        image = image[centred(*image.shape[:2], options.size)]
    if image.shape[:2] == options.size:
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    resample = Image.Resampling[options.filter.upper()]
    resized = picture.resize(options.size[::-1], resample)
    return np.asarray(resized).reshape(*options.size, -1)


def halves(image: np.ndarray) -> list[np.ndarray]:
    """Return the left and the right half of an image with an even width."""
    width = image.shape[1] // 2
    return [image[:, :width], image[:, width:]]
