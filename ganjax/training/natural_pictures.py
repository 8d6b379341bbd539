"""Pictures of molecules, time series, sentences and tables. Equal input gives equal
bytes."""

import io
import math
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ganjax.data.forms import MOLECULES, SENTENCES, SERIES, TABLE
from ganjax.data.molecule_arrays import molecules, rdkit
from ganjax.data.natural_files import in_units, sentences
from ganjax.metrics.tables import associations
from ganjax.training.pictures import POINT_COLOUR, REFERENCE_COLOUR
from ganjax.training.table_pictures import associations_picture, columns_picture

CELL = 112, 84  # width and height of a molecule
TRACES = 24  # lines of each kind in a picture of series
LINE = 16  # pixels of a line of text
MARGIN = 6


def natural_picture(
    samples: np.ndarray, form: Any, real: np.ndarray | None = None, title: str = ""
) -> Image.Image:
    """Return a picture of samples ``[n, …]`` of a form.

    Args:
      form: ``Spec.form`` of the samples.
      real: real samples, which are drawn with series and columns, for comparison.
        ``samples`` may then be empty.
      title: text above the picture.
    """
    drawings = {
        MOLECULES: _molecules, SERIES: _series, SENTENCES: _sentences, TABLE: _table
    }  # fmt: skip
    return drawings[form.kind](np.asarray(samples), form, real, title)


def _table(samples, form, real, title):
    """Draw the columns, and below them how strongly they depend on each other."""
    made = form.decode(samples) if len(samples) else None
    other = None if real is None else form.decode(np.asarray(real))
    upper = columns_picture(form, made, other, title)
    if made is None or other is None or len(form.names) < 2:
        return upper
    found = (associations(x, form.sizes) for x in (other, made))
    lower = associations_picture(list(form.names), *found)
    if lower.width > upper.width:
        lower = lower.resize((upper.width, lower.height * upper.width // lower.width))
    both = Image.new("RGB", (upper.width, upper.height + lower.height), "white")
    both.paste(upper, (0, 0))
    both.paste(lower, (0, upper.height))
    return both


def _molecules(samples, form, real, title):
    """Draw molecules in reading order. A cell without a drawing is no molecule."""
    found = molecules(samples, form.names, "a picture of molecules")
    columns = math.ceil(math.sqrt(len(found)))
    width, height = CELL
    rows = math.ceil(len(found) / columns)
    made = Image.new("RGB", (columns * width, LINE + rows * height), "white")
    valid = sum(molecule is not None for molecule in found)
    said = f"{title}{', ' if title else ''}{valid} of {len(found)} are molecules"
    draw = ImageDraw.Draw(made)
    draw.text((MARGIN, 2), said, fill="black", font=ImageFont.load_default())
    for i, molecule in enumerate(found):
        corner = i % columns * width, LINE + i // columns * height
        if molecule is None:
            box = (*corner, corner[0] + width - 2, corner[1] + height - 2)
            draw.rectangle(box, fill="#e6e6e6")
        else:
            made.paste(_molecule(molecule), corner)
    return made


def _molecule(molecule):
    rdkit("a picture of molecules")
    from rdkit.Chem.Draw import rdMolDraw2D

    canvas = rdMolDraw2D.MolDraw2DCairo(*CELL)
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()
    return Image.open(io.BytesIO(canvas.GetDrawingText())).convert("RGB")


def _series(samples, form, real, title):
    """Draw a panel of traces for each variable, real ones below generated ones."""
    # Imported late: it takes a second, and most commands do not need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names, count = form.names, len(form.names)
    columns = min(3, count)
    rows = math.ceil(count / columns)
    size = 3.0 * columns + 0.4, 2.2 * rows + 0.5
    figure = Figure(figsize=size, dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for unused in axes[count:]:
        unused.set_axis_off()
    sides = [(real, REFERENCE_COLOUR, "data"), (samples, POINT_COLOUR, "generated")]
    for values, colour, name in sides:
        if values is None or not len(values):
            continue
        values = in_units(np.asarray(values)[:TRACES], form)
        for i in range(count):
            lines = axes[i].plot(values[..., i].T, color=colour, lw=0.8, alpha=0.6)
            lines[0].set_label(name)
    for axis, name in zip(axes, names, strict=False):
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(loc="upper right", fontsize=7, frameon=False)
    figure.suptitle(title, fontsize=10)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return Image.open(buffer).convert("RGB")


def _sentences(samples, form, real, title):
    """Draw a sentence in each line."""
    lines = [title] * bool(title) + sentences(samples, form)
    font = ImageFont.load_default()
    width = math.ceil(max(font.getlength(line) for line in lines)) + 2 * MARGIN
    made = Image.new("RGB", (width, LINE * len(lines) + MARGIN), "white")
    draw = ImageDraw.Draw(made)
    for i, line in enumerate(lines):
        fill = "#606060" if title and not i else "black"
        draw.text((MARGIN, 2 + LINE * i), line, fill=fill, font=font)
    return made
