"""The columns of a table in the record of a data set, as JSON holds them."""

from collections.abc import Mapping
from typing import Any

from ganjax.data.tables.columns import FORMATS, KINDS, Column
from ganjax.data.tables.encoding import Encoded, TableFormat
from ganjax.json_shapes import NUMBER

COLUMN = {
    "name": str,
    "kind": str,
    "values": [str],
    "low": NUMBER,
    "high": NUMBER,
    "decimals": int,
    "least": int,
    "step": NUMBER,
    "atoms": [NUMBER],
    "form": str,
    "absent": (str, type(None)),
    "stored": str,
}
TABLE_SHAPE = {
    "kind": str,
    "columns": [
        {
            "column": COLUMN,
            "modes": list,
            "counts": [int],
            "seen": [NUMBER],
        }
    ],
    "target": str,
    "threshold": (*NUMBER, type(None)),
    "groups": [str],
    "encoding": str,
    "conditional": bool,
    "public": bool,
}


def _checked(encoded: Encoded) -> Encoded:
    column = encoded.column
    known = column.kind in KINDS and (column.kind != "date" or column.form in FORMATS)
    counted = len(encoded.counts) in (0, encoded.choices)
    if not known or not counted or bool(encoded.modes) == column.is_category:
        raise ValueError(f"table: column {column.name!r} does not fit its type")
    return encoded


def table_of(held: Mapping[str, Any]) -> TableFormat:
    """Return the columns that ``dataclasses.asdict`` made a mapping of.

    Raises:
        TypeError, ValueError: an entry has another type, or does not fit the others.
    """
    columns = []
    for entry in held["columns"]:
        tuples = {x: tuple(entry["column"][x]) for x in ("values", "atoms")}
        about = {**entry["column"], **tuples}
        modes = tuple((float(mean), float(scale)) for mean, scale in entry["modes"])
        more = (tuple(entry[name]) for name in ("counts", "seen"))
        columns.append(_checked(Encoded(Column(**about), modes, *more)))
    names = ("target", "threshold", "encoding", "conditional", "public")
    more = {name: held[name] for name in names}
    return TableFormat(tuple(columns), groups=tuple(held["groups"]), **more)
