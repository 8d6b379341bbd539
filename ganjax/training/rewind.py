"""The records of a run, taken back to the step that it goes on from.

What was written after that step will be written again. What was written at it only
because the run ended there, off the schedule, would not be there had the run not ended;
a run that was stopped and one that was not leave the same records.
"""

import json
import shutil

from ganjax.run_files import RunFiles, read_rows, write_whole
from ganjax.training.plan import Plan


def rewind(run: RunFiles, step: int, plan: Plan) -> None:
    """Remove rows, evaluations and pictures that a run of ``plan`` has not written at
    ``step``; at step 0, where a run begins anew, the events too."""
    logged = plan.due(plan.log.every, step)
    evaluated = plan.due(plan.evaluation.every, step)
    pictured = plan.due(plan.samples.every, step)

    def stays(at, on_schedule):
        return at < step or (at == step and on_schedule)

    for path in (run.metrics, run.timing):
        kept = []
        for row in read_rows(path):
            scores = any(name.startswith("evaluation/") for name in row)
            if stays(row["step"], evaluated if scores else logged):
                kept.append(json.dumps(row) + "\n")
        if path.exists():
            write_whole(path, "".join(kept))
    for found, on_schedule in (
        (run.evaluations(), evaluated),
        (run.pictures(), pictured),
    ):
        for at, path in found.items():
            if not stays(at, on_schedule):
                path.unlink()
    if step == 0:
        shutil.rmtree(run.events, ignore_errors=True)
