"""What an experiment claims, and how a claim is judged."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SCALES = ("quick", "paper")
NOT_RUN = "not run"


@dataclasses.dataclass(frozen=True)
class Bound:
    """What a measured value must satisfy, in words and as a test."""

    says: str
    holds: Callable[[Any], bool]


def near(value: float, *, relative: float = 0.0, absolute: float = 0.0) -> Bound:
    """Within ``relative``·|value| or ``absolute`` of a value, whichever is more."""
    room = max(relative * abs(value), absolute)
    said = f"{relative:g} of it" if relative * abs(value) >= absolute else f"{room:g}"
    return Bound(f"{value:g} within {said}", lambda x: abs(x - value) <= room)


def at_least(value: float) -> Bound:
    return Bound(f"at least {value:g}", lambda x: x >= value)


def at_most(value: float) -> Bound:
    return Bound(f"at most {value:g}", lambda x: x <= value)


def between(low: float, high: float) -> Bound:
    return Bound(f"{low:g} to {high:g}", lambda x: low <= x <= high)


def exactly(value: Any) -> Bound:
    return Bound(f"{value}", lambda x: x == value)


@dataclasses.dataclass(frozen=True)
class Claim:
    """One thing that an experiment says will be found, fixed before it is run.

    Attributes:
      says: in words.
      measured: ``results -> value``, a number or what JSON can hold.
      bound: what the value must satisfy; of a list of numbers each one.
      published: what the paper gives, where it gives a value.
      scale: the one at which it is judged; ``'any'`` where the quick protocol is the
        paper's.
    """

    says: str
    measured: Callable[[Mapping[str, Any]], Any]
    bound: Bound
    published: Any = None
    scale: str = "any"

    def judged(self, results: Mapping[str, Any], scale: str) -> dict[str, Any]:
        """A row of a verdict. A value that is not finite holds nothing."""
        row = {
            "claim": self.says,
            "scale": self.scale,
            "published": self.published,
            "measured": None,
            "tolerance": self.bound.says,
            "passed": NOT_RUN,
        }
        if self.scale not in ("any", scale):
            return row
        value = self.measured(results)
        values = value if isinstance(value, list) else [value]
        passed = bool(values) and all(_holds(self.bound, v) for v in values)
        return {**row, "measured": value, "passed": passed}


def _holds(bound, value):
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return bool(bound.holds(value))


def verdict(
    claims: Sequence[Claim], results: Mapping[str, Any], scale: str
) -> list[dict[str, Any]]:
    """A row a claim; those of the other scale are not run."""
    return [claim.judged(results, scale) for claim in claims]


def holds(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether every claim that was judged holds."""
    return all(row["passed"] in (True, NOT_RUN) for row in rows)
