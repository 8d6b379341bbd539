"""What was compared with the authors' own code, and how near it is (docs/parity.md)."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("parity.json")


@functools.cache
def _rows() -> list[dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def place(row: Mapping[str, Any]) -> str:
    """Return where the other side of a row comes from: a repository and the beginning
    of its commit, or an equation."""
    commit = row["commit"][:7]
    return f"{row['repository']} {commit}".strip()


def lines(axis: str, entry: str) -> list[str]:
    """Return a line for each comparison of an entry of ``ganjax describe``.

    Args:
      axis: a name in ``catalogue.AXES``, or ``'configs'``.
      entry: the name of the entry.
    """
    found = [row for row in _rows() if [axis, entry] in row["entries"]]
    return [
        f"as {place(row)}: {row['compared']}, {max(row['errors'].values()):.0e}"
        + (f"; differs: {row['differs']}" if row["differs"] else "")
        for row in found
    ]
