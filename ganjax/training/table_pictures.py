"""Pictures of tables: columns of made rows next to columns of real rows, and how
strongly columns depend on each other."""

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from ganjax.metrics.tables import column_similarities
from ganjax.training.pictures import POINT_COLOUR, REFERENCE_COLOUR

MOST_COLUMNS = 16  # of a table that are drawn
MOST_BARS = 12  # of a category, the most frequent ones
BINS = 30


def columns_picture(
    form: Any,
    made: Mapping[str, np.ndarray] | None,
    real: Mapping[str, np.ndarray] | None = None,
    title: str = "",
) -> Image.Image:
    """Return a plot of the distribution of each column, at most ``MOST_COLUMNS``. The
    title of a column has its distance: 1 minus ``metrics.tables.column_similarity``.

    Args:
      form: the ``TableFormat`` of the columns.
      made, real: values by column; ``None`` for a side that is not drawn.
    """
    names = form.names[:MOST_COLUMNS]
    columns = min(4, len(names))
    figure, rows = _figure(math.ceil(len(names) / columns), columns, title)
    distances = {}
    if real is not None and made is not None:
        sizes = {name: form.sizes[name] for name in names}
        near = column_similarities(real, made, sizes)
        distances = {name: 1 - value for name, value in near.items()}
    both = {"real": real, "generated": made}
    sides = {side: table for side, table in both.items() if table is not None}
    for axes, name in zip(rows, names, strict=False):
        values = {side: table[name] for side, table in sides.items()}
        if form.sizes[name]:
            _bars(axes, form[name], values)
        else:
            _histogram(axes, form[name], values)
        far = f"  {distances[name]:.3f}" if distances else ""
        axes.set_title(f"{_short(name, 18)}{far}", fontsize=9)
        axes.set_yticks([])
        axes.spines[["top", "right", "left"]].set_visible(False)
    for axes in rows[len(names) :]:
        axes.set_visible(False)
    if len(sides) > 1:
        rows[0].legend(loc="best", fontsize=7, frameon=False)
    return _image(figure)


def associations_picture(
    names: list[str], real: np.ndarray, made: np.ndarray
) -> Image.Image:
    """Return two matrices ``[columns, columns]`` next to each other, and their
    difference; values are in [0, 1] (``metrics.tables.associations``)."""
    figure, rows = _figure(1, 3, "", side=0.22 * len(names) + 2)
    shown = (("real", real), ("generated", made), ("difference", abs(made - real)))
    for axes, (title, matrix) in zip(rows, shown, strict=True):
        drawn = axes.imshow(matrix, vmin=0, vmax=1, cmap="viridis")
        axes.set_title(title, fontsize=9)
        at = range(len(names))
        labels = [_short(name, 14) for name in names]
        axes.set_xticks(at, labels, rotation=90, fontsize=6)
        axes.set_yticks(at, labels if title == "real" else [], fontsize=6)
    figure.colorbar(drawn, ax=rows, shrink=0.7)
    return _image(figure)


def _figure(down, across, title, side=1.9):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    size = (side * across * 1.2, side * down + (0.3 if title else 0))
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, fontsize=11)
    axes = figure.subplots(down, across, squeeze=False)
    return figure, axes.reshape(-1)


def _image(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return Image.open(buffer).convert("RGB")


def _colour(side):
    return REFERENCE_COLOUR if side == "real" else POINT_COLOUR


def _bars(axes, column, values):
    size = max(len(column.values), 1)
    counts = {
        side: np.bincount(np.where(x < 0, size, x), minlength=size + 1) / len(x)
        for side, x in values.items()
    }
    first = next(iter(counts.values()))
    kept = [i for i in range(size + 1) if i < len(column.values) or first[i] > 0]
    if len(kept) > MOST_BARS:
        kept = sorted(sorted(kept, key=lambda i: -first[i])[:MOST_BARS])
    at, width = np.arange(len(kept)), 0.8 / len(counts)
    for i, (side, count) in enumerate(counts.items()):
        axes.bar(at + i * width, count[kept], width, color=_colour(side), label=side)
    labels = [column.values[i] if i < len(column.values) else "missing" for i in kept]
    middle = (len(counts) - 1) * width / 2
    axes.set_xticks(
        at + middle, [_short(x, 10) for x in labels], rotation=90, fontsize=6
    )


def _histogram(axes, column, values):
    first = next(iter(values.values()))
    known = first[~np.isnan(first)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    bins = np.linspace(low, high if high > low else low + 1, BINS + 1)
    for side, x in values.items():
        share = np.histogram(x[~np.isnan(x)], bins)[0] / max(len(x), 1)
        axes.stairs(share, bins, fill=True, alpha=0.6, color=_colour(side), label=side)
    if column.kind == "date":
        axes.set_xticks([low, high], column.texts([low, high]), fontsize=6)
    axes.tick_params(labelsize=6)


def _short(text, most):
    return text if len(text) <= most else f"{text[: most - 1]}…"
