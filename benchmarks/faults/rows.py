"""The rows of the fault table."""

from collections.abc import Sequence

from ganjax.errors import unknown

from . import (
    damage,
    disk,
    foreign,
    images,
    kills,
    mistakes,
    numbers,
    readers,
    signalled,
    surroundings,
)
from .row import Row

MODULES = (
    kills, signalled, readers, damage, disk, numbers, images, surroundings, mistakes,
    foreign,
)  # fmt: skip
ROWS = {row.name: row for module in MODULES for row in module.ROWS}


def chosen(names: str) -> Sequence[Row]:
    """Return the rows with the given names, separated by commas; all rows if empty.

    Raises:
      BadInput: if there is no row with one of the names.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in ROWS:
            raise unknown("--rows", name, ROWS)
    return [ROWS[name] for name in wanted or ROWS]
