"""What a sample is if it is neither an image nor a point: a molecule, a time series,
a sentence, or a row of a table. Files and pictures of samples depend on it."""

from dataclasses import dataclass

MOLECULES, SERIES, SENTENCES = "molecules", "series", "sentences"
TABLE = "table"  # the kind of a ``tables.TableFormat``
KINDS = (MOLECULES, SERIES, SENTENCES, TABLE)


@dataclass(frozen=True)
class Form:
    """The meaning of the numbers of a sample that is no row of a table.

    Attributes:
        kind: one of ``KINDS``, but not ``TABLE``.
        names: the elements of atoms, the variables of a series, or the words.
        valences: the largest sum of bond orders of an atom of each element.
        ranges: ``(low, high)`` of each variable. A series holds x as (x − low) / (high
            − low), so training values are in [0, 1].
    """

    kind: str
    names: tuple[str, ...]
    valences: tuple[int, ...] = ()
    ranges: tuple[tuple[float, float], ...] = ()
