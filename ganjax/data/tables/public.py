"""Public facts about the columns of a private table.

Under differential privacy the ranges and categories of columns must not come from the
rows: they are public, or they are paid for. ``data.public`` states them.
"""

import dataclasses
from collections.abc import Sequence

from ganjax.data.tables.columns import FORMATS, KINDS, Column, infer
from ganjax.errors import BadInput

EXAMPLE = (
    "age:integer:17..90, income:number:0.00..1e6=0 or sex:category:F|M, with ? at the "
    "end if values are missing"
)


def public_columns(declared: Sequence[str], names: Sequence[str]) -> list[Column]:
    """Return the columns that ``data.public`` declares, in the order of the file.

    A declaration is ``NAME:KIND:LOW..HIGH`` for numbers and dates, or
    ``NAME:category:A|B|C``; a ``?`` at its end allows missing values. ``=A|B`` after
    HIGH names values that many rows have, such as 0. The number of digits of LOW and
    HIGH is the number of digits that are written.

    Args:
        names: the columns of the file that are kept.

    Raises:
        BadInput: a declaration has another form, or a column is declared twice or not.
    """
    found = {}
    for text in declared:
        column = _column(text)
        if column.name in found:
            raise BadInput(f"data.public={text}: expected one declaration of a column")
        found[column.name] = column
    if missing := [name for name in names if name not in found]:
        raise BadInput(
            f"data.public: expected all columns, and '{missing[0]}' is missing; "
            f"data.drop={missing[0]} leaves it out"
        )
    if unknown := [name for name in found if name not in names]:
        raise BadInput(f"data.public: there is no column '{unknown[0]}'")
    return [found[name] for name in names]


def _column(text):
    error = BadInput(f"data.public={text}: expected a declaration like {EXAMPLE}")
    absent = "" if text.endswith("?") else None
    head, _, about = text.removesuffix("?").rpartition(":")
    name, _, kind = head.rpartition(":")
    if not name and kind:  # a date with a time has colons
        raise error
    if kind not in KINDS:
        raise error
    if kind == "category":
        values = tuple(about.split("|"))
        if len(set(values)) != len(values) or "" in values:
            raise error
        return Column(name, kind, values, absent=absent)
    about, _, atoms = about.partition("=")
    low, _, high = about.partition("..")
    try:
        column = infer(name, [low, high], kind, place="data.public")
    except BadInput as problem:
        raise error from problem
    ends = column.read([low, high]) if low and high else (0, 0)
    if not ends[0] < ends[1]:
        raise error
    if kind == "date" and column.form not in FORMATS:
        raise error
    try:
        own = tuple(column.read(atoms.split("|")).tolist()) if atoms else ()
    except BadInput as problem:
        raise error from problem
    return dataclasses.replace(column, atoms=own, absent=absent)
