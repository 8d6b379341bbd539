"""Curves as inline SVG that takes its colours from the page.

The picture is stretched to whatever room the page gives, with strokes that keep their
width, and all text is HTML around it: so a curve is readable on a telephone, and in
the dark, without being drawn twice. Only the choice of ticks is matplotlib's.
"""

import json
import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import LogLocator, MaxNLocator

# A curve of more points is drawn as mean and range over this many stretches.
MOST_POINTS = 240
SIDE = 1000
COLOURS = 6


@dataclass(frozen=True)
class Series:
    """One curve: ``steps [n]`` ascending and ``values [n]``, not all of them finite."""

    name: str
    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class Panel:
    """One figure: curves on common axes.

    `level` is a dashed line to compare with, ``(value, name)``; `limits` fixes the
    vertical axis.
    """

    title: str
    series: tuple[Series, ...]
    level: tuple[float, str] | None = None
    limits: tuple[float, float] | None = None


def format_number(value: float) -> str:
    """A number for reading: four significant digits, thousands in groups."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e7:
        text = f"{int(value):,}"
    elif 1e-3 <= abs(value) < 1e6:
        text = f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"
    else:
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return text.replace("-", "−")


def draw(panel: Panel, last_step: int) -> Markup:
    """A ``<figure>`` for the panel, its horizontal axis reaching to ``last_step``."""
    thinned = [_thin(series) for series in panel.series]
    centres = np.concatenate([means for _, means, _, _ in thinned])
    finite = np.concatenate(
        [_finite(series.values) for series in panel.series]
        + ([np.array([panel.level[0]])] if panel.level else [])
    )
    first = min(steps[0] for steps, *_ in thinned)
    scale = _Scale(finite, _finite(centres), panel.limits)
    across = _across(min(first, last_step), last_step)

    shapes, data, legend, notes = [], [], [], scale.notes
    if scale.holds_zero:
        shapes.append(_level_line(scale(0.0), "zero"))
    if panel.level:
        shapes.append(_level_line(scale(panel.level[0]), "level"))
    for i, (series, (steps, means, low, high)) in enumerate(
        zip(panel.series, thinned, strict=True)
    ):
        colour = f"c{i % COLOURS}"
        x, y = across(steps), scale(means)
        if len(steps) < len(series.steps):
            shapes.append(_band(x, scale(low), scale(high), colour))
        shapes.append(_line(x, y, colour))
        data.append([series.name, list(map(int, steps)), _for_json(means)])
        legend.append((colour, series.name, format_number(series.values[-1])))
        notes = notes + _not_finite(series, named=len(panel.series) > 1)
    ticks = [
        Markup('<span class="y" style="bottom:{:.2f}%">{}</span>').format(
            100 - float(at) / 10, format_number(value)
        )
        for value, at in scale.ticks()
    ] + [
        Markup('<span class="x" style="left:{:.2f}%">{}</span>').format(
            float(across(step)) / 10, _short(step)
        )
        for step in _step_ticks(first, last_step)
    ]
    grid = [_level_line(at, "grid") for _, at in scale.ticks()]
    keys = [
        Markup('<span class="key"><i class="{}"></i>{} <b>{}</b></span>').format(*entry)
        for entry in legend
    ]
    if panel.level:
        keys.append(
            Markup('<span class="key"><i class="dash"></i>{}</span>').format(
                panel.level[1]
            )
        )
    payload = {"from": min(first, last_step), "to": last_step, "series": data}
    return Markup(
        '<figure class="panel"><figcaption><h3>{}</h3><div class="keys">{}</div>'
        '</figcaption><div class="plot" data-curves="{}">{}'
        '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}{}</svg><div class="cursor" hidden></div></div>{}</figure>'
    ).format(
        panel.title,
        Markup("").join(keys),
        json.dumps(payload, separators=(",", ":")),
        Markup("").join(ticks),
        f"{panel.title} over training steps",
        Markup("").join(grid),
        Markup("").join(shapes),
        Markup("").join(
            Markup('<p class="note">{}</p>').format(note) for note in notes
        ),
    )


class _Scale:
    """The vertical axis: values to 0 (top) … 1000, linear or logarithmic."""

    def __init__(self, values: np.ndarray, centres: np.ndarray, limits):
        self.notes: list[str] = []
        self.log = False
        if limits is not None:
            self.low, self.high = limits
            return
        if not len(values):
            self.low, self.high = 0.0, 1.0
            return
        low, high = float(values.min()), float(values.max())
        if low > 0 and high / low > 1000:
            self.log = True
            self.low = math.log10(low) - 0.1
            self.high = math.log10(high) + 0.1
            self.notes.append("Logarithmic axis.")
            return
        # A single spike must not flatten the curve: cut the axis and say so.
        inner = np.quantile(centres if len(centres) else values, [0.01, 0.99])
        room = max(inner[1] - inner[0], 1e-12)
        cut_low, cut_high = inner[0] - 1.5 * room, inner[1] + 1.5 * room
        if len(values) >= 20 and (high - low) > 12 * room:
            if low < cut_low or high > cut_high:
                self.notes.append(
                    f"Axis cut: values range from {format_number(low)} to "
                    f"{format_number(high)}."
                )
            low, high = max(low, cut_low), min(high, cut_high)
        margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
        self.low, self.high = low - margin, high + margin

    @property
    def holds_zero(self) -> bool:
        return not self.log and self.low < 0 < self.high

    def __call__(self, values):
        values = np.asarray(values, np.float64)
        if self.log:
            with np.errstate(invalid="ignore", divide="ignore"):
                values = np.log10(values)
        return SIDE * (self.high - values) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, float]]:
        if self.log:
            low, high = 10**self.low, 10**self.high
            values = LogLocator(numticks=5).tick_values(low, high)
        else:
            values = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(
                self.low, self.high
            )
        # Adding zero turns -0.0 into 0.0.
        positions = [(float(v) + 0.0, float(self(v))) for v in values]
        return [(v, at) for v, at in positions if -1 <= at <= SIDE + 1]


def _thin(series: Series) -> tuple[np.ndarray, ...]:
    """(steps, means, lows, highs), each at most `MOST_POINTS` long."""
    steps = np.asarray(series.steps, np.float64)
    values = np.asarray(series.values, np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    if len(steps) <= MOST_POINTS:
        return steps, values, values, values
    parts = np.array_split(np.arange(len(steps)), MOST_POINTS)
    summary = []
    for part in parts:
        kept = _finite(values[part])
        # A stretch is placed at its last step, so that the curve ends where it ends.
        summary.append(
            (steps[part[-1]], kept.mean(), kept.min(), kept.max())
            if len(kept)
            else (steps[part[-1]], math.nan, math.nan, math.nan)
        )
    return tuple(np.array(summary).T)


def _finite(values) -> np.ndarray:
    values = np.asarray(values, np.float64)
    return values[np.isfinite(values)]


def _across(first: float, last: float):
    width = (last - first) or 1
    return lambda steps: SIDE * (np.asarray(steps, np.float64) - first) / width


def _runs(*columns) -> list[list[np.ndarray]]:
    """The stretches over which all columns are finite."""
    ok = np.isfinite(np.stack(columns)).all(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], ok.astype(int), [0]])))
    return [
        [column[start:stop] for column in columns]
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def _line(x, y, colour: str) -> Markup:
    path = ""
    for xs, ys in _runs(x, y):
        points = [f"{a:.1f} {b:.1f}" for a, b in zip(xs, ys, strict=True)]
        # A lone point is a line of no length, which a round cap makes a dot.
        path += "M" + "L".join(points if len(points) > 1 else points * 2)
    few = " few" if len(x) <= 12 else ""
    return Markup('<path class="line {}{}" d="{}"/>').format(colour, few, path)


def _band(x, low, high, colour: str) -> Markup:
    path = ""
    for xs, lows, highs in _runs(x, low, high):
        there = [f"{a:.1f} {b:.1f}" for a, b in zip(xs, highs, strict=True)]
        back = [f"{a:.1f} {b:.1f}" for a, b in zip(xs, lows, strict=True)]
        path += "M" + "L".join(there + back[::-1]) + "Z"
    return Markup('<path class="band {}" d="{}"/>').format(colour, path)


def _level_line(at, kind: str) -> Markup:
    return Markup('<path class="{}" d="M0 {}H1000"/>').format(kind, f"{float(at):.1f}")


def _not_finite(series: Series, named: bool) -> list[str]:
    wrong = [
        step
        for step, value in zip(series.steps, series.values, strict=True)
        if not math.isfinite(value)
    ]
    if not wrong:
        return []
    rows = "1 row" if len(wrong) == 1 else f"{len(wrong):,} rows"
    whose = f" of {series.name}" if named else ""
    return [f"Not finite in {rows}{whose}, first at step {wrong[0]:,}."]


def _step_ticks(first: int, last: int) -> list[float]:
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10], integer=True).tick_values(first, last)
    return [tick for tick in ticks if first <= tick <= last]


def _short(step: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if step >= unit:
            return f"{step / unit:g}{name}"
    return f"{step:g}"


def _for_json(values) -> list:
    return [
        float(f"{v:.5g}") if math.isfinite(v) else None for v in map(float, values)
    ]
