"""Errors that a user can mend: one line, exit code 2, no traceback."""

import difflib
from collections.abc import Iterable


class BadInput(Exception):
    """Something the user wrote or pointed at is wrong.

    The message is one line that names the field, its value, what was expected and,
    where there is one, the nearest right name. Commands print it and exit with 2.
    """


def closest(name: str, choices: Iterable[str]) -> str | None:
    """The choice most like ``name``, if any is much like it."""
    close = difflib.get_close_matches(str(name), list(choices), n=1, cutoff=0.5)
    return close[0] if close else None


def nearest(name: str, choices: Iterable[str]) -> str:
    """A phrase ``; did you mean 'x'?`` for the closest choice, or the empty string."""
    close = closest(name, choices)
    return f"; did you mean '{close}'?" if close else ""


def unknown(field: str, name: str, choices: Iterable[str]) -> BadInput:
    """The error for a name that is in none of ``choices``."""
    choices = sorted(choices)
    expected = ", ".join(choices)
    return BadInput(
        f"{field}='{name}': expected one of {expected}{nearest(name, choices)}"
    )
