"""The curves of a sweep's trials, thinned and packed for its page."""

from collections.abc import Iterable
from typing import Any

from ganjax.report.embedding import packed
from ganjax.report.panels import EVALUATION, FLOOR
from ganjax.report.run import evenly
from ganjax.report.sweep_records import TrialRecords

MOST_POINTS = 60


def curves(trials: Iterable[TrialRecords]) -> dict[str, Any]:
    """Return the recorded numbers of trials over training, without floors.

    A curve keeps at most 60 rows, evenly chosen, with the first and the last.

    Returns:
      ``{"names", "steps", "layouts", "trials"}``. ``names`` and ``steps`` are the names
      of numbers and the lists of steps that occur. A layout lists pairs of indexes: a
      name and its steps. ``trials`` maps an id to the index of its layout, and its
      values in this order as ``embedding.packed`` text.
    """
    names: dict[str, int] = {}
    steps: dict[tuple[int, ...], int] = {}
    layouts: dict[tuple[tuple[int, int], ...], int] = {}
    found = {}
    for trial in trials:
        metrics = trial.records.metrics if trial.records else {}
        layout, values = [], []
        for name in sorted(metrics, key=_order):
            if name.endswith(FLOOR):
                continue
            at, column = metrics[name]
            chosen = evenly(range(len(at)), MOST_POINTS)
            kept = tuple(at[i] for i in chosen)
            values += [column[i] for i in chosen]
            layout.append(
                (
                    names.setdefault(name, len(names)),
                    steps.setdefault(kept, len(steps)),
                )
            )
        if layout:
            index = layouts.setdefault(tuple(layout), len(layouts))
            found[trial.id] = [index, packed(values)]
    return {
        "names": list(names),
        "steps": list(steps),
        "layouts": list(layouts),
        "trials": found,
    }


def _order(name: str) -> tuple[bool, bool, str]:
    """Sort scores first, then losses."""
    return not name.startswith(EVALUATION), not name.endswith("/loss"), name
