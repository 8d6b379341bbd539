"""Small pictures of samples, drawn by NumPy: a report may have thousands of them."""

import io
import math

import numpy as np
from PIL import Image

MOST_IMAGES = 16
# Pixels of the longer side of one image of a grid.
IMAGE_SIDE = 64
GAP, GAP_GREY = 2, 112
# Pixels of the side of a plot of points, and the number of points of one kind in it.
SIDE, MOST_POINTS = 128, 640
BARS = 32
# Colours of a plot: the ground, which is transparent, reference and generated samples.
_GROUND, _REFERENCE, _GENERATED = range(3)
_PALETTE = (255, 255, 255, 154, 163, 173, 217, 100, 10)


def thumbnail(samples: np.ndarray, reference: np.ndarray | None = None) -> bytes:
    """Return a small picture of samples, as the content of a PNG file.

    Images become a grid of at most 16 images. Points become a plot of their first two
    dimensions: generated points in orange over reference points in grey. Points with
    one dimension become two histograms. The reference fixes the axes of a plot; points
    outside are left out.

    Args:
      samples: images ``[n, H, W, C]`` in [-1, 1], points ``[n, D]``, or series and
        molecules ``[n, T, D]``, whose first two numbers are plotted.
      reference: reference points, or ``None``. It is not used for images.

    Raises:
      ValueError: if ``samples`` has another shape.
    """
    samples = np.asarray(samples, np.float32)
    if samples.ndim == 4 and 0 not in samples.shape:
        return _png(_grid(samples[:MOST_IMAGES]))
    if samples.ndim == 3:
        samples = samples.reshape(len(samples), -1)
    if samples.ndim != 2 or samples.shape[1] < 1:
        raise ValueError(
            f"samples has shape {samples.shape}: expected [n, H, W, C] or [n, D]"
        )
    points = samples[:MOST_POINTS, :2].astype(np.float64)
    if reference is None:
        reference = points[:0]
    reference = np.asarray(reference, np.float64)[:MOST_POINTS]
    if reference.ndim == 3:
        reference = reference.reshape(len(reference), -1)
    reference = reference[:, :2]
    frame = _frame(reference if len(reference) else points)
    draw = _histograms if points.shape[1] == 1 else _scatter
    picture = Image.fromarray(draw(points, reference, frame), "P")
    picture.putpalette(_PALETTE)
    return _png(picture, bits=2, transparency=_GROUND)


def _png(picture: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", **options)
    return buffer.getvalue()


def _grid(images: np.ndarray) -> Image.Image:
    count, height, width, channels = images.shape
    pixels = np.clip(np.nan_to_num(images, nan=-1.0), -1, 1)
    if channels == 4:  # colour and alpha, on white
        alpha = (pixels[..., 3:] + 1) / 2
        pixels, channels = 1 + alpha * (pixels[..., :3] - 1), 3
    elif channels != 3:
        pixels, channels = pixels[..., :1], 1
    pixels = np.rint((pixels + 1) * 127.5).astype(np.uint8)
    longer = max(height, width)
    factor = max(1, IMAGE_SIDE // longer // 2)
    pixels = pixels.repeat(factor, axis=1).repeat(factor, axis=2)
    height, width = pixels.shape[1:3]
    if longer > IMAGE_SIDE:
        height, width = (max(1, x * IMAGE_SIDE // longer) for x in (height, width))
        pixels = np.stack([_smaller(image, (width, height)) for image in pixels])
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    down, right = height + GAP, width + GAP
    canvas = np.full(
        (rows * down - GAP, columns * right - GAP, channels), GAP_GREY, np.uint8
    )
    for i, image in enumerate(pixels):
        top, left = i // columns * down, i % columns * right
        canvas[top : top + height, left : left + width] = image
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas)


def _smaller(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    shrunk = np.asarray(picture.resize(size, Image.Resampling.BOX))
    return shrunk.reshape(*shrunk.shape[:2], -1)


def _frame(points: np.ndarray) -> np.ndarray:
    """Return the least and the greatest value of each axis, ``[D, 2]``: a square around
    the finite points, with a margin."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.array([[-1.0, 1.0]] * points.shape[1])
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.6 * (high - low).max() or 1.0
    centre = (low + high) / 2
    return np.stack([centre - half, centre + half], axis=1)


def _inside(points: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return the positions in [0, 1) of the points inside the frame."""
    with np.errstate(invalid="ignore"):
        places = (points - frame[:, 0]) / (frame[:, 1] - frame[:, 0])
        return places[((places >= 0) & (places < 1)).all(axis=1)]


def _scatter(points, reference, frame) -> np.ndarray:
    canvas = np.full((SIDE, SIDE), _GROUND, np.uint8)
    for which, colour in ((reference, _REFERENCE), (points, _GENERATED)):
        # A dot has 2 by 2 pixels.
        left, up = (_inside(which, frame) * (SIDE - 1)).astype(int).T
        top = SIDE - 2 - up
        for down in (0, 1):
            for right in (0, 1):
                canvas[top + down, left + right] = colour
    return canvas


def _histograms(points, reference, frame) -> np.ndarray:
    """Return filled bars of the reference, and the outline of the samples' bars."""
    heights = []
    for which in (reference, points):
        counts, _ = np.histogram(_inside(which, frame), bins=BARS, range=(0, 1))
        heights.append(counts / max(len(which), 1))
    highest = max(max(h.max() for h in heights), 1e-12)
    bars = [np.rint(h / highest * (SIDE - 8)).astype(int) for h in heights]
    bars = [bar.repeat(SIDE // BARS) for bar in bars]
    up = SIDE - 1 - np.arange(SIDE)[:, None]
    canvas = np.where(up < bars[0], _REFERENCE, _GROUND)
    # The outline also covers the step from the bar before.
    before = np.concatenate([bars[1][:1], bars[1][:-1]])
    low, high = np.minimum(before, bars[1]), np.maximum(before, bars[1])
    outline = (
        (up >= low - 2) & (up < np.maximum(high, low + 1)) & (bars[1] + before > 0)
    )
    return np.where(outline, _GENERATED, canvas).astype(np.uint8)
