"""Errors that a user can correct: one line, exit code 2, no traceback."""

import contextlib
import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


class BadInput(Exception):
    """An error in the user's config, command line or files.

    The message is one line with the field, its value, the expected values and, if one
    is similar, the nearest valid name. Commands print it and exit with code 2.
    """


class Uncomputable(ValueError):
    """A metric cannot be computed from its inputs, for example from too few samples."""


def closest(name: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is most similar to ``name``, or ``None`` if none is
    similar."""
    close = difflib.get_close_matches(str(name), list(choices), n=1, cutoff=0.5)
    return close[0] if close else None


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return the end of an error message: ``; did you mean 'x'?`` with the most similar
    choice, or an empty string if none is similar."""
    close = closest(name, choices)
    return f"; did you mean '{close}'?" if close else ""


def shape_text(shape: Iterable[int]) -> str:
    """Return a shape as messages show it: ``8×8×3``."""
    return "×".join(map(str, shape))


def one_line(problem: object, most: int = 300) -> str:
    """Return a text from elsewhere, such as an error of a library about a file, as one
    line of printable characters. It ends with ``…`` if it is longer than ``most``."""
    text = "".join(x if x.isprintable() else " " for x in str(problem).strip("\n"))
    text = re.sub(" {2,}", " ", text)
    return text if len(text) <= most else f"{text[:most]}…"


def unknown(field: str, name: str, choices: Iterable[str]) -> BadInput:
    """Return the error for a name that is not in ``choices``. It lists the choices."""
    choices = sorted(choices)
    expected = ", ".join(choices)
    return BadInput(
        f"{field}='{one_line(name)}': expected one of {expected}"
        f"{nearest(name, choices)}"
    )


def no_field(
    path: str, value: object, fields: Mapping[str, Any], labelled: Iterable[str] = ()
) -> BadInput:
    """Return the error for a field that a config does not have.

    Args:
      path: the field, as in ``optimizers.generator.rate``.
      value: the value that the user gave.
      fields: the fields that exist: path -> an object with ``kind``, the type in words.
      labelled: sections in which the user chooses a label before the name of the field,
        as in ``schedules.LABEL.steps``.
    """
    said, parts = f"{path}={value!r}", path.split(".")
    if names := _names_in(path, fields):
        return BadInput(f"{said}: expected a section with {', '.join(names)}")
    if parts[0] in labelled and len(parts) < 3:
        return BadInput(f"{said}: expected fields {parts[0]}.NAME.FIELD")
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
    meant: str | None
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


def check_memory(said: str, size: float) -> None:
    """Raise ``BadInput`` if values need more memory than the machine has.

    Args:
      said: the field and its value, as ``batch_size=64``.
      size: the bytes of the values.
    """
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > there:
        raise BadInput(
            f"{said}: needs {size / 2**30:,.0f} GiB, expected a value that fits into "
            f"the memory of {there / 2**30:,.0f} GiB"
        )


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Add the name of a file to errors of a disk that are raised in the context.

    Opening a file names it in an error. Writing to an open file does not.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
