"""A user's pictures as a run's images: decoded, cut and resized."""

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganjax.data.image_file import BadImage, decode, header
from ganjax.data.preparing import Options
from ganjax.data.preparing.fitting import centred, fit
from ganjax.errors import BadInput, shape_text


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture with the shape of a run's images.

    Attributes:
      path: the file, as the user named it.
      name: the file's name without folder and suffix, different for each picture.
      digest: SHA-256 of the file.
      pixels: uint8 ``[H, W, C]``.
      changes: each change of the picture, in words, such as ``colour became grey``.
    """

    path: str
    name: str
    digest: str
    pixels: np.ndarray
    changes: tuple[str, ...]


def read_pictures(
    paths: Sequence[Path | str], shape: tuple[int, ...], crop: str, resample: str
) -> list[Picture]:
    """Read pictures, and cut and resize them to the shape of a run's images.

    The rules are the rules of ``ganjax prepare``: the EXIF orientation is applied, 16
    bits become 8, and by default the centre with the aspect ratio of the run's images
    is cut out. If the run's images are grey, a colour picture becomes grey.

    Args:
      paths: image files of any size.
      shape: (H, W, C) of the run's images.
      crop, resample: ``--crop`` and ``--filter`` of ``ganjax prepare``.

    Raises:
      BadInput: there are no paths, a file is missing or is no image, an option is
        unknown, or the run's images do not have 1, 3 or 4 channels.
    """
    if not paths:
        raise BadInput("images: expected at least one picture")
    if shape[-1] not in (1, 3, 4):
        raise BadInput(
            f"images: expected a run of images with 1, 3 or 4 channels, not "
            f"{shape_text(shape)}"
        )
    options = Options(size=shape[:2], crop=crop, filter=resample)
    names = _names([Path(path).stem for path in paths])
    return [
        _read(str(path), name, shape, options)
        for path, name in zip(paths, names, strict=True)
    ]


def _names(stems):
    """Return different names: a repeated one ends in its number."""
    found: list[str] = []
    for stem in stems:
        name, number = stem, 1
        while name in found:
            number += 1
            name = f"{stem}-{number}"
        found.append(name)
    return found


def _read(path, name, shape, options):
    file = Path(path).expanduser()
    if not file.is_file():
        problem = "found a folder" if file.is_dir() else "there is no such file"
        raise BadInput(f"'{path}': expected an image file, {problem}")
    try:
        content = file.read_bytes()
        before = header(content)
        image = decode(content, shape[-1])
    except OSError as error:
        raise BadInput(f"'{path}': cannot be read ({error.strerror})") from error
    except BadImage as error:
        raise BadInput(f"'{path}': {error}; expected an image") from error
    pixels = fit(image, options)
    changes = _changes(before, image.shape, shape, options)
    digest = hashlib.sha256(content).hexdigest()
    return Picture(path, name, digest, pixels, tuple(changes))


def _changes(before, found, shape, options):
    if shape[-1] == 1 and not before.grey:
        yield "colour became grey"
    if shape[-1] < 4 and before.channels == 4:
        yield "put on white"
    height, width = found[:2]
    if options.crop == "center":
        rows, columns = centred(height, width, options.size)
        part = rows.stop - rows.start, columns.stop - columns.start
        if part != (height, width):
            yield f"cut from {shape_text((height, width))} to {shape_text(part)}"
            height, width = part
    if (height, width) != options.size:
        yield f"resized from {shape_text((height, width))}"
