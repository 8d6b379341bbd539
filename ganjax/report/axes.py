"""Axes of a figure: positions of values, and the values to label."""

import math

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

# Figures are drawn on a square with this side. The page stretches them.
SIDE = 1000


def format_number(value: float) -> str:
    """Return a number as text: four significant digits, thousands in groups."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 1e7:
        text = f"{int(value):,}"
    elif 1e-3 <= abs(value) < 1e6:
        text = f"{value:,.0f}" if abs(value) >= 1e3 else f"{value:.4g}"
    else:
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    return text.replace("-", "−")


def finite(values) -> np.ndarray:
    """Return the finite entries of ``values``, as float64."""
    values = np.asarray(values, np.float64)
    return values[np.isfinite(values)]


class Scale:
    """The vertical axis of a figure: a function from values to heights, 0 (top) … 1000.

    The axis is logarithmic if all values are positive and span more than a factor of
    1000. It is cut if a few extreme values would flatten the curves. ``notes`` has a
    line for the reader in both cases.

    Args:
      values: all finite values that are drawn.
      centres: the finite values of the curves, without their bands.
      limits: ``(low, high)`` of the axis; ``None`` chooses them.
    """

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
            self.low = max(math.log10(low), -100) - 0.1
            self.high = math.log10(high) + 0.1
            self.notes.append("Logarithmic axis.")
            return
        # A single spike must not flatten the curve: cut the axis and add a note.
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
        if low == high == 0:  # all values are zero
            high = 1.0
        margin = 0.06 * (high - low) or 0.06 * abs(high)
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


def across_page(first: float, last: float):
    """Return the horizontal axis: a function that maps the steps ``first`` … ``last``
    to 0 … 1000."""
    width = (last - first) or 1
    return lambda steps: SIDE * (np.asarray(steps, np.float64) - first) / width


def step_ticks(first: int, last: int) -> list[float]:
    """Return a few round steps from ``first`` to ``last``, to label on the axis."""
    ticks = MaxNLocator(4, steps=[1, 2, 5, 10], integer=True).tick_values(first, last)
    return [tick for tick in ticks if first <= tick <= last]


def short_step(step: float) -> str:
    """Return a step as short text: 20000 is ``20k``."""
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if step >= unit:
            return f"{step / unit:g}{name}"
    return f"{step:g}"
