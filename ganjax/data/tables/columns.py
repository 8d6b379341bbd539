"""Columns of a table: their types, and the text of their values.

A file gives each column as texts. ``infer`` finds the type and ``Column.read`` makes
numbers of the texts; ``Column.texts`` writes numbers back as they were written.
"""

import collections
import datetime
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganjax.errors import BadInput, one_line

KINDS = ("category", "integer", "number", "date")
# Texts of a missing value, in lower case.
ABSENT = ("", "na", "n/a", "nan", "null", "none", "?")
DAY, SECOND = "day", "second"
# Formats of dates, and the unit in which they are counted from 1970-01-01.
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")
_TIMES = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", "T%H:%M:%SZ")
FORMATS = dict.fromkeys(_DAYS, DAY)
FORMATS |= {day + time: SECOND for time in _TIMES for day in _DAYS}
# Times that are all multiples of a day, an hour or a minute stay so.
STEPS = (86400, 3600, 60)
# With this share of numbers, a column with other texts is a mistake and no text.
MOSTLY = 0.9
MOST_DECIMALS = 10
# Larger whole numbers have no exact float64, and larger numbers no float32.
MOST_WHOLE, MOST_NUMBER = 2**53, 1e38
_EPOCH = datetime.datetime(1970, 1, 1)
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.0*)?")
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
# A number with a decimal comma, marks of thousands, a currency or a percent sign.
_MARKED = re.compile(
    r"[+-]?([$€£¥] ?)?([0-9]+([.,][0-9]+)?|[0-9]{1,3}([,.' ][0-9]{3})+([.,][0-9]+)?)"
    r"( ?[%$€£¥])?"
)
_DATED = re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}([T ].*)?")


@dataclass(frozen=True)
class Column:
    """The type of a column, and how its values are written.

    Attributes:
        name: its name in the file.
        kind: one of ``KINDS``.
        values: the values of a category as texts: numbers in their order, other texts
            in alphabetical order.
        low, high: the range of a number; dates are counted as ``FORMATS`` says.
        decimals: the digits after the decimal point; -1 for as many as it takes.
        least: zeros at the end of these digits are left out, but so many digits stay.
        step: dates are multiples of it, in the unit of their format.
        atoms: single values that many rows are known to have, if the column is public.
        form: the format of dates.
        absent: the text of a missing value, or ``None`` if no value is missing.
        stored: the type of the column in a Parquet file; '' in a CSV file.
    """

    name: str
    kind: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    decimals: int = -1
    least: int = 0
    step: float = 1.0
    atoms: tuple[float, ...] = ()
    form: str = ""
    absent: str | None = None
    stored: str = ""

    @property
    def is_category(self) -> bool:
        return self.kind == "category"

    def read(self, texts: Sequence[str], place: str = "") -> np.ndarray:
        """Return the values ``[n]`` of texts: int32 numbers of categories, -1 for a
        missing one; or float64 numbers, nan for a missing one.

        Args:
            place: the file or the flag of the texts, for messages.

        Raises:
            BadInput: a text is no value of the column.
        """
        known = {text: i for i, text in enumerate(self.values)}

        def value(text):
            if text in known:
                return known[text]
            if is_absent(text):
                return -1 if self.is_category else np.nan
            is_number = not self.is_category
            number = _number(text, self.kind, self.form) if is_number else None
            if number is None:
                raise self._no_value(text, place)
            return number

        # Each different text is read once, in the order of the rows.
        values = {text: value(text.strip()) for text in dict.fromkeys(texts)}
        kind = np.int32 if self.is_category else np.float64
        return np.fromiter(map(values.__getitem__, texts), kind, len(texts))

    @property
    def expected(self) -> str:
        """The values that the column takes, in words."""
        if self.is_category:
            return ", ".join(self.values[:10]) + ("…" if len(self.values) > 10 else "")
        if self.kind == "date":
            return f"a date like {self.texts([self.low])[0]}"
        return "a whole number" if self.kind == "integer" else "a number"

    def _no_value(self, text, place):
        said = f"{place}: " if place else ""
        return BadInput(
            f"{said}column '{self.name}' has '{one_line(text, 40)}', expected "
            f"{self.expected}"
        )

    def texts(self, values: Sequence[float]) -> list[str]:
        """Return the values ``[n]`` as they are written. Numbers are rounded to the
        digits of the column and limited to its range."""
        if self.is_category:
            return [
                self.values[int(x)] if x >= 0 else self.absent or "" for x in values
            ]
        return [self._text(float(x)) for x in self.rounded(values)]

    def rounded(self, values: Sequence[float]) -> np.ndarray:
        """Return numbers ``[n]`` with the digits and in the range of the column."""
        limited = np.clip(np.asarray(values, np.float64), self.low, self.high)
        if self.kind in ("integer", "date"):
            limited = np.rint(limited / self.step) * self.step
        elif self.decimals >= 0:
            limited = np.round(limited, self.decimals)
        return limited + 0.0  # there is no -0

    def _text(self, number):
        if math.isnan(number):
            return self.absent or ""
        if self.kind == "date":
            return _date_text(number, self.form)
        if self.decimals < 0:
            return repr(number)
        whole, _, digits = f"{number:.{self.decimals}f}".partition(".")
        digits = digits[: self.least] + digits[self.least :].rstrip("0")
        return f"{whole}.{digits}" if digits else whole


def is_absent(text: str) -> bool:
    """Return whether a text means a missing value."""
    return text.strip().lower() in ABSENT


def infer(
    name: str, texts: Sequence[str], kind: str = "", *, few: int = 20,
    most: int = 1000, place: str = "", stored: str = "",
) -> Column:  # fmt: skip
    """Return the column of the texts of a file.

    Whole numbers are integers, also if they are written as 40.0; other numbers are
    numbers, and dates have one of the ``FORMATS``. All else is a category, and so are
    numbers with at most ``few`` different values. A number with a leading zero is a
    text, as in a postal code.

    Args:
        texts: the values, ``[n]``.
        kind: the type that the user states; '' to infer it.
        most: the largest number of categories.
        place: the file, for messages.
        stored: the type of the column in a Parquet file.

    Raises:
        BadInput: the column has numbers or dates and a few other texts, numbers with
            marks or dates of several formats, numbers that are too large, values
            without the stated type, or too many categories.
    """
    short = one_line(name, 60)
    said = f"{place}: column '{short}'"
    texts = [text.strip() for text in texts]
    counts = collections.Counter(texts)
    absent = {text: n for text, n in counts.items() if is_absent(text)}
    different = sorted(text for text in counts if text not in absent)
    facts = {"absent": max(absent, key=absent.__getitem__) if absent else None}
    facts["stored"] = stored
    form = _form(different) if different and kind in ("", "date") else ""
    found = kind or ("date" if form else _kind(said, short, texts, counts, few))
    if found == "category":
        if len(different) > most:
            raise BadInput(
                f"{said} has {len(different):,} different values, expected at most "
                f"{most:,} categories; data.drop={short} leaves it out"
            )
        return Column(name, "category", _ordered(different), **facts)
    if found == "date" and not form:
        raise BadInput(f"{said} holds no dates of one format; data.types={short}:date")
    numbers = {text: _number(text, found, form) for text in different}
    if wrong := [text for text, number in numbers.items() if number is None]:
        wanted, pattern, limit = "numbers", _DECIMAL, f"{MOST_NUMBER:g}"
        if found == "integer":
            wanted, pattern, limit = "whole numbers", _WHOLE, "2^53"
        if all(pattern.fullmatch(text) for text in wrong):
            wanted += f" up to {limit}"
        why = (
            f"as data.types={short}:{kind} says"
            if kind
            else (f"or data.types={short}:category")
        )
        raise BadInput(f"{said} has {_place(texts, wrong)}, expected {wanted}, {why}")
    values = list(numbers.values())
    if found == "date":
        facts["step"] = 1.0
        if FORMATS[form] == SECOND:
            fits = (x for x in STEPS if all(value % x == 0 for value in values))
            facts["step"] = float(next(fits, 1))
        facts["decimals"] = 0
    else:
        facts["decimals"], facts["least"] = _decimals(different)
    low, high = min(values, default=0.0), max(values, default=0.0)
    return Column(name, found, (), low, high, form=form, **facts)


def _place(texts, some):
    """Return the first of the rows that have one of some texts, in words."""
    some = set(some)
    row = next(i for i, text in enumerate(texts) if text in some)
    return f"'{one_line(texts[row], 40)}' in row {row + 1}"


def _kind(said, name, texts, counts, few):
    """Return the type of texts that are no dates of one format."""
    different = [text for text in counts if not is_absent(text)]
    correct = f"correct them, or data.types={name}:category"

    def share(some):
        return sum(counts[x] for x in some) / sum(counts[x] for x in different)

    numeric = {x for x in different if _DECIMAL.fullmatch(x)}
    coded = any(x.lstrip("+-").startswith("0") and x.lstrip("+-")[1:].isdigit()
                for x in numeric)  # fmt: skip
    marked = {x for x in different if _MARKED.fullmatch(x)}
    plain = coded or len(different) <= few
    if not plain and marked - numeric and share(marked | numeric) >= MOSTLY:
        raise BadInput(
            f"{said} has {_place(texts, marked - numeric)}, expected numbers with a "
            f"decimal point and without other marks; {correct}"
        )
    if not plain:
        _check_dates(said, texts, different, share, correct)
    if coded or not numeric:
        return "category"
    infinite = {x for x in different if _INFINITE.fullmatch(x)}
    if others := set(different) - numeric - infinite:
        if share(others) > 1 - MOSTLY:
            return "category"
        wrong = sum(counts[x] for x in others)
        raise BadInput(
            f"{said} has numbers and {_place(texts, others)}: {wrong:,} values are no "
            f"numbers; {correct}"
        )
    if len({float(x) for x in numeric | infinite}) <= few:
        return "category"
    if infinite:
        raise BadInput(
            f"{said} has {_place(texts, infinite)}, expected finite numbers; {correct}"
        )
    return "integer" if all(_WHOLE.fullmatch(x) for x in numeric) else "number"


def _check_dates(said, texts, different, share, correct):
    """Raise ``BadInput`` if most texts are dates, but not of one format."""
    dated = [x for x in different if _DATED.fullmatch(x)]
    if share(dated) < MOSTLY:
        return
    fits = {form: {x for x in dated if _number(x, "date", form) is not None}
            for form in FORMATS}  # fmt: skip
    best = max(fits, key=lambda form: share(fits[form]))
    if share(set().union(*fits.values())) >= MOSTLY:
        raise BadInput(
            f"{said} has {_place(texts, fits[best])} and "
            f"{_place(texts, set(different) - fits[best])}, expected dates of one "
            f"format; {correct}"
        )


def _ordered(different):
    if all(_DECIMAL.fullmatch(x) for x in different):
        return tuple(sorted(different, key=lambda x: (float(x), x)))
    return tuple(different)


def _decimals(texts):
    """Return the largest and the smallest number of digits after the decimal point."""
    counts, exponents = [0], []
    for text in texts:
        number, _, exponent = text.lower().partition("e")
        digits = len(number.partition(".")[2])
        (exponents if exponent else counts).append(digits - int(exponent or 0))
    plain = counts[1:]
    most = max(counts + exponents)
    return (most, min(plain, default=0)) if most <= MOST_DECIMALS else (-1, 0)


def _form(different):
    """Return the first of ``FORMATS`` that fits all texts, or ''."""
    for form in FORMATS:
        if all(_number(text, "date", form) is not None for text in different):
            return form
    return ""


def _number(text, kind, form):
    """Return a text as a float, or ``None`` if it is none of this kind."""
    if kind == "date":
        try:
            seconds = (datetime.datetime.strptime(text, form) - _EPOCH).total_seconds()
        except ValueError:
            return None
        return seconds / 86400 if FORMATS[form] == DAY else seconds
    pattern, most = _DECIMAL, MOST_NUMBER
    if kind == "integer":
        pattern, most = _WHOLE, MOST_WHOLE
    if not pattern.fullmatch(text):
        return None
    number = float(text)
    return number if abs(number) <= most else None


def _date_text(number, form):
    unit = {"days": number} if FORMATS[form] == DAY else {"seconds": number}
    date = _EPOCH + datetime.timedelta(**unit)
    # Some platforms write the year 800 with three digits.
    return date.strftime(form.replace("%Y", f"{date.year:04}"))
