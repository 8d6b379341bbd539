"""Enlarge a user's images with a trained run of a super-resolution game."""

import io
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
from flax.errors import ScopeParamShapeError

from ganjax.applying import check_applies
from ganjax.data import as_bytes, scaled
from ganjax.data.named_images import NamedImages
from ganjax.errors import BadInput
from ganjax.loading import Run
from ganjax.model import enlarged

# The side of a tile, in pixels of the input.
TILE = 256


def upscale(
    run: Run,
    path: str,
    out: Path | str,
    *,
    tile: int = TILE,
    overlap: int | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write enlarged images as 8-bit PNG files ``OUT/NAME_xFACTOR.png``.

    Images are read by the rules of ``ganjax.data.image_file``. A grey image stays grey,
    also if the network has three channels. If an image has transparency, a network of
    four channels enlarges its alpha too. A network of one or three channels enlarges
    the colours as they are in the file, and bicubic interpolation enlarges the alpha.
    (Real-ESRGAN offers this as the option ``bicubic`` of ``alpha_upsampler``, but its
    code interpolates bilinearly: github.com/xinntao/Real-ESRGAN, realesrgan/utils.py.)

    Args:
      run: a run whose game can enlarge images, such as ``super_resolution``.
      path: an image file, a folder or an archive, with images of any sizes.
      out: the folder to write to. Existing files are never replaced.
      tile: side in pixels of the square parts of the input that the network enlarges
        one by one; 0 for the whole image.
      overlap: width in pixels of the input of the margin that is cut off where a tile
        borders on another tile. The default is the distance up to which an output pixel
        depends on the input. With it, tiles do not change the result.
      report: is called with a line for each written image.

    Returns:
      the written files.

    Raises:
      BadInput: the run's game or its network cannot enlarge images, an image cannot be
        read, or a file to write exists. In these cases nothing is written.
    """
    overlap = _check(run, tile, overlap)
    images = NamedImages(path)
    channels = run.source.spec.shape[-1]
    targets = _targets(images, Path(out), run.sampler.enlarging.factor)

    def check(name):
        large = max(_pixels(images, name, channels)[0].shape[:2])
        if 0 < tile < large:
            _check_tile(run, tile, overlap)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(check, images.names))
    for name, target in targets.items():
        pixels, grey = _pixels(images, name, channels)
        made = _enlarged(run, pixels, grey, tile, overlap or 0)
        facts = {
            "mode": "upscale",
            "config": run.config.data.name,
            "step": run.model.step,
            "factor": run.sampler.enlarging.factor,
        }
        _write(target, made, facts)
        (h, w), (height, width) = pixels.shape[:2], made.shape[:2]
        report(f"{name} {w}×{h} -> {target} {width}×{height}")
    return list(targets.values())


def _check(run, tile, overlap):
    """Return the overlap, or the reach of the run's network in its place. Raise
    ``BadInput`` unless the run can enlarge images."""
    stated = run.sampler.enlarging is not None
    check_applies(run, "enlarge", "super_resolution", stated)
    if tile < 0:
        raise BadInput(f"tile={tile}: expected at least 1, or 0 for the whole image")
    if overlap is not None and overlap < 0:
        raise BadInput(f"overlap={overlap}: expected at least 0")
    return run.sampler.enlarging.reach if overlap is None else overlap


def _check_tile(run, tile, overlap):
    if overlap is None:
        raise BadInput(
            f"tile={tile}: the generator of workdir={run.path} does not state how far "
            f"its pixels reach, expected an overlap, or tile=0 for the whole image"
        )
    if tile <= 2 * overlap:
        raise BadInput(
            f"tile={tile}: expected more than twice the overlap of {overlap} pixels, "
            f"or 0 for the whole image"
        )


def _targets(images, out, factor):
    """Return the file to write for each image, by the name of the image."""
    found: dict[Path, str] = {}
    for name in images.names:
        inside = PurePosixPath(name)
        target = out / inside.parent / f"{inside.stem}_x{factor}.png"
        if target in found:
            raise images.error(
                name,
                f"this image and {found[target]} would both be written to {target}",
            )
        if target.exists():
            raise BadInput(
                f"out={out}: {target} exists and is not replaced, expected another "
                f"folder"
            )
        found[target] = name
    return {name: target for target, name in found.items()}


def _pixels(images, name, channels):
    """Return the pixels of an image ``[h, w, C]`` with the channels of the network,
    and with alpha if it has transparency; and whether the file is grey."""
    about = images.header(name)
    if channels == 4:
        return images.pixels(name, 4), False
    pixels = images.pixels(name, 4 if about.channels == 4 else 3)
    if channels == 1:
        colours = pixels[..., :3]
        if (colours != colours[..., :1]).any():
            raise images.error(name, "has colours, and the run makes grey images")
        pixels = np.delete(pixels, (1, 2), axis=-1)
    return pixels, about.grey


def _enlarged(run, pixels, grey, tile, overlap):
    """Return the enlarged image, uint8 ``[H, W, C]``, C 1 to 4."""
    from PIL import Image

    network = run.source.spec.shape[-1]
    colours, alpha = pixels[..., :network], pixels[..., network:]
    x = np.asarray(scaled(colours))
    try:
        made = enlarged(run.model, x, tile or max(x.shape[:2]), overlap)
    except ScopeParamShapeError as error:
        raise BadInput(
            f"workdir={run.path}: the generator has parameters that depend on the size "
            f"of images, expected a fully convolutional one, such as "
            f"networks.generator.name='srresnet'"
        ) from error
    made = as_bytes(made)
    if grey and network == 3:
        made = np.asarray(Image.fromarray(made).convert("L"))[..., None]
    if alpha.size:
        size = made.shape[1], made.shape[0]
        large = Image.fromarray(alpha[..., 0]).resize(size, Image.Resampling.BICUBIC)
        made = np.concatenate([made, np.asarray(large)[..., None]], axis=-1)
    return made


def _write(target, pixels, facts):
    """Write a PNG file with one rename."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text, content = PngInfo(), io.BytesIO()
    text.add_text("ganjax", json.dumps(facts))
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.save(content, "PNG", pnginfo=text)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"out={target.parent}: expected a place to write to, {error.strerror}"
        ) from error
    unfinished = target.with_name(f".{target.name}.tmp")
    unfinished.write_bytes(content.getvalue())
    os.replace(unfinished, target)
