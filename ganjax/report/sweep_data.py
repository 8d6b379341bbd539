"""The numbers of a sweep's page, as columns for JSON.

A column has one entry for each trial or each setting. Texts that repeat are stored
once: ``{"values": […], "of": […]}`` has the distinct values and the index of each
trial's value.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from ganjax.report.embedding import number
from ganjax.report.panels import title_of
from ganjax.report.statistics import Estimate
from ganjax.report.sweep_records import SEEDS, SweepRecords, TrialRecords
from ganjax.report.sweep_table import Row, best_rows, floor_of, shown_axes


def page_data(records: SweepRecords, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the table, the settings and the trials of a sweep.

    Args:
      records: the sweep.
      rows: its table, which ``sweep_table.table`` returns.

    Returns:
      A dictionary for ``to_json``. ``fields`` are all fields that a trial sets; a trial
      that does not set a field has the value ``''``. ``axes``, ``telling`` and
      ``seeds`` are indexes into ``fields``, and ``setting`` is the index of each
      trial's setting. A score has ``values``, one for each trial, and ``settings``:
      ``[mean, low, high, n]`` for each setting. ``best`` is the index of the best
      setting. ``pictured`` is the step of each trial's newest picture in its folder.
    """
    trials = records.trials
    fields = list(dict.fromkeys(field for t in trials for field in t.point))
    place = {field: i for i, field in enumerate(fields)}
    setting = {id(t): i for i, row in enumerate(rows) for t in row.trials}
    return {
        "name": records.name,
        "ids": [t.id for t in trials],
        "fields": [
            {"name": field} | _coded(str(t.point.get(field, "")) for t in trials)
            for field in fields
        ],
        "axes": [place[field] for field in records.axes],
        "telling": [place[field] for field in shown_axes(records)],
        "seeds": [place[field] for field in SEEDS if field in place],
        "setting": [setting[id(t)] for t in trials],
        "states": _coded(t.state for t in trials),
        "reasons": _coded(t.reason for t in trials),
        "pictured": [_pictured(t) for t in trials],
        "scores": [
            {
                "name": name,
                "title": title_of(name),
                "direction": records.direction(name),
                "floor": floor_of(records, name),
                "best": leader,
                "values": [_score(t, name) for t in trials],
                "settings": [_estimated(row.scores[i]) for row in rows],
            }
            for i, (name, leader) in enumerate(
                zip(records.score_names, best_rows(records, rows), strict=True)
            )
        ],
    }


def _coded(values: Iterable[str]) -> dict[str, list]:
    numbers: dict[str, int] = {}
    of = [numbers.setdefault(value, len(numbers)) for value in values]
    return {"values": list(numbers), "of": of}


def _pictured(trial: TrialRecords) -> int | None:
    if trial.records is None or not trial.records.samples:
        return None
    return trial.records.samples[-1][0]


def _score(trial: TrialRecords, name: str) -> float | str | None:
    value = trial.scores.get(name)
    return None if value is None else number(value)


def _estimated(found: Estimate | None) -> list | None:
    if found is None:
        return None
    return [number(found.mean), number(found.low), number(found.high), found.n]
