"""Removal and check of records before a run resumes from a step.

The resumed run writes the records after that step again. A run also writes records at
its last step, even if no interval ends there. If the run becomes longer, these records
are removed too, so a resumed and an uninterrupted run have the same records. Scores at
the step itself are removed unless the evaluation was complete: the resumed run then
computes them again. Rows of earlier steps cannot be computed again: if one is missing,
the user reads it.
"""

import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ganjax.run_files import lines_of, write_whole
from ganjax.training.checkpoint_folders import clear
from ganjax.training.history import read_history
from ganjax.training.plan import Plan


class Records(Protocol):
    """The records of a run, or of several runs that are trained together."""

    metrics: Path
    timing: Path
    history: Path
    best: Path
    absent_at_start: tuple[Path, ...]

    def evaluations(self) -> dict[int, Path]:
        """Return the files of scores, step -> path."""

    def pictures(self) -> dict[int, Path]:
        """Return the files of pictures or samples, step -> path."""


def rewind(records: Records, step: int, plan: Plan, scored: bool) -> list[str]:
    """Remove the rows, scores and pictures that an uninterrupted run of ``plan`` would
    not have when it reaches ``step``. At step 0, also remove the TensorBoard events and
    the best checkpoint.

    Args:
      scored: whether the scores of ``step`` are complete.

    Returns:
      A line about each file that has lines that cannot be read, or that lacks rows. The
      lines stay, because they may be the only trace of a row. Only a last line that a
      kill cut goes.
    """
    logged = plan.due(plan.log.every, step)
    evaluated = plan.due(plan.evaluation.every, step) and scored
    pictured = plan.due(plan.samples.every, step)

    def stays(at, on_schedule):
        return at < step or (at == step and on_schedule)

    problems, due = [], _steps_of_rows(read_history(records.history), plan, step)
    for path in (records.metrics, records.timing):
        kept, bad, seen = [], 0, set()
        for line, row in lines_of(path):
            scores = any(name.startswith("evaluation/") for name in row or ())
            if row is None:  # its step is unknown
                bad += 1
            elif not stays(row["step"], evaluated if scores else logged):
                continue
            elif not scores:
                seen.add(row["step"])
            kept.append(line + b"\n")
        if path.exists():
            write_whole(path, b"".join(kept))
        if bad:
            lines, them = ("1 line", "it") if bad == 1 else (f"{bad} lines", "them")
            what = f"{lines} could not be read; the file keeps {them}"
            problems.append(f"{path.name}: {what}")
        if lost := [x for x in due if x not in seen]:
            what = f"the row of step {lost[0]} is missing"
            if later := len(lost) - 1:
                what = f"the rows of step {lost[0]} and of {later} later are missing"
            problems.append(f"{path.name}: {what}; ganjax does not write them again")
    for found, on_schedule in (
        (records.evaluations(), evaluated),
        (records.pictures(), pictured),
    ):
        for at, path in found.items():
            if not stays(at, on_schedule):
                path.unlink()
    if step == 0:
        clear(records.best)
        for folder in records.absent_at_start:
            shutil.rmtree(folder, ignore_errors=True)
    return problems


def _steps_of_rows(starts: Sequence[Mapping[str, Any]], plan: Plan, step: int) -> range:
    """Return the steps up to ``step`` at which each start of the run wrote a row. Runs
    may change their interval, so these are the common multiples.

    Args:
      starts: all starts of the run, with their ``config``.
    """
    logs = [x.get("config", {}).get("log", {}) for x in starts]
    every = math.lcm(plan.log.every, *(x["every"] for x in logs if "every" in x))
    return range(every, step + 1, every) if every else range(0)
