"""Trials of an experiment: the sweep that runs them, and functions of their scores."""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.signals import Stopped
from ganjax.sweep_files import is_over
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep

Row = Mapping[str, Any]

_SCORE = "evaluation/"


class Incomplete(Exception):
    """A sweep ended without all its trials, so nothing can be judged. The same call
    goes on."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A run that has ended.

    Attributes:
      point: the config fields that differ between trials, ``{path: value as text}``.
      path: the folder of the run.
      state: ``'finished'`` or ``'failed'``.
      scores: one row for each evaluation, ``{'step', name: value}``.
    """

    point: dict[str, str]
    path: Path
    state: str
    scores: list[dict[str, float]]

    @property
    def row(self) -> dict[str, Any]:
        """Return the trial without its folder, for ``results.json``."""
        return {"point": self.point, "state": self.state, "scores": self.scores}


def trained(
    config: Mapping[str, Any],
    space: Iterable[Mapping[str, Any]],
    out: Path,
    *,
    population: str = "auto",
) -> list[Trial]:
    """Run a sweep and return its trials in the order of the space.

    A trial that diverges does not stop the sweep. The same call resumes a sweep that
    was stopped or killed.

    Args:
      config: the config that all trials share.
      space: for each trial, the fields that it sets: path -> value.
      out: the folder of the sweep. It keeps the runs and a report.
      population: how trials that share a compiled program run; see ``ganjax sweep
        --help``.

    Raises:
      BadInput: the config of a trial is invalid, or data are missing.
      Stopped: a signal stopped the sweep.
      Incomplete: a trial ended without all its steps, for another reason than
        divergence.
    """
    sweep, folder = Sweep(config, space), SweepFolder(out)
    try:
        cores = sorted(os.sched_getaffinity(0))
        code = sweep.run(out, population=population, cores=cores)
    except Stopped as stop:
        code = stop.code
    statuses = folder.statuses()
    done, count = sum(map(is_over, statuses.values())), len(sweep.trials)
    said = f"incomplete, {done} of {count} trials in {out}"
    if code > 128:
        raise Stopped(code - 128, said)
    if done < count:
        raise Incomplete(said + _why(statuses))
    return [
        Trial(
            trial.point,
            folder.workdir(trial.id),
            statuses[trial.id]["state"],
            _scores(rows),
        )
        for trial, rows in zip(
            sweep.trials, folder.rows([x.id for x in sweep.trials]), strict=True
        )
    ]


def _why(statuses):
    """Return the reason of the first trial that failed without divergence."""
    for trial, status in statuses.items():
        if not is_over(status) and "exit_reason" in status:
            return f"; trial {trial} {status['state']}: {status['exit_reason']}"
    return ""


def _scores(rows):
    return [
        {"step": row["step"]}
        | {k.removeprefix(_SCORE): v for k, v in row.items() if k.startswith(_SCORE)}
        for row in rows
        if any(name.startswith(_SCORE) for name in row)
    ]


def chosen(rows: Sequence[Row], **fields: Any) -> list[Row]:
    """Return the trials that have these values of config fields.

    Args:
      rows: the trials.
      fields: ``path=value``, with ``__`` for each dot of the path.
    """
    wanted = {name.replace("__", "."): str(value) for name, value in fields.items()}
    return [
        row
        for row in rows
        if all(row["point"].get(name) == value for name, value in wanted.items())
    ]


def last(rows: Sequence[Row], name: str) -> list[float]:
    """Return the last score ``name`` of each trial, or nan if the trial has no such
    score."""
    return [
        row["scores"][-1].get(name, float("nan")) if row["scores"] else float("nan")
        for row in rows
    ]


def lead(rows: Sequence[Row], others: Sequence[Row], name: str) -> float:
    """Return the mean last score of ``rows`` minus the mean of ``others``."""
    return float(np.mean(last(rows, name)) - np.mean(last(others, name)))


def distance(row: Row) -> float:
    """Return the last Fréchet distance of a trial, with the features of any extractor.

    A trial without a distance, such as a failed run, counts as infinite.
    """
    for name, value in (row["scores"] or [{}])[-1].items():
        if name.startswith("fd_") and not name.endswith("_floor"):
            return value
    return float("inf")


def curve(row: Row, name: str) -> tuple[list[int], list[float]]:
    """Return ``(steps, values)`` of the score ``name`` over a run."""
    found = [(s["step"], s[name]) for s in row["scores"] if name in s]
    return [step for step, _ in found], [value for _, value in found]
