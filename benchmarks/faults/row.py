"""A row of the fault table: a kind of fault, what must happen, and its cases."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

from .place import Place


@dataclasses.dataclass(frozen=True)
class Row:
    """A kind of fault.

    Attributes:
      name: its name, for ``--rows``.
      fault: the fault in words.
      must: what must happen.
      cases: number of cases.
      run: ``(place, folder, number, rng) -> words`` makes the case with this number in
        an empty folder. It raises ``Fell`` if something else happens than what must.
      refused: returns why this machine cannot make the fault; empty if it can.
      named: runs only if ``--rows`` names it, because it takes long.
    """

    name: str
    fault: str
    must: str
    cases: int
    run: Callable[[Place, Path, int, random.Random], str]
    refused: Callable[[], str] = lambda: ""
    named: bool = False
