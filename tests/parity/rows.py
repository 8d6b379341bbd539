"""All rows of the table of parity."""

import importlib
from pathlib import Path

from tests.parity.row import Row


def all_rows() -> dict[str, Row]:
    """Return the rows of the modules ``rows_*.py`` by name."""
    found: dict[str, Row] = {}
    for path in sorted(Path(__file__).parent.glob("rows_*.py")):
        for row in importlib.import_module(f"tests.parity.{path.stem}").ROWS:
            if row.name in found:
                raise ValueError(f"two rows have the name {row.name}")
            found[row.name] = row
    return found
