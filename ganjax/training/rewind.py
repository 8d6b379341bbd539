"""Removal of records before a run resumes from a step.

The resumed run writes the records after that step again. A run also writes records at
its last step, even if no interval ends there. If the run becomes longer, these records
are removed too, so a resumed and an uninterrupted run have the same records. Scores at
the step itself are removed unless the evaluation was complete: the resumed run then
computes them again.
"""

import json
import shutil

from ganjax.run_files import RunFiles, read_rows, write_whole
from ganjax.training.plan import Plan


def rewind(run: RunFiles, step: int, plan: Plan) -> None:
    """Remove the rows, scores and pictures that an uninterrupted run of ``plan`` would
    not have when it reaches ``step``. At step 0, also remove the TensorBoard events and
    the best checkpoint."""
    logged = plan.due(plan.log.every, step)
    evaluated = plan.due(plan.evaluation.every, step) and run.scored(step)
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
        shutil.rmtree(run.best, ignore_errors=True)
