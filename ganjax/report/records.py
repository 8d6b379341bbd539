"""Records of a run directory, which may be incomplete or damaged.

A run may have been killed in the middle of a line, may not have begun, or may have
diverged to NaN. The readable parts are returned. `RunRecords.notes` lists the
unreadable parts, so that a report never looks more complete than its run."""

import json
import math
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput
from ganjax.json_shapes import misfit
from ganjax.population_files import PopulationRecords
from ganjax.report.links import found_in
from ganjax.run_files import (
    MOST_STEPS,
    STATUS,
    RunFiles,
    read_json,
    unreadable_lines,
)


@dataclass(frozen=True)
class RunRecords:
    """The contents of a run directory.

    `metrics` and `timing` are columns: name -> (steps, values), ordered by step. They
    include nan and the infinities. `samples` are the pictures from training: (step,
    path), ordered by step. `real` is the picture of real samples. `notes` lists the
    unreadable parts.
    """

    name: str
    config: dict
    environment: dict
    status: dict
    command: str
    metrics: dict[str, tuple[list[int], list[float]]]
    timing: dict[str, tuple[list[int], list[float]]]
    samples: list[tuple[int, Path]]
    real: Path | None
    notes: list[str] = field(default_factory=list)

    @property
    def last_step(self) -> int | None:
        """Return the step in the run's status. If it has none, return the last step in
        any record, or ``None`` without records."""
        said = self.status.get("step")
        if isinstance(said, int) and not isinstance(said, bool):
            return said
        columns = [*self.metrics.values(), *self.timing.values()]
        seen = [steps[-1] for steps, _ in columns] + [step for step, _ in self.samples]
        return max(seen, default=None)


def read_records(directory) -> RunRecords:
    """Return the records of ``directory``, a run directory made by `ganjax.training`.

    Files that are links out of the folder are not read, and neither are special files.

    Raises:
      BadInput: the folder is missing, holds no run, or holds a run whose format this
        version of ganjax cannot read; or config.json or run.json is a link out of the
        folder. All other files may be missing or damaged.
    """
    files = RunFiles(Path(directory).resolve())
    for path in (files.config, files.record):
        if problem := found_in(path, files.path):
            raise BadInput(f"workdir={directory}: {problem}")
    config, record = RunFiles(directory).read()
    notes: list[str] = []
    readable = partial(_readable, files.path, notes)
    pictures = {step: path for step, path in files.pictures().items() if readable(path)}
    return RunRecords(
        name=files.path.name,
        config=config,
        environment=read_or_note(files.environment, files.path, notes),
        status=read_or_note(files.status, files.path, notes, STATUS),
        command=str(record.get("command", "")),
        metrics=_read_columns(files.metrics, notes) if readable(files.metrics) else {},
        timing=_read_columns(files.timing, notes) if readable(files.timing) else {},
        samples=list(pictures.items()),
        real=files.real if files.real.is_file() and readable(files.real) else None,
        notes=notes,
    )


def read_member(population: PopulationRecords, member: str) -> RunRecords:
    """Return the records of one member of a population: runs that were trained
    together. Its environment and its times, which all members share, are not read. It
    has no pictures: its samples are stored as arrays."""
    metrics = population.files.metrics
    return RunRecords(
        name=member,
        config=population.config(member),
        environment={},
        status=population.statuses.get(member, {}),
        command=str(population.record(member)["command"]),
        metrics=_columns(population.rows(member))[0],
        timing={},
        samples=[],
        real=None,
        notes=_unread(metrics, unreadable_lines(metrics)),
    )


def read_or_note(path: Path, folder: Path, notes: list[str], shape: Any = dict) -> dict:
    """Return the object in a JSON file, or an empty dict if there is no file. If the
    file is damaged, does not have the shape, or is a link out of ``folder``, append a
    line to ``notes`` and return an empty dict."""
    if not _readable(folder, notes, path):
        return {}
    try:
        held = read_json(path) or {}
    except BadInput:
        notes.append(f"{path.name} is not a JSON object")
        return {}
    if problem := misfit(held, shape):
        notes.append(f"{path.name} is damaged: {problem}")
        return {}
    return held


def _readable(folder: Path, notes: list[str], path: Path) -> bool:
    """Return whether a report may read a file in a folder. If not, append a line to
    ``notes``, without the target of the link."""
    if found_in(path, folder):
        name = path.relative_to(folder)
        notes.append(f"{name} is a link out of the folder or a special file: not read")
        return False
    return True


def _read_columns(path: Path, notes: list[str]) -> dict:
    lines = (
        path.read_text(encoding="utf-8", errors="replace").splitlines()
        if path.is_file()
        else []
    )
    rows, broken = [], 0
    for line in filter(str.strip, lines):
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError):
            broken += 1
    columns, wrong = _columns(rows)
    notes += _unread(path, broken + wrong)
    return columns


def _unread(path, count):
    unread = "1 line" if count == 1 else f"{count} lines"
    return [f"{unread} of {path.name} could not be read"] if count else []


def _columns(rows: list) -> tuple[dict, int]:
    """Return the columns of rows, and the number of rows without a valid step."""
    columns: dict[str, list[tuple[int, float]]] = {}
    wrong = 0
    for row in rows:
        try:
            step = int(row["step"])
            if not 0 <= step <= MOST_STEPS:
                raise ValueError(step)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            wrong += 1
            continue
        for name, value in row.items():
            number = None if name == "step" else _number(value)
            if number is not None:
                columns.setdefault(name, []).append((step, number))
    result = {}
    for name, pairs in columns.items():
        pairs.sort(key=lambda pair: pair[0])
        result[name] = ([step for step, _ in pairs], [value for _, value in pairs])
    return result, wrong


def _number(value) -> float | None:
    """Return a float from a JSON number, null (nan) or a string such as "NaN"."""
    try:
        return math.nan if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
