"""Pictures that scikit-image installs with its code, read without its code: textures,
as images of 64×64 pixels."""

import importlib.util
from pathlib import Path

import numpy as np

from ganjax.data.image_file import BadImage, decode
from ganjax.data.source import Arrays, Source, Spec
from ganjax.errors import BadInput

TEXTURES = ("brick", "grass", "gravel")
SIDE = 64
# The rows below this one of a texture are held out.
LAST_ROW = 384
# Pixels between neighbouring training and test images.
STEP, TEST_STEP = 8, 16


def picture(field: str, name: str, channels: int) -> np.ndarray:
    """Return a picture of scikit-image, uint8 ``[H, W, channels]``.

    Args:
        field: the config field and its value that need the picture, for messages.
        name: the file in scikit-image's folder ``data``, such as ``brick.png``.
        channels: 1 for grey, 3 for RGB.

    Raises:
        BadInput: scikit-image is not installed, or lacks the picture.
    """
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise BadInput(
            f"{field}: needs the pictures of scikit-image, which is not installed "
            f"(pip install 'ganjax[pictures]')"
        )
    path = Path(found.submodule_search_locations[0]) / "data" / name
    try:
        return decode(path.read_bytes(), channels)
    except (OSError, BadImage) as error:
        raise BadInput(
            f"{field}: expected the picture {name} in scikit-image, such as in version "
            f"0.26; {error}"
        ) from error


def open_textures(directory: str = "") -> Source:
    """Open parts of 64×64 pixels of the textures brick, grass and gravel, whose class
    is the label. Ignores ``directory``.

    Each texture is one grey photograph of 512×512 pixels. Training images are inside of
    its upper 384 rows, and test images inside of the other rows. So no pixel is in
    both. Neighbouring training images overlap.

    Raises:
        BadInput: scikit-image is not installed.
    """
    whole = [picture("data.name='textures'", f"{x}.png", 1) for x in TEXTURES]
    train = _parts([x[:LAST_ROW] for x in whole], STEP)
    test = _parts([x[LAST_ROW:] for x in whole], TEST_STEP)
    return Source(Spec("textures", (SIDE, SIDE, 1), TEXTURES), train, test)


def _parts(pictures: list[np.ndarray], step: int) -> Arrays:
    data, label = [], []
    for kind, pixels in enumerate(pictures):
        windows = np.lib.stride_tricks.sliding_window_view(pixels, (SIDE, SIDE), (0, 1))
        parts = np.moveaxis(windows[::step, ::step], 2, -1).reshape(-1, SIDE, SIDE, 1)
        data.append(parts)
        label.append(np.full(len(parts), kind, np.int32))
    return Arrays(np.concatenate(data), np.concatenate(label))
