"""The table of a sweep: a row for each setting, with means and intervals over seeds.

A setting is a cell of the sweep: trials that differ only in their seeds.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ganjax.report.axes import format_number
from ganjax.report.panels import FLOOR
from ganjax.report.statistics import Estimate, estimate
from ganjax.report.sweep_records import SweepRecords, TrialRecords


@dataclass(frozen=True)
class Row:
    """One setting.

    Attributes:
      name: the fields that distinguish it from the other settings, with their values.
      trials: its trials.
      scores: the estimate of each score, or ``None`` if no trial has the score.
      count: the number of finished trials as text, and the numbers of other states.
    """

    name: str
    trials: list[TrialRecords]
    scores: list[Estimate | None]
    count: str


def table(records: SweepRecords) -> list[Row]:
    """Return a row for each setting, in the order of the sweep. The scores of a row are
    in the order of ``records.score_names``."""
    telling = set(records.telling)
    rows = []
    for cell, trials in records.cells.items():
        found = [records.values(trials, name) for name in records.score_names]
        rows.append(
            Row(
                named({k: v for k, v in cell if k in telling}) or records.name,
                trials,
                [estimate(values) if values else None for values in found],
                counted(trial.state for trial in trials),
            )
        )
    return rows


def best_rows(records: SweepRecords, rows: Sequence[Row]) -> list[int | None]:
    """Return the index of the best row for each score, as ``best`` finds it."""
    return [
        best([row.scores[i] for row in rows], records.direction(name))
        for i, name in enumerate(records.score_names)
    ]


def best(column: Sequence[Estimate | None], sign: int) -> int | None:
    """Return the index of the best estimate, or ``None`` if no estimate is best.

    The best estimate has the best mean, and its interval overlaps no other interval.

    Args:
      column: at least two estimates; ``None`` is skipped.
      sign: 1 if higher values are better, -1 if lower ones are; 0 means that no value
        is better than another.
    """
    found = [(sign * x.mean, i) for i, x in enumerate(column) if x is not None]
    if not sign or len(found) < 2:
        return None
    mean, first = max(found)
    leader = column[first]
    for other, i in found:
        if i != first and not (mean > other and leader.apart(column[i])):
            return None
    return first


def counted(states: Iterable[str]) -> str:
    """Return the number of finished trials, and of trials in each other state."""
    states = list(states)
    other = [
        f"{states.count(state)} {state}"
        for state in dict.fromkeys(states)
        if state != "finished"
    ]
    return ", ".join([f"{states.count('finished')}", *other])


def named(point: Mapping[str, str]) -> str:
    """Return fields and values as text: ``loss.name=hinge, seed=0``."""
    return ", ".join(f"{path}={value}" for path, value in point.items())


def following(records: SweepRecords) -> list[str]:
    """Return the fields that differ between settings and are not in their names."""
    telling = set(records.telling)
    return [field for field in records.axes if field not in telling]


def shown_axes(records: SweepRecords) -> list[str]:
    """Return the fields that have a column on the page: ``records.telling``, and more
    fields in a random search.

    There a number is different in each setting. It distinguishes the settings, but it
    does not explain the other fields. These are shown too, unless they follow from the
    rest of ``records.telling`` or change together with a field that is shown.
    """
    cells = [dict(cell) for cell in records.cells]
    columns = {f: [cell.get(f, "") for cell in cells] for f in records.axes}

    def distinct(*fields):
        return len(set(zip(*(columns[f] for f in fields), strict=True)))

    # The order of the settings by each number that is different in every setting. Two
    # such numbers change together if their orders are equal or opposite.
    orders = {
        field: sorted(range(len(cells)), key=lambda i, f=field: float(columns[f][i]))
        for field in records.axes
        if distinct(field) == len(cells) and all(map(_is_number, columns[field]))
    }

    def together(field, other):
        if field in orders and other in orders:
            return orders[field] in (orders[other], orders[other][::-1])
        return distinct(field) == distinct(other) == distinct(field, other)

    rest = [field for field in records.telling if field not in orders]
    if len(rest) == len(records.telling):
        return records.telling
    shown = list(records.telling)
    for field in records.axes:
        follows = rest and distinct(*rest, field) == distinct(*rest)
        if not (follows or any(together(field, other) for other in shown)):
            shown.append(field)
    return [field for field in records.axes if field in shown]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def interval(found: Estimate) -> str:
    """Return the interval of an estimate as text; empty if it has none."""
    if not math.isfinite(found.low):
        return ""
    return f"[{format_number(found.low)}, {format_number(found.high)}]"


def floor_of(records: SweepRecords, name: str) -> float | None:
    """Return the mean of a score's floor, the same score of held-out samples."""
    values = records.values(records.trials, name + FLOOR)
    return sum(values) / len(values) if values else None
