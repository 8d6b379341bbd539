"""Figures in the style of a printed paper."""

from collections.abc import Sequence

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .trials import Row, curve

# Dark enough for print, and safe for colour-blind readers (Okabe & Ito 2008).
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333",
    "#882255", "#117733",
)  # fmt: skip

_STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
}


def paper_style():
    """Return a context in which Matplotlib draws in the style of a paper."""
    return matplotlib.rc_context(_STYLE)


def panels(rows: int, columns: int, *, width: float = 2.3, height: float = 2.0, **more):
    """Build a figure of ``rows`` × ``columns`` axes.

    Args:
      rows, columns: numbers of axes.
      width, height: size of one axis in inches.
      more: further arguments of ``Figure.subplots``.

    Returns:
      ``(figure, axes [rows, columns])``.
    """
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **more)


def draw_courses(axis, rows: Sequence[Row], name: str, *, label: str, **style) -> None:
    """Draw the score ``name`` over the steps, one line for each run.

    Only the first line has the label, so a legend shows it once.
    """
    for i, row in enumerate(rows):
        axis.plot(*curve(row, name), label=label if i == 0 else None, **style)
