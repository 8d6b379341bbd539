"""The pictures of a run: real examples once, samples of fixed latents over time."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganjax.data import Source, held_out
from ganjax.data.forms import SERIES, TABLE
from ganjax.training.natural_pictures import natural_picture
from ganjax.training.pictures import image_grid, scatter

_END_OF_PNG = b"IEND\xaeB`\x82"  # name and checksum of the last chunk

POINTS_A_COUNT = 10  # a scatter plot, or columns, need more samples than a grid


def sample_count(source: Source, count: int) -> int:
    """Return the number of samples in a picture.

    Args:
      count: ``samples.count`` of the config, the number of images. A plot of points or
        of a table's columns has ten times as many.
    """
    spec = source.spec
    points = len(spec.shape) != 3 and (spec.form is None or spec.form.kind == TABLE)
    return POINTS_A_COUNT * count if points else count


def real_examples(source: Source, count: int) -> np.ndarray:
    """Return held-out examples ``[n, …]`` for pictures, the same for all runs."""
    return held_out(source.test, sample_count(source, count), seed=0)[0]


def picture_of_real(real: np.ndarray, form: Any = None) -> Image.Image:
    """Return the picture of held-out examples ``[n, …]``. ``form`` is ``Spec.form``."""
    if form is not None:
        # Generated series and columns are drawn over real ones; here there are none.
        over = form.kind in (SERIES, TABLE)
        shown = (real[:0], form, real) if over else (real, form)
        return natural_picture(*shown, title="real")
    return image_grid(real) if real.ndim == 4 else scatter(real[:0], real, title="real")


def picture_of_samples(
    samples: np.ndarray, real: np.ndarray, step: int, form: Any = None
) -> Image.Image:
    """Return the picture of samples ``[n, …]`` at a step. Points, series and
    columns are drawn over the held-out examples ``real``. ``form`` is ``Spec.form``."""
    if form is not None:
        return natural_picture(samples, form, real, f"step {step}")
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
