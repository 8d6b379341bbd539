"""CSV and Parquet files of tables, as columns of texts.

CSV is read by Python's own reader. Parquet needs pyarrow (``pip install
"ganjax[parquet]"``).
"""

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ganjax.data.tables.columns import Column
from ganjax.errors import BadInput, one_line

DELIMITERS = (",", ";", "\t", "|")
ENDINGS = (".csv", ".tsv", ".txt", ".parquet")
INSTALL = 'expected pyarrow; install it by pip install "ganjax[parquet]"'
MOST_BYTES = 2**32  # a CSV file is read whole


class Texts(NamedTuple):
    """A file as texts.

    Attributes:
        columns: name -> texts ``[n]``, in the order of the file.
        stored: name -> type of the column in a Parquet file; empty for CSV.
    """

    columns: dict[str, list[str]]
    stored: dict[str, str]


def read_file(path: Path, delimiter: str = "") -> Texts:
    """Return the columns of a CSV or a Parquet file.

    Args:
        delimiter: the character between the values of a CSV file; '' to find it.

    Raises:
        BadInput: the file cannot be read, has no rows, rows of several lengths, two
            columns of one name or a column without a name.
    """
    said = f"data.dir='{path}'"
    if path.is_dir():
        found = sorted(x for x in path.iterdir() if x.suffix.lower() in ENDINGS)
        if len(found) != 1:
            raise BadInput(f"{said}: expected one table, found {len(found)}")
        path, said = found[0], f"data.dir='{found[0]}'"
    try:
        if path.suffix.lower() == ".parquet":
            return _parquet(path, said)
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{said}: expected at most 4 GiB; Parquet files are smaller")
        return read_csv(path.read_text("utf-8-sig"), said, delimiter)
    except UnicodeDecodeError as error:
        raise BadInput(f"{said}: expected text in UTF-8 ({one_line(error)})") from error
    except OSError as error:
        raise BadInput(f"{said}: cannot be read ({error.strerror})") from error


def read_csv(text: str, said: str, delimiter: str = "") -> Texts:
    """Return the columns of the text of a CSV file, whose first line has their names.
    ``said`` names the file in messages."""
    mark = delimiter or _delimiter(text)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        names = next((row for row in reader if row), [])
        names = [name.strip() for name in names]
        _check_names(names, said, mark, delimiter)
        rows = []
        for row in reader:
            if not row and len(names) > 1:
                continue
            if len(row) != len(names) and (row or len(names) > 1):
                raise BadInput(
                    f"{said}: line {reader.line_num} has {len(row)} values, expected "
                    f"{len(names)}"
                )
            rows.append(row or [""])
    except csv.Error as error:
        raise BadInput(f"{said}: is no CSV ({one_line(error)})") from error
    if not rows:
        raise BadInput(f"{said}: expected rows after the names of the columns")
    return Texts(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)), {})


def _delimiter(text):
    """Return the delimiter that occurs most, and equally often, in the first lines."""
    lines = [line for line in text[: 2**16].splitlines()[:20] if line.strip()]
    lines = lines[:-1] if len(text) > 2**16 and len(lines) > 1 else lines
    best, most = ",", 0
    for mark in DELIMITERS:
        counts = {len(row) for row in csv.reader(lines, delimiter=mark)}
        if len(counts) == 1 and (count := counts.pop()) > max(1, most):
            best, most = mark, count
    return best


def _check_names(names, said, mark, stated):
    if not names:
        raise BadInput(f"{said}: expected a first line with the names of the columns")
    if empty := [i for i, name in enumerate(names, 1) if not name]:
        raise BadInput(f"{said}: column {empty[0]} has no name in the first line")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(
            f"{said}: expected different names of columns, but "
            f"'{one_line(twice[0], 60)}' occurs {names.count(twice[0])} times"
        )
    others = [x for x in DELIMITERS if x != mark and x in names[0]]
    if len(names) == 1 and others:
        told = f"data.delimiter='{stated}'" if stated else "the delimiter"
        raise BadInput(
            f"{said}: has one column, '{one_line(names[0], 60)}'; {told} seems to be "
            f"{others[0]!r}"
        )


def _arrow(said):
    try:
        import pyarrow
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise BadInput(f"{said}: {INSTALL}") from error
    return pyarrow


def _parquet(path, said):
    arrow = _arrow(said)
    try:
        table = arrow.parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        raise BadInput(f"{said}: is no Parquet file ({one_line(error)})") from error
    names = list(table.column_names)
    _check_names(names, said, ",", ",")
    if not table.num_rows:
        raise BadInput(f"{said}: expected rows")
    columns, stored = {}, {}
    for name, column in zip(names, table.columns, strict=True):
        kind = column.type
        while arrow.types.is_dictionary(kind):
            kind = kind.value_type
        if not _is_plain(arrow, kind):
            raise BadInput(
                f"{said}: column '{one_line(name, 60)}' has the type {kind}, expected "
                f"numbers, texts, booleans or dates; data.drop={name} leaves it out"
            )
        stored[name] = str(kind)
        columns[name] = [_text_of(value) for value in column.to_pylist()]
    return Texts(columns, stored)


def _is_plain(arrow, kind):
    types = arrow.types
    checks = (
        types.is_integer, types.is_floating, types.is_boolean, types.is_string,
        types.is_large_string, types.is_date, types.is_timestamp, types.is_decimal,
    )  # fmt: skip
    return any(check(kind) for check in checks)


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.replace(microsecond=0, tzinfo=None).isoformat()
    return str(value)


def write_file(
    path: Path, columns: Sequence[Column], texts: Mapping[str, Sequence[str]]
) -> None:
    """Write columns of texts as CSV, or as Parquet with the types that they had.

    Args:
        columns: the types, in the order in which they are written.
        texts: name -> texts ``[n]``.
    """
    if path.suffix.lower() == ".parquet":
        return _write_parquet(path, columns, texts)
    with path.open("w", encoding="utf-8", newline="") as file:
        mark = "\t" if path.suffix.lower() == ".tsv" else ","
        writer = csv.writer(file, delimiter=mark, lineterminator="\n")
        writer.writerow([column.name for column in columns])
        writer.writerows(zip(*(texts[c.name] for c in columns), strict=True))


def _write_parquet(path, columns, texts):
    arrow = _arrow(f"--out={path}")
    usual = {"integer": "int64", "number": "double", "category": "string"}
    made = {}
    for column in columns:
        own = [None if column.absent is not None and x == column.absent else x
               for x in texts[column.name]]  # fmt: skip
        kind = column.stored or usual.get(column.kind, "string")
        made[column.name] = _typed(arrow, column, own, kind)
    arrow.parquet.write_table(arrow.table(made), path)


def _typed(arrow, column, texts, kind):
    """Return texts as an array of the type that ``kind`` names."""
    if kind == "bool":
        return arrow.array([None if x is None else x == "true" for x in texts])
    if column.kind == "date":
        dates = [
            None if x is None else datetime.datetime.strptime(x, column.form)
            for x in texts
        ]
        daily = kind.startswith("date") or not kind.startswith("timestamp")
        if daily and "H" not in column.form:
            return arrow.array(dates, arrow.date32())
        return arrow.array(dates, arrow.timestamp("us"))
    array = arrow.array(texts, arrow.string())
    if kind in ("string", "large_string"):
        return array
    alias = {"float": "float32", "double": "float64", "halffloat": "float16"}
    kind = alias.get(kind, kind)
    if kind.startswith(("int", "uint")):
        array = array.cast("float64").cast("int64")
    return array.cast("float64" if kind.startswith("decimal") else kind)
