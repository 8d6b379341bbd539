"""Pictures of generated samples: a grid of images, or a plot of points.

The functions take arrays and return PIL images. Equal input gives equal bytes, so
pictures can be compared by hash. Only matplotlib's object API is used, without pyplot
and without a global figure, so the functions are safe in any thread.
"""

import io
import math

import numpy as np
from PIL import Image

from ganjax.data.alpha import on_white

# A whole factor enlarges the longer side of a small image to about this size.
COMFORTABLE_PIXELS = 64
GAP_PIXELS = 2
GAP_GREY = 112
REFERENCE_COLOUR = "#7d8894"
POINT_COLOUR = "#d9640a"


def image_grid(
    images, columns: int | None = None, scale: int | None = None
) -> Image.Image:
    """Return a grid of images in reading order, on a grey background.

    Args:
      images: floats in [-1, 1], ``[n, H, W, C]``. Values outside are clipped; nan is
        black. One channel is grey, three are colour. Four are colour and alpha and are
        shown on white. With another number of channels, only the first one is shown.
      columns: images in a row. The default makes the smallest square grid.
      scale: whole factor of enlargement: each pixel becomes a square. The default
        enlarges small images to about 64 pixels and does not change larger ones.

    Raises:
      ValueError: if the images have another shape or are integers, there are none, or
        ``columns`` or ``scale`` is below 1.
    """
    images = np.asarray(images)
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(f"images has shape {images.shape}: expected [n, H, W, C]")
    if images.dtype.kind in "iub":
        raise ValueError(f"images is {images.dtype}: expected floats in [-1, 1]")
    count, height, width, channels = images.shape
    if channels not in (1, 3, 4):
        images, channels = images[..., :1], 1
    if columns is None:
        columns = math.ceil(math.sqrt(count))
    if scale is None:
        scale = comfortable_scale(max(height, width))
    if columns < 1 or scale < 1:
        raise ValueError(f"columns={columns}, scale={scale}: expected at least 1")

    pixels = np.nan_to_num(images.astype(np.float32), nan=-1.0)
    pixels = np.rint((np.clip(pixels, -1, 1) + 1) * 127.5).astype(np.uint8)
    if channels == 4:
        pixels, channels = on_white(pixels), 3
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)

    down, right = height * scale + GAP_PIXELS, width * scale + GAP_PIXELS
    rows = math.ceil(count / columns)
    canvas = np.full(
        (rows * down + GAP_PIXELS, columns * right + GAP_PIXELS, channels),
        GAP_GREY,
        np.uint8,
    )
    for i, picture in enumerate(pixels):
        top = GAP_PIXELS + (i // columns) * down
        left = GAP_PIXELS + (i % columns) * right
        canvas[top : top + height * scale, left : left + width * scale] = picture
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas)


def comfortable_scale(side: int) -> int:
    """Return the largest whole factor by which ``side`` pixels become at most
    ``COMFORTABLE_PIXELS``; 1 if there is none."""
    return max(1, COMFORTABLE_PIXELS // side)


def scatter(points, reference=None, limits=None, title: str = "") -> Image.Image:
    """Return a plot of generated and reference points, or two histograms if D is 1.

    ``limits``, or else ``reference``, fixes the axes, so pictures of the same run can
    be compared. The picture states the number of points that are not finite or are
    outside the axes.

    Args:
      points: generated points ``[n, D]``. Only the first two dimensions are drawn; if D
        is above 2, the labels of the axes state D.
      reference: real points ``[m, D]``, or None.
      limits: ``((x_low, x_high), (y_low, y_high))``. If D is 1, the second pair is
        not used.
      title: text above the plot.

    Raises:
      ValueError: if ``points`` is not ``[n, D]``, or ``reference`` has another D.
    """
    # Imported late: it takes a second, and most commands do not need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] < 1:
        raise ValueError(f"points has shape {points.shape}: expected [n, D]")
    if reference is not None:
        reference = np.asarray(reference, np.float64)
        if reference.ndim != 2 or reference.shape[1] != points.shape[1]:
            raise ValueError(
                f"reference has shape {reference.shape}: expected "
                f"[m, {points.shape[1]}]"
            )
    drawn = points[:, :2]
    frame = _limits(drawn if reference is None else reference[:, :2])
    if limits is not None:
        frame = np.asarray(limits, np.float64)[: len(frame)]

    figure = Figure(figsize=(4.8, 4.8), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if drawn.shape[1] == 1:
        _draw_histograms(axes, drawn, reference, frame)
    else:
        _draw_points(axes, drawn, reference, frame, dimensions=points.shape[1])
    axes.set_title(title, fontsize=11)
    axes.tick_params(labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)

    inside = ((drawn >= frame[:, 0]) & (drawn <= frame[:, 1])).all(axis=1)
    if not inside.all():
        axes.text(
            0.5, 0.01, f"{(~inside).sum()} of {len(points)} points are outside",
            transform=axes.transAxes, ha="center", va="bottom", fontsize=9,
            color="#a02020", bbox={"fc": "white", "ec": "none", "pad": 2},
        )  # fmt: skip
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return Image.open(buffer).convert("RGB")


def _limits(points: np.ndarray) -> np.ndarray:
    """Return ``[D, 2]``, a square around the finite points with a margin."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return np.array([[-1.0, 1.0]] * points.shape[1])
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    half = 0.6 * (high - low).max() or 1.0
    return np.stack([centre - half, centre + half], axis=1)


def _draw_points(axes, points, reference, frame, dimensions: int) -> None:
    if reference is not None:
        axes.plot(*reference[:, :2].T, ".", ms=3.5, mew=0, color=REFERENCE_COLOUR,
                  label="data", zorder=1)  # fmt: skip
    axes.plot(*points.T, ".", ms=3.5, mew=0, alpha=0.6, color=POINT_COLOUR,
              label="generated", zorder=2)  # fmt: skip
    axes.set_xlim(frame[0])
    axes.set_ylim(frame[1])
    axes.set_aspect("equal")
    if dimensions > 2:
        axes.set_xlabel(f"coordinate 1 of {dimensions}", fontsize=9)
        axes.set_ylabel(f"coordinate 2 of {dimensions}", fontsize=9)
    if reference is not None:
        axes.legend(loc="upper right", fontsize=8, frameon=False, markerscale=3)


def _draw_histograms(axes, points, reference, frame) -> None:
    bins = np.linspace(*frame[0], 61)
    for values, colour, name in (
        (reference, REFERENCE_COLOUR, "data"),
        (points, POINT_COLOUR, "generated"),
    ):
        if values is None:
            continue
        # Fractions of all points: points outside the axes lower the visible bars.
        share = np.histogram(values[np.isfinite(values)], bins)[0] / max(len(values), 1)
        axes.stairs(share, bins, fill=True, alpha=0.55, color=colour, label=name)
    axes.set_xlim(frame[0])
    axes.set_ylabel("fraction of the points", fontsize=9)
    axes.legend(loc="upper right", fontsize=8, frameon=False)
