"""CSV and Parquet files of tables, as columns of texts.

CSV is read by Python's own reader. Parquet needs pyarrow (``pip install
"ganjax[parquet]"``).
"""

import csv
import datetime
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganjax.data.tables.columns import Column
from ganjax.errors import BadInput, one_line

DELIMITERS = (",", ";", "\t", "|")
ENDINGS = (".csv", ".tsv", ".txt", ".parquet")
INSTALL = 'expected pyarrow; install it by pip install "ganjax[parquet]"'
MOST_BYTES = 2**32  # a CSV file is read whole
# First bytes of files that are no text in UTF-8, or no CSV.
OTHERS = {
    b"\x1f\x8b": "compressed by gzip, expected an unpacked file",
    b"PK\x03\x04": "a ZIP archive or a spreadsheet, expected CSV or Parquet",
    b"PAR1": "a Parquet file, expected a name that ends in .parquet",
    b"\xff\xfe": "text in UTF-16, expected UTF-8",
    b"\xfe\xff": "text in UTF-16, expected UTF-8",
}


class Texts(NamedTuple):
    """A file as texts.

    Attributes:
        columns: name -> texts ``[n]``, in the order of the file.
        stored: name -> type of the column in a Parquet file; empty for CSV.
    """

    columns: dict[str, list[str]]
    stored: dict[str, str]


def read_file(path: Path, delimiter: str = "", place: str = "data.dir") -> Texts:
    """Return the columns of a CSV or a Parquet file.

    Args:
        delimiter: the character between the values of a CSV file; '' to find it.
        place: the flag or the option that names the file, for messages.

    Raises:
        BadInput: the file cannot be read, has no rows, rows of several lengths, two
            columns of one name or a column without a name.
    """
    said = f"{place}='{path}'"
    if path.is_dir():
        found = sorted(x for x in path.iterdir() if x.suffix.lower() in ENDINGS)
        if len(found) != 1:
            names = ", ".join(x.name for x in found[:3]) + ", …" * (len(found) > 3)
            raise BadInput(
                f"{said}: expected one table, found {len(found)}"
                f"{f' ({one_line(names)})' if found else ''}"
            )
        path, said = found[0], f"{place}='{found[0]}'"
    try:
        if path.suffix.lower() == ".parquet":
            return _parquet(path, said)
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{said}: expected at most 4 GiB; Parquet files are smaller")
        return read_csv(_decoded(path.read_bytes(), said), said, delimiter)
    except OSError as error:
        raise BadInput(f"{said}: cannot be read ({error.strerror})") from error


def _decoded(data, said):
    for first, other in OTHERS.items():
        if data.startswith(first):
            raise BadInput(f"{said}: is {other}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{said}: line {line} has bytes that are no UTF-8; expected text in UTF-8"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadInput(
            f"{said}: line {line} has a zero byte, expected text in UTF-8 (not UTF-16)"
        )
    return text


def read_csv(text: str, said: str, delimiter: str = "") -> Texts:
    """Return the columns of the text of a CSV file, whose first line has their names.
    ``said`` names the file in messages."""
    delimiter = "\t" if delimiter == "\\t" else delimiter  # as a shell passes it on
    if len(delimiter) > 1 or delimiter in tuple('"\r\n'):
        raise BadInput(
            f"data.delimiter={one_line(repr(delimiter), 40)}: expected one character, "
            f"such as ';' or a tab"
        )
    mark = delimiter or _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=mark, strict=True)
    line = 1
    try:
        names = next((row for row in reader if row), [])
        names = [name.strip() for name in names]
        _check_names(names, said, mark, delimiter)
        rows = []
        line = reader.line_num + 1
        for row in reader:
            if not row and len(names) > 1:
                continue
            if len(row) != len(names) and (row or len(names) > 1):
                raise BadInput(
                    f"{said}: line {line} has {len(row)} values, expected {len(names)}"
                )
            rows.append(row or [""])
            line = reader.line_num + 1
    except csv.Error as error:
        problem = one_line(error).replace("unexpected end of data", "a quote is open")
        raise BadInput(f"{said}: is no CSV in line {line} ({problem})") from error
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
        raise BadInput(
            f"{said}: column {empty[0]} has no name in the first line; name it or "
            f"leave it out"
        )
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
        import pyarrow.compute  # noqa: F401
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise BadInput(f"{said}: {INSTALL}") from error
    return pyarrow


def _parquet(path, said):
    arrow = _arrow(said)
    try:
        names = arrow.parquet.read_schema(path).names
        _check_names(names, said, ",", ",")
        table = arrow.parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        raise BadInput(f"{said}: is no Parquet file ({one_line(error)})") from error
    if not table.num_rows:
        raise BadInput(f"{said}: expected rows")
    columns, stored = {}, {}
    for name, column in zip(names, table.columns, strict=True):
        kind = column.type
        while arrow.types.is_dictionary(kind):
            kind = kind.value_type
        if not _is_plain(arrow, kind):
            short = one_line(name, 60)
            raise BadInput(
                f"{said}: column '{short}' has the type {kind}, expected numbers, "
                f"texts, booleans or dates; data.drop={short} leaves it out"
            )
        stored[name] = str(column.type)
        columns[name] = _texts_of(column, str(kind))
    return Texts(columns, stored)


def _is_plain(arrow, kind):
    types = arrow.types
    checks = (
        types.is_integer, types.is_floating, types.is_boolean, types.is_string,
        types.is_large_string, types.is_date, types.is_timestamp, types.is_decimal,
        types.is_null,
    )  # fmt: skip
    return any(check(kind) for check in checks)


def _texts_of(column: Any, kind: str) -> list[str]:
    # The shortest digits of a number depend on its precision.
    number = {"float": np.float32, "halffloat": np.float16}.get(kind)

    def text(value):
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime.datetime):
            return value.replace(microsecond=0, tzinfo=None).isoformat()[:19]
        return str(number(value) if number else value)

    return [text(value) for value in column.to_pylist()]


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
    usual["date"] = "date32[day]"
    made = {}
    for column in columns:
        own = [None if column.absent is not None and x == column.absent else x
               for x in texts[column.name]]  # fmt: skip
        kind = column.stored or usual[column.kind]
        if not column.stored and column.kind == "date" and "H" in column.form:
            kind = "timestamp[us]"
        if not column.stored and column.kind == "integer" and column.decimals:
            kind = "double"  # a CSV file with 40.0
        made[column.name] = _typed(arrow, column, own, kind)
    arrow.parquet.write_table(arrow.table(made), path)


def _typed(arrow, column, texts, kind):
    """Return texts as an array of the type that ``kind`` names."""
    if found := re.fullmatch(r"dictionary<values=(.*), indices=.*>", kind):
        return _typed(arrow, column, texts, found[1]).dictionary_encode()
    if kind == "null":
        return arrow.nulls(len(texts))
    if kind == "bool":
        return arrow.array([None if x is None else x == "true" for x in texts])
    found = re.fullmatch(r"timestamp\[(\w+)(?:, tz=(.*))?\]", kind)
    if column.kind == "date" and not kind.endswith("string"):
        dates = [
            None if x is None else datetime.datetime.strptime(x, column.form)
            for x in texts
        ]
        if not found:
            return arrow.array(dates, arrow.date32())
        array = arrow.array(dates, arrow.timestamp("us"))
        if found[2]:
            array = arrow.compute.assume_timezone(
                array, found[2], ambiguous="earliest", nonexistent="latest"
            )
        return array.cast(arrow.timestamp(found[1], found[2]))
    array = arrow.array(texts, arrow.string())
    if found:
        return array.cast(arrow.timestamp(found[1], found[2]))
    if found := re.fullmatch(r"decimal(\d+)\((\d+), (-?\d+)\)", kind):
        sort = getattr(arrow, f"decimal{found[1]}")
        return array.cast(sort(int(found[2]), int(found[3])))
    alias = {"float": "float32", "double": "float64", "halffloat": "float16"}
    return array.cast(alias.get(kind, kind))
