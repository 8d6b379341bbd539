"""Flags that several commands have: classes, seeds, and the options of measures."""

import argparse
import re

from ganjax.config import declared
from ganjax.data import CLASSES
from ganjax.errors import BadInput

MOST_SEEDS = 1_000_000
_SECTION = "evaluation."


def seeds(flag: str, text: str) -> list[int]:
    """Return the seeds that a flag lists: numbers and ranges, as in ``0-7,12``.

    Raises:
      BadInput: for another text, a repeated seed, or more than ``MOST_SEEDS``.
    """
    found: list[int] = []
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if match is None:
            raise BadInput(f"{flag}={text}: expected seeds and ranges, as in 0-7,12")
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < 2**32:
            raise BadInput(f"{flag}={text}: expected rising numbers below 2^32")
        if last - first >= MOST_SEEDS - len(found):
            raise BadInput(f"{flag}={text}: expected at most {MOST_SEEDS:,} seeds")
        found += range(first, last + 1)
    if len(set(found)) < len(found):
        raise BadInput(f"{flag}={text}: expected different values")
    return found


def add_classes(flags: argparse.ArgumentParser, use: str) -> None:
    """Add ``--classes``, with its ``use`` in words."""
    flags.add_argument("--classes", help=f"{use}, by name or number, as in cat,3")


def classes(text: str | None) -> tuple[int | str, ...]:
    """Return the classes that ``--classes`` lists; none without the flag.

    Raises:
      BadInput: for an empty list.
    """
    found = CLASSES.parsed("--classes", text or "")
    if text is not None and not found:
        raise BadInput(f"--classes={text}: expected {CLASSES.kind}")
    return found


def _of_measures():
    """Return the options of measures, ``MEASURE.OPTION`` -> option."""
    inside = {
        path.removeprefix(_SECTION): option
        for path, option in declared({}).items()
        if path.startswith(_SECTION)
    }
    return {path: option for path, option in inside.items() if "." in path}


def add_measure_options(flags: argparse.ArgumentParser, default: str = "") -> None:
    """Add ``--MEASURE.OPTION`` for each option of a measure.

    Args:
      default: what decides without the flag; empty: the default of the option.
    """
    group = flags.add_argument_group("options of measures")
    for path, option in _of_measures().items():
        zero = f" (0: {option.zero})" if option.zero else ""
        usual = default or option.default
        group.add_argument(f"--{path}", help=f"{option.help}{zero}; default: {usual}")


def measure_options(flags: argparse.Namespace) -> dict[str, str]:
    """Return the options of measures that were given, ``MEASURE.OPTION`` -> text."""
    given = {path: getattr(flags, path) for path in _of_measures()}
    return {path: text for path, text in given.items() if text is not None}
