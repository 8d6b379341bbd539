"""Rows of a table as vectors of numbers, and back.

Mode-specific normalisation (CTGAN; Xu et al. 2019, arXiv 1907.00503, section 4.2): a
number becomes one mode of a mixture of Gaussians, as one-hot numbers, and its place
within this mode. A category becomes one-hot numbers. A missing value is one more mode,
or one more category.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from ganjax.data.forms import TABLE
from ganjax.data.tables.columns import Column
from ganjax.data.tables.conditions import natural

MOST_MODES = 10
ATOM = 0.05  # the share of the rows from which a single value is a mode
LEAST_WEIGHT = 0.005  # of a mode
FITTED = 2000  # values to which a mixture is fitted
SEEN = 1000
WIDTH = 4.0  # a place of ±1 is this many standard deviations away from the mean

Values = Mapping[str, np.ndarray]
"""Columns by name: int32 categories, -1 if missing, or float64 numbers or nan."""


class Span(NamedTuple):
    """A part of an encoded row.

    Attributes:
        column: index of its column.
        start, width: its place in the row.
        kind: ``'place'`` is one number in [-1, 1], ``'mode'`` and ``'category'`` are
            one-hot numbers.
    """

    column: int
    start: int
    width: int
    kind: str


@dataclasses.dataclass(frozen=True)
class Encoded:
    """A column with the numbers that its encoding needs.

    Attributes:
        column: the column.
        modes: the mean and the scale of each mode: the place of x is (x − mean) /
            scale. A mode of the scale 0 is a single value. Empty for a category.
        counts: how often each category, or each mode, occurs in the training rows; a
            missing value is the last one. Empty if the counts are private.
        seen: the different numbers of the training rows, if they are at most ``SEEN``.
    """

    column: Column
    modes: tuple[tuple[float, float], ...] = ()
    counts: tuple[int, ...] = ()
    seen: tuple[float, ...] = ()

    @property
    def choices(self) -> int:
        """The number of one-hot numbers: of categories or modes, and missing."""
        known = self.column.values if self.column.is_category else self.modes
        return len(known) + (self.column.absent is not None)

    def encode(self, values: np.ndarray, rng: np.random.Generator | None = None):
        """Return the places ``[n]`` (``None`` for a category) and the choices ``[n]``.

        A number belongs to a mode with the probability of the mode at this number, if
        it is at most one scale away from the mean (the paper draws from all modes, and
        clips places). Without ``rng`` it is the most probable mode.
        """
        last = self.choices - 1
        if self.column.is_category:
            return None, np.where(values < 0, last, values).astype(np.int32)
        means, scales = np.asarray(self.modes, np.float64).T
        absent = np.isnan(values)
        known = np.where(absent, means[0], values)
        single, scales = scales == 0, np.where(scales == 0, 1, scales)
        places = (known[:, None] - means) / scales
        # Density of a Gaussian whose standard deviation is scale / WIDTH.
        density = -0.5 * (WIDTH * places) ** 2 - np.log(scales) + self._log_weights
        density = np.where(abs(places) <= 1 + 1e-6, density, -1e9 - abs(places))
        # A single value has no other mode, and no other value has its mode.
        density = np.where(single, np.where(places == 0, 1e9, -1e18), density)
        if rng is not None:
            density = density + rng.gumbel(size=density.shape)
        mode = density.argmax(axis=1)
        place = np.take_along_axis(places, mode[:, None], 1)[:, 0]
        place = np.where(absent, 0, np.clip(place, -1, 1)).astype(np.float32)
        return place, np.where(absent, last, mode).astype(np.int32)

    @property
    def _log_weights(self):
        if not self.counts:
            return np.zeros(len(self.modes))
        return np.log(np.asarray(self.counts[: len(self.modes)], np.float64) + 1)

    def decode(self, places: np.ndarray | None, choices: np.ndarray) -> np.ndarray:
        """Return the values ``[n]`` of ``encode``'s results, rounded as the column is
        written."""
        absent = self.column.absent is not None
        absent = absent & (choices == self.choices - 1)
        if self.column.is_category:
            return np.where(absent, -1, choices).astype(np.int32)
        means, scales = np.asarray(self.modes, np.float64).T
        mode = np.minimum(choices, len(means) - 1)
        numbers = np.clip(places, -1, 1).astype(np.float64) * scales[mode] + means[mode]
        return np.where(absent, np.nan, self.column.rounded(numbers))


@dataclasses.dataclass(frozen=True)
class TableFormat:
    """The columns of a table and how rows become vectors.

    Attributes:
        columns: with their encodings.
        target: the column that scores predict, or '' for none; with ``threshold``, a
            number is predicted to be above it.
        groups: columns of categories for which scores are also reported.
        encoding: ``'modes'``, or ``'range'``: one number in [0, 1] for each column, and
            in a second half of the row 1 if it is known. A category is its number.
        conditional: whether rows are drawn by conditions on categories.
        public: whether no statistic of the rows is in the format.
        kind: ``forms.TABLE``, as in ``forms.Form``.
    """

    columns: tuple[Encoded, ...]
    target: str = ""
    threshold: float | None = None
    groups: tuple[str, ...] = ()
    encoding: str = "modes"
    conditional: bool = True
    public: bool = False
    kind: str = TABLE

    def __getitem__(self, name: str) -> Column:
        return next(x.column for x in self.columns if x.column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(x.column.name for x in self.columns)

    @property
    def sizes(self) -> dict[str, int]:
        """The number of categories of each column, and 0 for numbers."""
        return {
            x.column.name: max(len(x.column.values), 1) if x.column.is_category else 0
            for x in self.columns
        }

    @functools.cached_property
    def spans(self) -> tuple[Span, ...]:
        """The parts of an encoded row, in order."""
        found, start = [], 0
        for i, encoded in enumerate(self.columns):
            kind = "category" if encoded.column.is_category else "mode"
            if kind == "mode":
                found.append(Span(i, start, 1, "place"))
                start += 1
            found.append(Span(i, start, encoded.choices, kind))
            start += encoded.choices
        return tuple(found)

    @property
    def width(self) -> int:
        """The length of an encoded row."""
        if self.encoding == "range":
            return len(self.columns)
        return self.spans[-1].start + self.spans[-1].width

    @property
    def choosing(self) -> tuple[Span, ...]:
        """The spans of one-hot numbers."""
        return tuple(span for span in self.spans if span.kind != "place")

    @property
    def conditioned(self) -> tuple[Span, ...]:
        """The spans of categories, on which a row can depend. A condition is one-hot
        numbers for these spans, one after another."""
        found = tuple(span for span in self.spans if span.kind == "category")
        return found if self.conditional and self.encoding == "modes" else ()

    @property
    def condition_width(self) -> int:
        return sum(span.width for span in self.conditioned)

    def natural_condition(self, key: jax.Array) -> jax.Array:
        """Draw a condition by the frequencies of the training rows, for one key."""
        counts = [self.columns[span.column].counts for span in self.conditioned]
        return natural(self.conditioned, counts, key)

    def encode(self, values: Values, seed: int | None = None) -> tuple:
        """Return rows in short: the places ``[n, P]`` and the choices ``[n, S]``.

        Args:
            seed: draws modes at random; ``None`` takes the most probable ones.
        """
        rng = None if seed is None else np.random.default_rng(seed)
        n = len(values[self.names[0]])
        places, choices = [], []
        for encoded in self.columns:
            place, choice = encoded.encode(values[encoded.column.name], rng)
            choices.append(choice)
            if place is not None:
                places.append(place)
        place = np.stack(places, 1) if places else np.zeros((n, 0), np.float32)
        return place, np.stack(choices, 1)

    def dense(self, places: np.ndarray, choices: np.ndarray) -> np.ndarray:
        """Return encoded rows, float32 ``[n, width]``."""
        rows = np.zeros((len(choices), self.width), np.float32)
        at, place = np.arange(len(rows)), 0
        for i, span in enumerate(self.choosing):
            rows[at, span.start + choices[:, i]] = 1
            if span.kind == "mode":
                rows[:, span.start - 1] = places[:, place]
                place += 1
        return rows

    def decode(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of encoded rows ``[n, width]``. The largest number of a
        one-hot span counts."""
        if self.encoding == "range":
            return self._from_range(rows)
        found = {}
        for span in self.choosing:
            encoded = self.columns[span.column]
            choices = rows[:, span.start : span.start + span.width].argmax(axis=1)
            place = None if span.kind == "category" else rows[:, span.start - 1]
            found[encoded.column.name] = encoded.decode(place, choices)
        return found

    def in_range(self, values: Values) -> tuple[np.ndarray, np.ndarray]:
        """Return each value as a number in [0, 1], 0 where it is missing, and 1 where
        it is known; both float32 ``[n, columns]``."""
        rows, known = [], []
        for encoded in self.columns:
            column, own = encoded.column, values[encoded.column.name]
            there = own >= 0 if column.is_category else ~np.isnan(own)
            low, high = _range(column)
            rows.append(np.where(there, (own - low) / max(high - low, 1e-12), 0))
            known.append(there)
        return np.stack(rows, 1).astype(np.float32), np.stack(known, 1).astype(
            np.float32
        )

    def _from_range(self, rows):
        found = {}
        for i, encoded in enumerate(self.columns):
            column = encoded.column
            low, high = _range(column)
            numbers = np.clip(rows[:, i].astype(np.float64), 0, 1) * (high - low) + low
            if column.is_category:
                chosen = np.rint(numbers).astype(np.int32)
                found[column.name] = chosen if column.values else chosen - 1
            else:
                found[column.name] = column.rounded(numbers)
        return found

    def texts(self, values: Values) -> dict[str, list[str]]:
        """Return the values as texts, by column."""
        return {x.column.name: x.column.texts(values[x.column.name])
                for x in self.columns}  # fmt: skip


def _range(column):
    if column.is_category:
        return 0.0, float(max(len(column.values) - 1, 0))
    return column.low, column.high


def fitted(column: Column, values: np.ndarray, *, private: bool = False) -> Encoded:
    """Return the encoding of a column, fitted to the values ``[n]`` of training rows.

    The modes are those with a weight above ``LEAST_WEIGHT`` in a variational mixture of
    at most ``MOST_MODES`` Gaussians, and their scale is four standard deviations (Xu et
    al. 2019, section 4.2). The mixture is fitted to at most ``FITTED`` values, at equal
    distances in the order of all values. One step of expectation maximisation over all
    values then sets means and deviations. A scale is larger if the most probable mode
    of a training value would be further away, so the encoding of each training value
    can be inverted. Unlike in the paper, a value that a share ``ATOM`` of the rows has
    is a mode without places: otherwise a column that is often exactly 0 would be about
    0.

    Args:
        private: use only the range of the column, and no values.
    """
    if private or column.is_category:
        atoms = tuple((x, 0.0) for x in column.atoms)
        encoded = Encoded(
            column, () if column.is_category else (*atoms, _whole(column))
        )
        if private:
            return encoded
        count = np.bincount(encoded.encode(values)[1], minlength=encoded.choices)
        return dataclasses.replace(encoded, counts=tuple(count.tolist()))
    known = values[~np.isnan(values)]
    different, times = np.unique(known, return_counts=True)
    often = times >= max(ATOM * len(known), 2)
    singles = different[often][np.argsort(-times[often])][:MOST_MODES]
    rest = known[~np.isin(known, singles)]
    spread = _widened(_modes(rest), rest) if len(rest) else ()
    modes = (*((float(x), 0.0) for x in np.sort(singles)), *spread) or (_whole(column),)
    encoded = Encoded(column, modes)
    counts = np.bincount(encoded.encode(values)[1], minlength=encoded.choices)
    return dataclasses.replace(
        encoded,
        counts=tuple(counts.tolist()),
        seen=tuple(different.tolist()) if len(different) <= SEEN else (),
    )


def _whole(column):
    """Return one mode for the whole range of a column."""
    centre, half = (column.high + column.low) / 2, (column.high - column.low) / 2
    return (centre, half or 1.0)


def _modes(known) -> tuple[tuple[float, float], ...]:
    if len(np.unique(known)) == 1:
        return ((float(known[0]), 1.0),)
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import BayesianGaussianMixture

    count = min(FITTED, len(known))
    some = np.sort(known)[(2 * np.arange(count) + 1) * len(known) // (2 * count)]
    # The deviation of numbers like 1e-200 is 0, since their squares are.
    centre, spread = some.mean(), some.std() or np.ptp(some) or 1.0
    some = ((some - centre) / spread)[:, None]
    # Each fitted value represents several values, so the priors count less.
    prior = count / len(known)
    mixture = BayesianGaussianMixture(
        n_components=min(MOST_MODES, len(np.unique(some))),
        covariance_type="diag",  # the same as a full matrix for one number, but faster
        weight_concentration_prior_type="dirichlet_process",
        weight_concentration_prior=0.001 * prior,
        mean_precision_prior=prior,
        degrees_of_freedom_prior=prior,
        covariance_prior=prior * some.var(axis=0, ddof=1),
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(some)
    kept = mixture.weights_ > LEAST_WEIGHT
    # The prior moves and widens a rare mode. All values, without it, correct both.
    x = ((known - centre) / spread)[:, None]
    share = mixture.predict_proba(x)[:, kept]
    share /= share.sum(axis=0)
    means = (share * x).sum(axis=0)
    variances = (share * (x - means) ** 2).sum(axis=0) + mixture.reg_covar
    scales = WIDTH * np.sqrt(variances) * spread
    means = means * spread + centre
    return tuple((_short(means[i]), _short(scales[i])) for i in np.argsort(means))


def _widened(modes, known: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Return the modes with scales that reach each value of its most probable mode."""
    means, scales = np.asarray(modes).T
    places = (known[:, None] - means) / scales
    density = -0.5 * (WIDTH * places) ** 2 - np.log(scales)
    mode = density.argmax(axis=1)
    away = abs(known - means[mode])
    reach = np.zeros(len(means))
    np.maximum.at(reach, mode, away)
    reach = np.maximum(scales, reach * (1 + 1e-5))  # more than ``_short`` cuts off
    return tuple((float(m), _short(s)) for m, s in zip(means, reach, strict=True))


def _short(x: Any) -> float:
    """Return a number with six digits, so that a record of it is equal on machines
    whose last digits differ."""
    return float(f"{float(x):.6g}")
