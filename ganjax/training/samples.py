"""The pictures of a run: real examples once, samples of fixed latents over time."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganjax.data import Source, held_out
from ganjax.training.pictures import image_grid, scatter
from ganjax.training.table_pictures import columns_picture

_END_OF_PNG = b"IEND\xaeB`\x82"  # name and checksum of the last chunk

POINTS_A_COUNT = 10  # a scatter plot needs more samples than a grid of images


def sample_count(source: Source, count: int) -> int:
    """Return the number of samples in a picture.

    Args:
      count: ``samples.count`` of the config, the number of images. A plot of points has
        ten times as many.
    """
    return count if len(source.spec.shape) == 3 else POINTS_A_COUNT * count


def real_examples(source: Source, count: int) -> np.ndarray:
    """Return held-out examples ``[n, …]`` for pictures, the same for all runs."""
    return held_out(source.test, sample_count(source, count), seed=0)[0]


def picture_of_real(real: np.ndarray, table: Any = None) -> Image.Image:
    """Return the picture of held-out examples ``[n, …]``. ``table`` is the format of
    the columns if they are rows of a table."""
    if table is not None:
        return columns_picture(table, table.decode(real), title="real")
    return image_grid(real) if real.ndim == 4 else scatter(real[:0], real, title="real")


def picture_of_samples(
    samples: np.ndarray, real: np.ndarray, step: int, table: Any = None
) -> Image.Image:
    """Return the picture of samples ``[n, …]`` at a step. Points and the columns of a
    ``table`` are drawn over the held-out examples ``real``."""
    if table is not None:
        made, held = table.decode(samples), table.decode(real)
        return columns_picture(table, made, held, title=f"step {step}")
    if samples.ndim == 4:
        return image_grid(samples)
    return scatter(samples, real, title=f"step {step}")


def save_picture(path: Path, picture: Image.Image) -> None:
    """Write a PNG. A file that exists is complete, also after a kill."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.tmp")
    picture.save(part, format="PNG")
    part.replace(path)


def whole_picture(path: Path) -> bool:
    """Return whether a PNG exists and is undamaged."""
    try:
        with Image.open(path) as picture:
            picture.verify()
        return path.read_bytes().endswith(_END_OF_PNG)
    except (OSError, SyntaxError, ValueError):  # Pillow raises these for damage
        return False
