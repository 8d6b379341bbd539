"""Records of a sweep's folder: trials, grouped into cells.

A cell is a group of trials that differ only in their seeds.
"""

import dataclasses
import math
from collections.abc import Callable
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np

from ganjax.errors import BadInput
from ganjax.population_files import PopulationRecords
from ganjax.report.panels import EVALUATION, FLOOR
from ganjax.report.records import RunRecords, read_member, read_or_note, read_records
from ganjax.report.thumbnails import thumbnail
from ganjax.run_files import SCORES, RunFiles
from ganjax.sweep_files import SWEEP, SweepFiles

# The seed of the run, and the seed that chooses a part of the data.
SEEDS = ("seed", "data.subset")
# The step of samples, the samples [n, …], and reference samples [m, …] or None.
Samples = tuple[int, np.ndarray, np.ndarray | None]


@dataclasses.dataclass(frozen=True)
class TrialRecords:
    """One trial of a sweep.

    Attributes:
      id: the trial's name, a hash of its config.
      point: the config fields that the sweep sets for this trial, with their values.
      state, reason: how the trial ended, and why.
      records: the metrics that its run wrote, or ``None`` if the run has not begun.
      evaluation: the newest evaluation of the run. It is empty before the first one.
      samples: a function that reads the newest samples of a trial whose samples are
        stored as arrays. It returns ``None`` if there are none yet. ``None`` in place
        of the function means that the run directory has pictures.
    """

    id: str
    point: dict[str, str]
    state: str
    reason: str
    records: RunRecords | None
    evaluation: dict
    samples: Callable[[], Samples | None] | None = None

    @property
    def protocol(self) -> dict:
        """Return the record of how the scores were computed. It is empty before the
        first evaluation."""
        return self.evaluation.get("protocol", {})

    @cached_property
    def cell(self) -> tuple[tuple[str, str], ...]:
        return tuple((k, v) for k, v in self.point.items() if k not in SEEDS)

    @cached_property
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

    def picture(self) -> tuple[int, bytes] | None:
        """Return ``(step, PNG file)`` of the newest samples, or ``None`` before the
        first samples. The file is read or drawn at each call."""
        if self.samples is not None:
            if (found := self.samples()) is None:
                return None
            step, samples, reference = found
            return step, thumbnail(samples, reference)
        if self.records is None or not self.records.samples:
            return None
        step, path = self.records.samples[-1]
        return step, path.read_bytes()


@dataclasses.dataclass(frozen=True)
class SweepRecords:
    """The trials of a sweep.

    Attributes:
      name: the name of the folder.
      trials: the trials, in the order of the sweep.
    """

    name: str
    trials: list[TrialRecords]

    @cached_property
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

    @cached_property
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

    @cached_property
    def telling(self) -> list[str]:
        """Return config fields that together distinguish all cells (groups of trials
        that differ only in their seeds). The other fields follow from them.

        Fields are chosen one by one, each time the one that distinguishes most cells.
        Fields of optimizers come last, because rates are often tuned to each setting.
        """
        cells = [dict(cell) for cell in self.cells]
        columns = {field: [cell.get(field) for cell in cells] for field in self.axes}
        found: list[str] = []
        groups, apart = [0] * len(cells), min(len(cells), 1)

        def split(field):
            """Return the number of the group of each cell after one more field."""
            numbers: dict[tuple, int] = {}
            pairs = zip(groups, columns[field], strict=True)
            return [numbers.setdefault(pair, len(numbers)) for pair in pairs]

        def worth(field):
            more = len(set(zip(groups, columns[field], strict=True))) - apart
            return more > 0 and not field.startswith("optimizers."), more

        while apart < len(cells):
            found.append(max((f for f in columns if f not in found), key=worth))
            groups = split(found[-1])
            apart = len(set(groups))
        return [field for field in columns if field in found]

    @cached_property
    def score_names(self) -> list[str]:
        """Return the names of the scores that any trial has, without floors (scores of
        held-out samples)."""
        names = dict.fromkeys(name for t in self.trials for name in t.scores)
        return [name for name in names if not name.endswith(FLOOR)]

    @cached_property
    def _directions(self) -> dict[str, set[str]]:
        said: dict[str, set[str]] = {}
        for trial in self.trials:
            for name, which in trial.evaluation.get("directions", {}).items():
                said.setdefault(name, set()).add(which)
        return said

    def direction(self, name: str) -> int:
        """Return 1 if higher values of a score are better, -1 if lower ones are better,
        else 0."""
        said = self._directions.get(name, set())
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
      BadInput: the folder holds no sweep, or one of its files is damaged.
    """
    files = SweepFiles(folder)
    if not files.record.is_file():
        raise BadInput(
            f"sweep={folder}: expected the folder of a sweep, with its {SWEEP}"
        )
    points, statuses = files.points, files.statuses()
    owners, trials = files.owners, []
    together = cache(lambda name: PopulationRecords(files.population(name)))
    for trial, point in points.items():
        owner, status = owners.get(trial), statuses[trial]
        samples = None
        if owner is None or owner.alone:
            records, evaluation = _run(files.workdir(trial))
        else:
            population = together(owner.name)
            records, evaluation = _member(population, trial)
            samples = partial(_newest_samples, population, trial)
        failed = status["state"] == "failed"
        reason = str(status.get("exit_reason", "")) if failed else ""
        one = trial, point, status["state"], reason, records, evaluation, samples
        trials.append(TrialRecords(*one))
    return SweepRecords(files.path.resolve().name, trials)


def _run(path):
    """Return the records of a trial that ran alone, and its newest evaluation."""
    files = RunFiles(path.resolve())
    records = read_records(path) if files.config.is_file() else None
    own = files.evaluations()
    if not own:
        return records, {}
    return records, read_or_note(own[max(own)], files.path, [], SCORES)


def _newest_samples(population, trial) -> Samples | None:
    found = population.samples(trial, newest=True)
    if not found:
        return None
    ((step, samples),) = found.items()
    return step, samples, population.real if samples.ndim != 4 else None


def _member(population, trial):
    """Return the records of a trial that was trained together with others, and its
    newest evaluation."""
    if trial not in population.places:
        return None, {}
    own = population.scores(trial)
    return read_member(population, trial), own[max(own)] if own else {}
