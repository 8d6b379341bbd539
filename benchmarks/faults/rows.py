"""The rows of the fault table."""

from collections.abc import Sequence

from ganjax.errors import unknown

from . import (
    damage,
    devices,
    disk,
    foreign,
    hostile_data,
    images,
    kills,
    mistakes,
    numbers,
    preload,
    readers,
    signalled,
    surroundings,
)
from .row import Row

MODULES = (
    kills, signalled, readers, damage, disk, preload, numbers, images, hostile_data,
    surroundings, devices, mistakes, foreign,
)  # fmt: skip
ROWS = {row.name: row for module in MODULES for row in module.ROWS}


def chosen(names: str) -> Sequence[Row]:
    """Return the rows with the given names, separated by commas. If empty, return all
    rows but those that must be named.

    Raises:
      BadInput: if there is no row with one of the names.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in ROWS:
            raise unknown("--rows", name, ROWS)
    if not wanted:
        return [row for row in ROWS.values() if not row.named]
    return [ROWS[name] for name in wanted]
