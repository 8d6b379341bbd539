"""Errors that a user can mend: one line, exit code 2, no traceback."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class BadInput(Exception):
    """Something the user wrote or pointed at is wrong.

    The message is one line that names the field, its value, what was expected and,
    where there is one, the nearest right name. Commands print it and exit with 2.
    """


class Uncomputable(ValueError):
    """A metric cannot be computed from what it is given."""


def closest(name: str, choices: Iterable[str]) -> str | None:
    """The choice most like ``name``, if any is much like it."""
    close = difflib.get_close_matches(str(name), list(choices), n=1, cutoff=0.5)
    return close[0] if close else None


def nearest(name: str, choices: Iterable[str]) -> str:
    """A phrase ``; did you mean 'x'?`` for the closest choice, or the empty string."""
    close = closest(name, choices)
    return f"; did you mean '{close}'?" if close else ""


def shape_text(shape: Iterable[int]) -> str:
    """A shape as messages show it, ``8×8×3``."""
    return "×".join(map(str, shape))


def unknown(field: str, name: str, choices: Iterable[str]) -> BadInput:
    """The error for a name that is in none of ``choices``."""
    choices = sorted(choices)
    expected = ", ".join(choices)
    return BadInput(
        f"{field}='{name}': expected one of {expected}{nearest(name, choices)}"
    )


def no_field(
    path: str, value: object, fields: Mapping[str, Any], labelled: Iterable[str] = ()
) -> BadInput:
    """Return the error for a field that a config does not have.

    Args:
      fields: path -> an object with ``kind``, the field's type in words.
      labelled: sections whose fields are in sections with a free label.
    """
    said, parts = f"{path}={value!r}", path.split(".")
    if names := _names_in(path, fields):
        return BadInput(f"{said}: expected a section with {', '.join(names)}")
    if parts[0] in labelled and len(parts) < 3:
        return BadInput(f"{said}: expected fields in it, {parts[0]}.NAME.FIELD")
    for field in fields:
        if path.startswith(f"{field}."):
            kind = fields[field].kind
            return BadInput(f"{said}: {field} is no section, expected {kind}")
    depth = 0
    while _names_in(".".join(parts[: depth + 1]), fields):
        depth += 1
    section = ".".join(parts[:depth])
    names = _names_in(section, fields)
    elsewhere = [field for field in fields if field.split(".")[-1] == parts[-1]]
    if name := closest(parts[depth], names):
        meant = ".".join([*parts[:depth], name, *parts[depth + 1 :]])
        meant = meant if meant in fields else ".".join([*parts[:depth], name])
    else:
        meant = closest(path, elsewhere) or next(iter(elsewhere), None)
    hint = f"; did you mean '{meant}'?" if meant else ""
    there = f"{', '.join(names)}{' in ' + section if section else ''}"
    return BadInput(f"{said}: there is no such field, expected one of {there}{hint}")


def _names_in(section, fields):
    start = f"{section}." if section else ""
    inside = {path.removeprefix(start) for path in fields if path.startswith(start)}
    return sorted({path.partition(".")[0] for path in inside})
