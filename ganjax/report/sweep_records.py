"""Records of a sweep's folder: trials, grouped into cells.

A cell is a group of trials that differ only in their seeds.
"""

import dataclasses
import functools
import math
from pathlib import Path

from ganjax.errors import BadInput
from ganjax.population_files import PopulationRecords
from ganjax.report.panels import EVALUATION, FLOOR
from ganjax.report.records import RunRecords, read_member, read_or_note, read_records
from ganjax.run_files import RunFiles
from ganjax.sweep_files import SWEEP, SweepFiles

# The seed of the run, and the seed that chooses a part of the data.
SEEDS = ("seed", "data.subset")


@dataclasses.dataclass(frozen=True)
class TrialRecords:
    """One trial of a sweep.

    Attributes:
      id: the trial's name, a hash of its config.
      point: the config fields that the sweep sets for this trial, with their values.
      state, reason: how the trial ended, and why.
      records: the metrics that its run wrote, or ``None`` if the run has not begun.
      evaluation: the newest evaluation of the run. It is empty before the first one.
    """

    id: str
    point: dict[str, str]
    state: str
    reason: str
    records: RunRecords | None
    evaluation: dict

    @property
    def protocol(self) -> dict:
        """Return the record of how the scores were computed. It is empty before the
        first evaluation."""
        return self.evaluation.get("protocol", {})

    @property
    def cell(self) -> tuple[tuple[str, str], ...]:
        return tuple((k, v) for k, v in self.point.items() if k not in SEEDS)

    @property
    def scores(self) -> dict[str, float]:
        """Return the scores of the last evaluation, name -> value. If the run has no
        scores, return its last metrics.

        The result is empty unless the trial is finished. An evaluator that failed in
        the last evaluation has no scores here, although it may have earlier ones.
        """
        if self.state != "finished" or self.records is None:
            return {}
        columns = self.records.metrics
        found = {k: v for k, v in columns.items() if k.startswith(EVALUATION)}
        last = self.protocol.get("step", 0) if found else 0
        return {
            name.removeprefix(EVALUATION): values[-1]
            for name, (steps, values) in (found or columns).items()
            if steps[-1] >= last
        }


@dataclasses.dataclass(frozen=True)
class SweepRecords:
    """The trials of a sweep.

    Attributes:
      name: the name of the folder.
      trials: the trials, in the order of the sweep.
    """

    name: str
    trials: list[TrialRecords]

    @property
    def cells(self) -> dict[tuple, list[TrialRecords]]:
        """Group the trials into cells, in the order of their first trials.

        The trials of a cell have the same values of all fields that the sweep sets,
        except the seed. The order in which a trial lists its fields does not matter."""
        cells: dict[tuple, list[TrialRecords]] = {}
        stated: dict[frozenset, tuple] = {}
        for trial in self.trials:
            cell = stated.setdefault(frozenset(trial.cell), trial.cell)
            cells.setdefault(cell, []).append(trial)
        return cells

    @property
    def axes(self) -> dict[str, list[str]]:
        """Return the config fields that differ between cells (groups of trials that
        differ only in their seeds), each with its values in order. A cell that does not
        set a field has the value ``''``."""
        cells = [dict(cell) for cell in self.cells]
        axes = {
            field: list(dict.fromkeys(cell.get(field, "") for cell in cells))
            for field in dict.fromkeys(field for cell in cells for field in cell)
        }
        return {field: values for field, values in axes.items() if len(values) > 1}

    @property
    def telling(self) -> list[str]:
        """Return config fields that together distinguish all cells (groups of trials
        that differ only in their seeds). The other fields follow from them.

        Fields are chosen one by one, each time the one that distinguishes most cells.
        Fields of optimizers come last, because rates are often tuned to each setting.
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
        """Return the names of the scores that any trial has, without floors (scores of
        held-out samples)."""
        names = dict.fromkeys(name for t in self.trials for name in t.scores)
        return [name for name in names if not name.endswith(FLOOR)]

    def direction(self, name: str) -> int:
        """Return 1 if higher values of a score are better, -1 if lower ones are better,
        else 0."""
        said = {t.evaluation.get("directions", {}).get(name) for t in self.trials}
        return ("higher" in said) - ("lower" in said)

    def values(self, trials: list[TrialRecords], name: str) -> list[float]:
        """Return the finite values of a score in ``trials``."""
        found = [t.scores[name] for t in trials if name in t.scores]
        return [value for value in found if math.isfinite(value)]


def is_sweep(folder) -> bool:
    return (Path(folder) / SWEEP).is_file()


def read_sweep(folder) -> SweepRecords:
    """Return the records in the folder of a sweep.

    Raises:
      BadInput: the folder holds no sweep.
    """
    files = SweepFiles(folder)
    try:
        points = files.points if files.record.is_file() else None
        statuses = files.statuses()
    except (BadInput, OSError, KeyError, TypeError):
        points = None
    if points is None:
        raise BadInput(
            f"sweep={folder}: expected the folder of a sweep, with its {SWEEP}"
        )
    owners, trials = files.owners, []
    together = functools.cache(lambda name: PopulationRecords(files.population(name)))
    for trial, point in points.items():
        owner = owners.get(trial)
        if owner is None or owner.alone:
            records, evaluation = _run(files.workdir(trial))
        else:
            records, evaluation = _member(together(owner.name), trial)
        status = statuses[trial]
        reason = ""
        if status["state"] == "failed":
            reason = str(status.get("exit_reason", ""))
        trials.append(
            TrialRecords(trial, point, status["state"], reason, records, evaluation)
        )
    return SweepRecords(files.path.resolve().name, trials)


def _run(path):
    """Return the records of a trial that ran alone, and its newest evaluation."""
    files = RunFiles(path)
    records = read_records(path) if files.config.is_file() else None
    own = files.evaluations()
    return records, read_or_note(own[max(own)], []) if own else {}


def _member(population, trial):
    """Return the records of a trial that was trained together with others, and its
    newest evaluation."""
    if trial not in population.places:
        return None, {}
    own = population.scores(trial)
    return read_member(population, trial), own[max(own)] if own else {}
