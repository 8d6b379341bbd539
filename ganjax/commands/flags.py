"""Flags that several commands share: classes, seeds, captions, and options of measures
(the functions that compare two sets of samples)."""

import argparse
import re
from pathlib import Path

from ganjax.config import declared
from ganjax.data import CLASSES
from ganjax.errors import BadInput

MOST_SEEDS = 1_000_000
_SECTION = "evaluation."


def seeds(flag: str, text: str) -> list[int]:
    """Return the seeds that a flag lists: numbers and ranges, as in ``0-7,12``.

    Args:
      flag: name of the flag, for error messages.
      text: value of the flag.

    Raises:
      BadInput: the text is no list of numbers and ranges, a seed is repeated or is not
        below 2^32, or there are more than ``MOST_SEEDS`` seeds.
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
    """Add the flag ``--classes``.

    Args:
      flags: the parser of the command.
      use: what the command does with the classes, for the help text.
    """
    flags.add_argument("--classes", help=f"{use}, by name or number, as in cat,3")


def classes(text: str | None) -> tuple[int | str, ...]:
    """Return the names or numbers of classes that ``--classes`` lists.

    Args:
      text: value of the flag; ``None`` without the flag. Then the result is empty.

    Raises:
      BadInput: if the flag lists no class.
    """
    found = CLASSES.parsed("--classes", text or "")
    if text is not None and not found:
        raise BadInput(f"--classes={text}: expected {CLASSES.kind}")
    return found


def prompts(flags: argparse.Namespace) -> list[str]:
    """Return the captions of ``--prompt`` and of the lines of the file ``--prompts``.
    Empty lines of the file do not count.

    Raises:
      BadInput: if the file cannot be read or has no captions.
    """
    found = list(flags.prompt or ())
    if flags.prompts is None:
        return found
    if not flags.prompts:
        raise BadInput("--prompts=: expected a file")
    said = f"--prompts={flags.prompts}"
    try:
        lines = Path(flags.prompts).expanduser().read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise BadInput(f"{said}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{said}: expected text in UTF-8") from error
    read = [line.strip() for line in lines if line.strip()]
    if not read:
        raise BadInput(f"{said}: expected a caption in each line, found none")
    return found + read


def _of_measures():
    """Return the options of measures, ``MEASURE.OPTION`` -> option."""
    inside = {
        path.removeprefix(_SECTION): option
        for path, option in declared({}).items()
        if path.startswith(_SECTION)
    }
    return {path: option for path, option in inside.items() if "." in path}


def add_measure_options(flags: argparse.ArgumentParser, default: str = "") -> None:
    """Add a flag ``--MEASURE.OPTION`` for each option of each measure.

    Args:
      flags: the parser of the command.
      default: the text after ``default:`` in the help of each flag. If it is empty, the
        help shows the default value of the option.
    """
    group = flags.add_argument_group("options of measures")
    for path, option in _of_measures().items():
        zero = f" (0: {option.zero})" if option.zero else ""
        usual = default or option.default
        group.add_argument(f"--{path}", help=f"{option.help}{zero}; default: {usual}")


def measure_options(flags: argparse.Namespace) -> dict[str, str]:
    """Return the options of measures that the user gave as flags.

    Args:
      flags: the parsed flags of the command.

    Returns:
      ``MEASURE.OPTION`` -> text of the value.
    """
    given = {path: getattr(flags, path) for path in _of_measures()}
    return {path: text for path, text in given.items() if text is not None}
