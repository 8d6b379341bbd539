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
FORMATS = {
    "%Y-%m-%d": DAY,
    "%Y-%m-%d %H:%M:%S": SECOND,
    "%Y-%m-%dT%H:%M:%S": SECOND,
    "%d.%m.%Y": DAY,
    "%d/%m/%Y": DAY,
    "%m/%d/%Y": DAY,
    "%Y/%m/%d": DAY,
}
# With this share of numbers, a column with other texts is a mistake and no text.
MOSTLY = 0.9
MOST_DECIMALS = 10
_EPOCH = datetime.datetime(1970, 1, 1)
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d*)")
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


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
        fixed: whether all numbers are written with so many digits.
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
    fixed: bool = False
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
            return np.rint(limited)
        return limited if self.decimals < 0 else np.round(limited, self.decimals)

    def _text(self, number):
        if math.isnan(number):
            return self.absent or ""
        if self.kind == "date":
            return _date_text(number, self.form)
        if self.kind == "integer":
            return str(int(number))
        if self.decimals < 0:
            return repr(number)
        text = f"{number:.{self.decimals}f}"
        return text if self.fixed or "." not in text else text.rstrip("0").rstrip(".")


def is_absent(text: str) -> bool:
    """Return whether a text means a missing value."""
    return text.strip().lower() in ABSENT


def infer(
    name: str, texts: Sequence[str], kind: str = "", *, few: int = 20,
    most: int = 1000, place: str = "", stored: str = "",
) -> Column:  # fmt: skip
    """Return the column of the texts of a file.

    Whole numbers are integers, other numbers are numbers, and dates have one of the
    ``FORMATS``. All else is a category, and so are numbers with at most ``few``
    different values. A number with a leading zero is a text, as in a postal code.

    Args:
        texts: the values, ``[n]``.
        kind: the type that the user states; '' to infer it.
        most: the largest number of categories.
        place: the file, for messages.
        stored: the type of the column in a Parquet file.

    Raises:
        BadInput: the column has numbers and other texts, its values do not have the
            stated type, or it has too many categories.
    """
    said = f"{place}: column '{one_line(name, 60)}'"
    texts = [text.strip() for text in texts]
    counts = collections.Counter(texts)
    absent = {text: n for text, n in counts.items() if is_absent(text)}
    different = sorted(text for text in counts if text not in absent)
    facts = {"absent": max(absent, key=absent.__getitem__) if absent else None}
    facts["stored"] = stored
    form = _form(different) if different and kind in ("", "date") else ""
    found = kind or _kind(said, texts, counts, different, form, few)
    if found == "category":
        if len(different) > most:
            raise BadInput(
                f"{said} has {len(different):,} different values, expected at most "
                f"{most:,} categories; data.drop={name} leaves it out"
            )
        return Column(name, "category", _ordered(different), **facts)
    if found == "date" and not form:
        raise BadInput(f"{said} holds no dates of one format; data.types={name}:date")
    numbers = {text: _number(text, found, form) for text in different}
    if wrong := [text for text, number in numbers.items() if number is None]:
        row = texts.index(wrong[0]) + 1
        wanted = "whole numbers" if found == "integer" else "numbers"
        raise BadInput(
            f"{said} has '{one_line(wrong[0], 40)}' in row {row}, expected {wanted}, "
            f"as data.types={name}:{found} says"
        )
    low, high = min(numbers.values(), default=0.0), max(numbers.values(), default=0.0)
    decimals, fixed = _decimals(different) if found == "number" else (0, False)
    return Column(name, found, (), low, high, decimals, fixed, form=form, **facts)


def _kind(said, texts, counts, different, form, few):
    if form:
        return "date"
    numeric = [x for x in different if _DECIMAL.fullmatch(x)]
    coded = any(x.lstrip("+-").startswith("0") and x.lstrip("+-")[1:].isdigit()
                for x in numeric)  # fmt: skip
    if coded or not numeric:
        return "category"
    if len(numeric) < len(different):
        others = set(different).difference(numeric)
        wrong = sum(counts[x] for x in others)
        if wrong > (1 - MOSTLY) * sum(counts[x] for x in different):
            return "category"
        row = next(i for i, x in enumerate(texts) if x in others)
        raise BadInput(
            f"{said} has numbers and '{one_line(texts[row], 40)}' in row {row + 1}: "
            f"{wrong:,} values are no numbers; correct them, or "
            f"data.types=NAME:category"
        )
    if len({float(x) for x in numeric}) <= few:
        return "category"
    whole = all(_WHOLE.fullmatch(x) for x in numeric)
    return "integer" if whole else "number"


def _ordered(different):
    if all(_DECIMAL.fullmatch(x) for x in different):
        return tuple(sorted(different, key=lambda x: (float(x), x)))
    return tuple(different)


def _decimals(texts):
    """Return the digits after the decimal point, and whether all texts have as many."""
    if any("e" in text.lower() for text in texts):
        return -1, False
    counts = {len(text.partition(".")[2]) for text in texts} or {0}
    return (
        (max(counts), len(counts) == 1) if max(counts) <= MOST_DECIMALS else (-1, False)
    )


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
    if not (_DECIMAL if kind == "number" else _WHOLE).fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _date_text(number, form):
    unit = {"days": number} if FORMATS[form] == DAY else {"seconds": number}
    return (_EPOCH + datetime.timedelta(**unit)).strftime(form)
