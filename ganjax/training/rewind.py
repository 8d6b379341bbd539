"""Removal of records before a run resumes from a step.

The resumed run writes the records after that step again. A run also writes records at
its last step, even if no interval ends there. If the run becomes longer, these records
are removed too, so a resumed and an uninterrupted run have the same records. Scores at
the step itself are removed unless the evaluation was complete: the resumed run then
computes them again.
"""

import shutil
from pathlib import Path
from typing import Protocol

from ganjax.run_files import lines_of, write_whole
from ganjax.training.checkpoint_folders import clear
from ganjax.training.plan import Plan


class Records(Protocol):
    """The records of a run, or of several runs that are trained together."""

    metrics: Path
    timing: Path
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
      A line about each file that has lines that cannot be read. They stay, because they
      may be the only trace of a row. Only a last line that a kill cut goes.
    """
    logged = plan.due(plan.log.every, step)
    evaluated = plan.due(plan.evaluation.every, step) and scored
    pictured = plan.due(plan.samples.every, step)

    def stays(at, on_schedule):
        return at < step or (at == step and on_schedule)

    unreadable = []
    for path in (records.metrics, records.timing):
        kept, bad = [], 0
        for line, row in lines_of(path):
            scores = any(name.startswith("evaluation/") for name in row or ())
            if row is None:  # its step is unknown
                bad += 1
            elif not stays(row["step"], evaluated if scores else logged):
                continue
            kept.append(line + b"\n")
        if path.exists():
            write_whole(path, b"".join(kept))
        if bad:
            lines, them = ("1 line", "it") if bad == 1 else (f"{bad} lines", "them")
            what = f"{lines} could not be read; the file keeps {them}"
            unreadable.append(f"{path.name}: {what}")
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
    return unreadable
