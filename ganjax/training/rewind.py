"""The records of a run, taken back to the step that it goes on from.

What was written after that step will be written again. What was written at it only
because the run ended there, off the schedule, would not be there had the run not ended;
a run that was stopped and one that was not leave the same records.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from ganjax.training.plan import Plan


def rewind(directory: Path, step: int, plan: Plan) -> None:
    """Removes rows, evaluations and pictures that a run of ``plan``, standing at
    ``step``, has not written; at step 0, where a run begins anew, the events too."""
    logged = plan.due(plan.log_every, step)
    evaluated = plan.due(plan.evaluate_every, step)
    pictured = plan.due(plan.sample_every, step)

    def stays(at, on_schedule):
        return at < step or (at == step and on_schedule)

    def row_stays(row):
        evaluation = any(name.startswith("evaluation/") for name in row)
        return stays(row["step"], evaluated if evaluation else logged)

    for name in ("metrics.jsonl", "timing.jsonl"):
        _cut(directory / name, row_stays)
    for path in directory.glob("evaluation/[0-9]*.json"):
        if not stays(int(path.stem), evaluated):
            path.unlink()
    for path in directory.glob("samples/step_*.png"):
        if not stays(int(path.stem.removeprefix("step_")), pictured):
            path.unlink()
    if step == 0:
        shutil.rmtree(directory / "tensorboard", ignore_errors=True)


def _cut(path: Path, stays: Callable[[dict], bool]) -> None:
    if not path.exists():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            if stays(json.loads(line)):
                kept.append(line + "\n")
        except ValueError:
            break  # the last line of a killed run may be half written
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(kept))
    temporary.replace(path)
