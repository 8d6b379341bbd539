"""Figures that look like a paper's."""

from collections.abc import Sequence

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from experiments.trials import Row, curve

# Dark enough for print, told apart by the colour-blind (Okabe & Ito 2008).
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
    """A context in which what is drawn looks like a paper's."""
    return matplotlib.rc_context(_STYLE)


def panels(rows: int, columns: int, *, width: float = 2.3, height: float = 2.0, **more):
    """A figure of ``rows`` × ``columns`` axes, ``(figure, axes [rows, columns])``, each
    ``width`` by ``height`` inches; ``more`` as ``Figure.subplots`` takes it."""
    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **more)


def draw_courses(axis, rows: Sequence[Row], name: str, *, label: str, **style) -> None:
    """A line a run: a score over its steps. The runs share the label."""
    for i, row in enumerate(rows):
        axis.plot(*curve(row, name), label=label if i == 0 else None, **style)
