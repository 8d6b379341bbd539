"""Tables as CSV text that a spreadsheet shows and does not run.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a
carriage return as a formula, which can send the content of other cells to an address.
An apostrophe before such a cell makes it text. Numbers keep their sign.
"""

import re
from collections.abc import Iterable
from typing import Any

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-](inf|infinity|nan)", re.I)
# Some spreadsheets separate cells by semicolons or tabs. The csv module of Python
# does not quote them, and before 3.13 no carriage return.
_QUOTED = re.compile(r'[,;\t\r\n"]')


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows of cells as CSV text. Lines end with a line feed.

    A cell that begins like a formula and is no number gets an apostrophe in front.
    ``None`` is an empty cell.
    """
    return "".join(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        text = f"'{text}"
    if not _QUOTED.search(text):
        return text
    quoted = text.replace('"', '""')
    return f'"{quoted}"'
