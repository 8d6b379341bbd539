"""Curves as inline SVG in the colours of the page.

The page stretches a picture to the available width, and strokes keep their width. All
text is HTML around the picture. So one picture is readable on a telephone and in dark
mode. Matplotlib only chooses the ticks."""

import json
import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ganjax.report.axes import (
    Scale,
    across_page,
    finite,
    format_number,
    short_step,
    step_ticks,
)

# A curve with more points is drawn as mean and range over this many intervals.
MOST_POINTS = 240
FEW_POINTS = 24
COLOURS = 8
# Larger values come from a diverged run and are cut, because drawing would overflow.
BEYOND_DRAWING = 1e100


@dataclass(frozen=True)
class Series:
    """One curve: ``steps [n]`` in ascending order, and ``values [n]``, which may be
    nan or infinite."""

    name: str
    steps: list[int]
    values: list[float]


@dataclass(frozen=True)
class Panel:
    """One figure: curves on common axes.

    `level` is a dashed line for comparison, ``(value, name)``. `limits` sets the range
    of the vertical axis."""

    title: str
    series: tuple[Series, ...]
    level: tuple[float, str] | None = None
    limits: tuple[float, float] | None = None

    @property
    def end(self) -> int:
        """Return the last step of the curves."""
        return max(series.steps[-1] for series in self.series)


def draw(panel: Panel, last_step: int) -> Markup:
    """Draw a panel as an HTML ``<figure>``. The horizontal axis ends at
    ``last_step``."""
    thinned = [_thin(series) for series in panel.series]
    centres = np.concatenate([means for _, means, _, _ in thinned])
    spread = np.concatenate(
        [finite(column) for _, _, *columns in thinned for column in columns]
        + ([np.array([panel.level[0]])] if panel.level else [])
    )
    first = min(steps[0] for steps, *_ in thinned)
    scale = Scale(spread, finite(centres), panel.limits)
    across = across_page(min(first, last_step), last_step)

    shapes, data, legend, warnings = [], [], [], []
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
        name = series.name if len(panel.series) > 1 or panel.level else "last"
        legend.append((colour, name, format_number(series.values[-1])))
        warnings += _not_finite(series, named=len(panel.series) > 1)
    payload = {"from": min(first, last_step), "to": last_step, "series": data}
    return Markup(
        '<figure class="panel"><figcaption><h3>{}</h3><div class="keys">{}</div>'
        '</figcaption><div class="plot" data-curves="{}">{}'
        '<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}{}</svg><div class="cursor" hidden></div></div>{}</figure>'
    ).format(
        panel.title,
        _keys(legend, panel.level),
        json.dumps(payload, separators=(",", ":")),
        _ticks(scale, across, step_ticks(first, last_step)),
        f"{panel.title} over training steps",
        Markup("").join(_level_line(at, "grid") for _, at in scale.ticks()),
        Markup("").join(shapes),
        Markup("").join(
            Markup('<p class="note {}">{}</p>').format(kind, note)
            for kind, notes in (("", scale.notes), ("warn", warnings))
            for note in notes
        ),
    )


def _ticks(scale, across, steps) -> Markup:
    """Return the numbers at both axes."""
    values = [
        Markup('<span class="y" style="bottom:{:.2f}%">{}</span>').format(
            100 - float(at) / 10, format_number(value)
        )
        for value, at in scale.ticks()
    ]
    return Markup("").join(values) + Markup("").join(
        Markup('<span class="x" style="left:{:.2f}%">{}</span>').format(
            float(across(step)) / 10, short_step(step)
        )
        for step in steps
    )


def _keys(legend, level) -> Markup:
    """Return the legend: the colours and the level."""
    keys = [
        Markup('<span class="key"><i class="{}"></i>{} <b>{}</b></span>').format(*entry)
        for entry in legend
    ]
    if level:
        dash = Markup('<span class="key"><i class="dash"></i>{}</span>')
        keys.append(dash.format(level[1]))
    return Markup("").join(keys)


def _thin(series: Series) -> tuple[np.ndarray, ...]:
    """Return (steps, means, lows, highs), each with at most `MOST_POINTS` entries."""
    steps = np.asarray(series.steps, np.float64)
    values = _drawable(series.values)
    if len(steps) <= MOST_POINTS:
        return steps, values, values, values
    # Intervals have equal lengths: otherwise the noise would look uneven.
    length = math.ceil(len(steps) / MOST_POINTS)
    parts = np.split(np.arange(len(steps)), range(length, len(steps), length))
    summary = []
    for part in parts:
        kept = finite(values[part])
        # An interval is placed at its last step, so that the curve ends there.
        summary.append(
            (steps[part[-1]], kept.mean(), kept.min(), kept.max())
            if len(kept)
            else (steps[part[-1]], math.nan, math.nan, math.nan)
        )
    return tuple(np.array(summary).T)


def _drawable(values) -> np.ndarray:
    values = np.asarray(values, np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    return np.clip(values, -BEYOND_DRAWING, BEYOND_DRAWING)


def _runs(*columns) -> list[list[np.ndarray]]:
    """Return the intervals in which all columns are finite."""
    ok = np.isfinite(np.stack(columns)).all(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], ok.astype(int), [0]])))
    return [
        [column[start:stop] for column in columns]
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def _line(x, y, colour: str) -> Markup:
    path, dots = "", ""
    for xs, ys in _runs(x, y):
        points = [f"{a:.1f} {b:.1f}" for a, b in zip(xs, ys, strict=True)]
        path += "M" + "L".join(points)
        # A line of length zero with round caps is a dot that no stretching changes. It
        # makes a single point visible, and separates few points from their line.
        if len(points) == 1 or len(x) <= FEW_POINTS:
            dots += "".join(f"M{point}h0" for point in points)
    return Markup(
        '<path class="line {}" d="{}"/><path class="line dots {}" d="{}"/>'
    ).format(colour, path, colour, dots)


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


def _for_json(values) -> list:
    return [float(f"{v:.5g}") if math.isfinite(v) else None for v in map(float, values)]
