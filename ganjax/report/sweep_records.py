"""What a sweep's folder holds: its trials, and the cells that they make.

A cell is what trials have in common that differ in seeds alone.
"""

import dataclasses
import math
from pathlib import Path

from ganjax.errors import BadInput
from ganjax.report.panels import EVALUATION, FLOOR
from ganjax.report.records import RunRecords, read_or_note, read_records
from ganjax.run_files import RunFiles, read_json

# That of the run, and that of which data a part of them is.
SEEDS = ("seed", "data.subset")
SWEEP, OUTCOMES = "sweep.json", "outcomes.json"


@dataclasses.dataclass(frozen=True)
class TrialRecords:
    """A trial: what it differs in, what became of it, and its records if it began.

    Attributes:
      evaluation: the newest that the run wrote, empty before the first.
    """

    id: str
    point: dict[str, str]
    state: str
    reason: str
    records: RunRecords | None
    evaluation: dict

    @property
    def protocol(self) -> dict:
        """What its scores are scores of."""
        return self.evaluation.get("protocol", {})

    @property
    def cell(self) -> tuple[tuple[str, str], ...]:
        return tuple((k, v) for k, v in self.point.items() if k not in SEEDS)

    @property
    def scores(self) -> dict[str, float]:
        """Its last scores, or where it has none its last metrics; empty unless it is
        finished."""
        if self.state != "finished" or self.records is None:
            return {}
        columns = self.records.metrics
        found = {k: v for k, v in columns.items() if k.startswith(EVALUATION)}
        return {
            name.removeprefix(EVALUATION): values[-1]
            for name, (_, values) in (found or columns).items()
        }


@dataclasses.dataclass(frozen=True)
class SweepRecords:
    """A sweep.

    Attributes:
      trials: in their order.
    """

    name: str
    trials: list[TrialRecords]

    @property
    def cells(self) -> dict[tuple, list[TrialRecords]]:
        """The trials of each cell, in the order of the first ones; in which order a
        point states its fields is no difference."""
        cells: dict[tuple, list[TrialRecords]] = {}
        stated: dict[frozenset, tuple] = {}
        for trial in self.trials:
            cell = stated.setdefault(frozenset(trial.cell), trial.cell)
            cells.setdefault(cell, []).append(trial)
        return cells

    @property
    def axes(self) -> dict[str, list[str]]:
        """The fields that cells differ in, with their values in order; that of a cell
        that does not state a field is ``''``."""
        cells = [dict(cell) for cell in self.cells]
        axes = {
            field: list(dict.fromkeys(cell.get(field, "") for cell in cells))
            for field in dict.fromkeys(field for cell in cells for field in cell)
        }
        return {field: values for field, values in axes.items() if len(values) > 1}

    @property
    def telling(self) -> list[str]:
        """Fields that tell all cells apart, added one by one, each time the one that
        tells most apart; what else cells differ in follows from these.

        Those of optimizers come last: rates are often tuned to each setting, and say
        little of what it is.
        """
        cells, axes = [dict(cell) for cell in self.cells], list(self.axes)
        found: list[str] = []

        def apart(fields):
            return len({tuple(cell.get(f) for f in fields) for cell in cells})

        def worth(field):
            more = apart([*found, field]) - apart(found)
            return more > 0 and not field.startswith("optimizers."), more

        while apart(found) < len(cells):
            found.append(max((f for f in axes if f not in found), key=worth))
        return [field for field in axes if field in found]

    @property
    def score_names(self) -> list[str]:
        """The scores that any trial has, without floors."""
        names = dict.fromkeys(name for t in self.trials for name in t.scores)
        return [name for name in names if not name.endswith(FLOOR)]

    def direction(self, name: str) -> int:
        """Return 1 for a score of which higher is better, -1 for lower, else 0."""
        said = {t.evaluation.get("directions", {}).get(name) for t in self.trials}
        return ("higher" in said) - ("lower" in said)

    def values(self, trials: list[TrialRecords], name: str) -> list[float]:
        """A score of those of the trials that have it and where it is finite."""
        found = [t.scores[name] for t in trials if name in t.scores]
        return [value for value in found if math.isfinite(value)]


def is_sweep(folder) -> bool:
    return (Path(folder) / SWEEP).is_file()


def read_sweep(folder) -> SweepRecords:
    """Read the folder of a sweep.

    Raises:
      BadInput: if it is none.
    """
    folder = Path(folder)
    try:
        stated = read_json(folder / SWEEP)["trials"]
        trials = [(trial["id"], trial["point"]) for trial in stated]
    except (BadInput, OSError, KeyError, TypeError):
        raise BadInput(
            f"sweep={folder}: expected the folder of a sweep, with its {SWEEP}"
        ) from None
    outcomes = read_or_note(folder / OUTCOMES, [])
    return SweepRecords(
        folder.resolve().name,
        [_trial(folder / "trials" / t, t, point, outcomes) for t, point in trials],
    )


def trial_status(status: dict, seen: dict) -> dict:
    """Return a trial's own status, or where it ended without a word, what its runner
    saw."""
    if status.get("state") in ("finished", "failed", "interrupted"):
        return status
    return {"state": "waiting", **status, **seen}


def _trial(path, trial, point, outcomes):
    files = RunFiles(path)
    records = read_records(path) if files.config.is_file() else None
    status = trial_status(records.status if records else {}, outcomes.get(trial, {}))
    state, own = status["state"], files.evaluations()
    evaluation = read_or_note(own[max(own)], []) if own else {}
    reason = str(status.get("exit_reason", "")) if state == "failed" else ""
    return TrialRecords(trial, point, state, reason, records, evaluation)
