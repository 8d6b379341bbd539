"""The trials of an experiment: a sweep, and what is read of it."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.run_files import RunFiles
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep

Row = Mapping[str, Any]

_SCORE = "evaluation/"


@dataclasses.dataclass(frozen=True)
class Trial:
    """A run that is over.

    Attributes:
      point: what it differs in, by the path of a field, as text.
      path: its folder.
      state: ``'finished'`` or ``'failed'``.
      scores: a row an evaluation, ``{'step', name: value}``.
    """

    point: dict[str, str]
    path: Path
    state: str
    scores: list[dict[str, float]]

    @property
    def row(self) -> dict[str, Any]:
        """All but the folder, for ``results.json``."""
        return {"point": self.point, "state": self.state, "scores": self.scores}


def trained(
    config: Mapping[str, Any],
    space: Iterable[Mapping[str, Any]],
    out: Path,
    *,
    population: str = "auto",
) -> list[Trial]:
    """Runs every point of a space as far as it gets, in the order of the space. The
    same call again goes on with what a killed one left.

    Args:
      out: the folder of the sweep; it keeps the runs and a report.
      population: how trials that share a program run, as ``scripts/sweep.py`` takes it.

    Raises:
      BadInput: for a point that is no valid config, or data that are missing.
    """
    sweep = Sweep(config, space)
    sweep.run(out, population=population, cores=sorted(os.sched_getaffinity(0)))
    folder = SweepFolder(out)
    return [
        Trial(
            trial.point,
            folder.workdir(trial.id),
            folder.status(trial.id)["state"],
            _scores(RunFiles(folder.workdir(trial.id)).rows()),
        )
        for trial in sweep.trials
    ]


def _scores(rows):
    return [
        {"step": row["step"]}
        | {k.removeprefix(_SCORE): v for k, v in row.items() if k.startswith(_SCORE)}
        for row in rows
        if any(name.startswith(_SCORE) for name in row)
    ]


def chosen(rows: Sequence[Row], **fields: Any) -> list[Row]:
    """The rows whose point has these values; a dot of a path is written as ``__``."""
    wanted = {name.replace("__", "."): str(value) for name, value in fields.items()}
    return [
        row
        for row in rows
        if all(row["point"].get(name) == value for name, value in wanted.items())
    ]


def last(rows: Sequence[Row], name: str) -> list[float]:
    """Each row's last score of a name; nan where there is none."""
    return [
        row["scores"][-1].get(name, float("nan")) if row["scores"] else float("nan")
        for row in rows
    ]


def lead(rows: Sequence[Row], others: Sequence[Row], name: str) -> float:
    """By how much the mean of some rows' last scores is above that of others'."""
    return float(np.mean(last(rows, name)) - np.mean(last(others, name)))


def distance(row: Row) -> float:
    """A row's last Fréchet distance, over whatever features; infinite where there is
    none, as of a run that failed."""
    for name, value in (row["scores"] or [{}])[-1].items():
        if name.startswith("fd_") and not name.endswith("_floor"):
            return value
    return float("inf")


def curve(row: Row, name: str) -> tuple[list[int], list[float]]:
    """``(steps, values)`` of a score in the course of a run."""
    found = [(s["step"], s[name]) for s in row["scores"] if name in s]
    return [step for step, _ in found], [value for _, value in found]
