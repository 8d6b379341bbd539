"""Claims of an experiment, and the rules that judge them."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SCALES = ("quick", "paper")
NOT_RUN = "not run"


@dataclasses.dataclass(frozen=True)
class Bound:
    """A condition on a measured value.

    Attributes:
      says: the condition in words.
      holds: ``value -> bool``.
    """

    says: str
    holds: Callable[[Any], bool]


def near(value: float, *, relative: float = 0.0, absolute: float = 0.0) -> Bound:
    """Accept values close to ``value``.

    The larger of ``relative``·|value| and ``absolute`` is the allowed difference.
    """
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
    """A statement about the results of an experiment, fixed before the run.

    Attributes:
      says: the statement in words.
      measured: ``results -> value``. The value is a number or another JSON value.
      bound: the condition on the value. Each number of a list must satisfy it.
      published: the value or word that the paper gives, or ``None``.
      scale: the scale at which the claim is judged; ``'any'`` for every scale.
    """

    says: str
    measured: Callable[[Mapping[str, Any]], Any]
    bound: Bound
    published: Any = None
    scale: str = "any"

    def judged(self, results: Mapping[str, Any], scale: str) -> dict[str, Any]:
        """Return the row of a verdict for this claim: the claim, the measured value and
        whether it ``passed``.

        If the claim belongs to another scale, ``passed`` is ``NOT_RUN``. A value that
        is not finite fails. A nan is no value: a score was missing, and the row has
        ``None`` for it.
        """
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
        values = [None if _is_nan(v) else v for v in values]
        passed = bool(values) and all(_holds(self.bound, v) for v in values)
        measured = values if isinstance(value, list) else values[0]
        return {**row, "measured": measured, "passed": passed}


def _is_nan(value):
    return isinstance(value, float) and math.isnan(value)


def _holds(bound, value):
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return False
    return bool(bound.holds(value))


def verdict(
    claims: Sequence[Claim], results: Mapping[str, Any], scale: str
) -> list[dict[str, Any]]:
    """Judge the claims on the results of an experiment. Return one row for each claim,
    as ``Claim.judged`` makes it."""
    return [claim.judged(results, scale) for claim in claims]


def holds(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether every judged claim holds. Claims that did not run are ignored."""
    return all(row["passed"] in (True, NOT_RUN) for row in rows)
