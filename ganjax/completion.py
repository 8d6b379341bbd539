"""Fill the holes of a user's images with a trained run of an inpainting game."""

import dataclasses
from pathlib import PurePosixPath

import jax
import numpy as np

from ganjax.applying import check_applies
from ganjax.core import sample_keys
from ganjax.data import as_bytes, scaled
from ganjax.data.named_images import NamedImages
from ganjax.data.preparing import Options
from ganjax.data.preparing.fitting import fit
from ganjax.errors import shape_text
from ganjax.loading import Run

# A pixel of a mask is in the hole if its grey value, 0 to 255, is above this.
HALF = 127


@dataclasses.dataclass(frozen=True)
class Completion:
    """Completed images.

    Attributes:
      names: of the images, without the endings of files.
      asked: float32 ``[n, H, W, C]`` in [-1, 1], the images with a grey hole.
      masks: float32 ``[n, H, W, 1]``, 1 in the hole.
      made: like ``asked``, the completed images.
    """

    names: list[str]
    asked: np.ndarray
    masks: np.ndarray
    made: np.ndarray


def complete(run: Run, images: str, masks: str | None, seed: int = 0) -> Completion:
    """Return a user's images with their holes filled.

    Images and masks are cut at their centre to the ratio of the run's images and
    resized, as ``ganjax prepare`` does it; masks without interpolation.

    Args:
      run: a run whose game can fill holes, such as ``inpainting``.
      images: an image file, a folder or an archive.
      masks: a mask for all images, or a folder or an archive with a mask for each image
        (``a.png`` for ``a.jpg``), of the size of the image. White or transparent pixels
        are the hole. ``None`` draws the holes as in training.
      seed: seed of these random holes.

    Raises:
      BadInput: the run's game cannot fill holes, a file cannot be read, an image has no
        mask, or a mask has another size than its image, no hole or no context.
    """
    check_applies(run, "fill", "inpainting", run.sampler.masking is not None)
    *size, channels = run.source.spec.shape
    options, files = Options((size[0], size[1])), NamedImages(images)
    names = _without_endings(files)
    pixels = [_pixels(files, name, channels) for name in names.values()]
    x = np.asarray(scaled(np.stack([fit(one, options) for one in pixels])))
    if masks is None:
        draw = jax.jit(run.sampler.masking.draw)
        hole = np.asarray(draw(sample_keys(jax.random.key(seed), len(x))))
    else:
        found = _masks(NamedImages(masks), masks, files, names, pixels)
        options = dataclasses.replace(options, filter="nearest")
        hole = np.stack([fit(255 * one.astype(np.uint8), options) for one in found])
        hole = (hole > HALF).astype(np.float32)
        for name, one in zip(names.values(), hole, strict=True):
            if not 0 < one.mean() < 1:
                lacks = "context" if one.any() else "hole"
                raise files.error(
                    name, f"has no {lacks} at {shape_text(size)} with mask '{masks}'"
                )
    asked = x * (1 - hole)
    made = run.model.ask("fill", np.concatenate([asked, hole], -1))
    return Completion(list(names), asked, hole, made)


def _without_endings(files):
    """Return name without its ending -> name, for the images of ``files``."""
    found: dict[str, str] = {}
    for name in files.names:
        short = str(PurePosixPath(name).with_suffix(""))
        if short in found:
            raise files.error(
                name, f"this image and {found[short]} would have the same name"
            )
        found[short] = name
    return found


def _pixels(files, name, channels):
    """Return the pixels of an image ``[h, w, channels]``."""
    if channels == 1 and not files.header(name).grey:
        colours = files.pixels(name, 3)
        if (colours != colours[..., :1]).any():
            raise files.error(name, "has colours, and the run makes grey images")
    return files.pixels(name, channels)


def _masks(given, path, files, names, pixels):
    """Return the hole ``[h, w, 1]`` of each image, bool."""
    by_name = _without_endings(given)
    found = []
    for short, image in zip(names, pixels, strict=True):
        name = given.names[0] if given.single else by_name.get(short)
        if name is None:
            raise files.error(names[short], f"has no mask of its name in '{path}'")
        mask = given.pixels(name, 1)
        if mask.shape[:2] != image.shape[:2]:
            (h, w), (height, width) = mask.shape[:2], image.shape[:2]
            raise given.error(
                name, f"has {w}×{h} pixels, expected {width}×{height} as {names[short]}"
            )
        found.append(mask > HALF)
    return found


def in_bytes(images: np.ndarray) -> np.ndarray:
    """Return images in [-1, 1] as uint8 ``[n, H, W, C]``; ``[n, H, W]`` if C is 1."""
    pixels = as_bytes(images)
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels
