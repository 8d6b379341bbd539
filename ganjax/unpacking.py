"""Write a member of a population as the folder of an ordinary run.

A population is runs that one program trained together, such as trials of a sweep. Their
records are in shared files.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from ganjax.data import form_of
from ganjax.errors import BadInput
from ganjax.population_files import PopulationFiles, PopulationRecords, replaced
from ganjax.run_files import RunFiles, read_json, write_json, write_whole
from ganjax.sweep_files import SWEEP, SweepFiles
from ganjax.training import Checkpoints, finished_steps, member_state, snapshot
from ganjax.training.checkpoint_folders import clear
from ganjax.training.history import lines_of_history
from ganjax.training.metrics_log import MetricsLog
from ganjax.training.samples import (
    picture_of_real,
    picture_of_samples,
    save_picture,
)


def opened(path: Path | str) -> Path:
    """Return the folder of a run. If it is ``SWEEP/trials/ID``, and the trial ID is
    trained together with others, unpack the trial into this folder first.

    A folder that was unpacked before is brought up to date if the trial was trained
    further since.

    Raises:
      BadInput: if the trial has not begun.
    """
    path = Path(path)
    sweep, trial = path.absolute().parent.parent, path.name
    if path.absolute().parent.name != "trials" or not (sweep / SWEEP).is_file():
        return path
    owner = SweepFiles(sweep).owners.get(trial)
    if owner is not None and not owner.alone:
        files = SweepFiles(sweep).population(owner.name)
        own = RunFiles(path)
        step = PopulationRecords(files).statuses.get(trial, {}).get("step", 0)
        held = own.read_status()
        # A trial that trained further alone can lose its status, but not its steps.
        further = max(finished_steps(own.checkpoints), default=0) > step
        if not further and (not held or held.get("step", 0) < step):
            unpack(files, trial, path)
    return path


def unpack(files: PopulationFiles, member: str, path: Path) -> Path:
    """Write a member of a population as a run directory, and return the directory.

    It has the files of a run that trained alone: the config, rows, scores, pictures,
    TensorBoard events, status and checkpoints. Measured times are the times
    of the population. Other files in the directory stay.

    Args:
      member: the id of the member.
      path: the directory. It is made if it is missing.

    Raises:
      BadInput: if the population has not begun, or has no such member.
    """
    records = PopulationRecords(files)
    if not records.places:
        raise BadInput(f"workdir={path}: expected a trial that has begun")
    if member not in records.places:
        raise BadInput(
            f"workdir={path}: expected a trial of {files.path}, which has "
            f"{len(records.places)} others"
        )
    part = path.with_name(f".{path.name}.unpacked")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _write(records, member, RunFiles(part))
    path.mkdir(parents=True, exist_ok=True)
    run = RunFiles(path)
    for states in (run.checkpoints, run.best):
        clear(states)
    shutil.rmtree(run.events, ignore_errors=True)
    # The status comes last: if it is missing or old, the next call starts again.
    for made in sorted(part.rglob("*"), key=lambda x: x == part / run.status.name):
        if made.is_file():
            target = path / made.relative_to(part)
            target.parent.mkdir(parents=True, exist_ok=True)
            made.replace(target)
    shutil.rmtree(part)
    return path


def _write(records, member, run):
    files = records.files
    write_json(run.data, read_json(files.data) or {})
    write_json(run.environment, read_json(files.environment) or {})
    status = records.statuses[member]
    write_json(run.status, status)
    write_whole(run.log, f"unpacked from {files.path}, member {member}\n")
    pictures = _pictures(records, member, run)
    with MetricsLog(run, 0) as log:
        for row in records.rows(member):
            step = row.pop("step")
            log.metrics(step, row)
            if step in pictures:
                log.picture(step, "samples", pictures.pop(step))
        for step, picture in pictures.items():
            log.picture(step, "samples", picture)
    shutil.copyfile(files.timing, run.timing)
    _write_history(records, member, run)
    for step, scores in records.scores(member).items():
        write_json(run.evaluation(step), scores)
    place = records.places[member]
    _copy_states(files.checkpoints, place, run.checkpoints)
    _copy_states(files.best, place, run.best)
    run.describe(records.config(member), **records.record(member))


def _write_history(records, member, run):
    """Write the starts of the population as starts of the member, with its config."""
    facts: dict[str, Any] = {}
    lines = []
    for row in lines_of_history(records.files.history):
        facts = facts | row
        own = facts.get("members", {}).get(member)
        line = {k: v for k, v in row.items() if k not in ("config", "members")}
        if own is not None and {"config", "members"} & row.keys():
            line["config"] = replaced(facts.get("config", {}), own)
        if "skipped" in row:  # a count for each member
            line["skipped"] = row["skipped"][records.places[member]]
        lines.append(json.dumps(line) + "\n")
    write_whole(run.history, "".join(lines))


def _pictures(records, member, run):
    """Draw the pictures of the stored samples, and return them: step -> picture."""
    real = records.real
    run.real.parent.mkdir(parents=True, exist_ok=True)
    form = form_of(run.data)
    save_picture(run.real, picture_of_real(real, form))
    found = {}
    for step, samples in records.samples(member).items():
        found[step] = picture_of_samples(samples, real, step, form)
        save_picture(run.picture(step), found[step])
    return found


def _copy_states(source, place, target):
    if not source.exists():
        return
    found = snapshot.every(source, lambda there, step: member_state(there, step, place))
    with Checkpoints(target, keep=10**6) as here:
        for step, state in filter(None, found):
            if step not in here.steps():
                here.save(state, step)
                here.finish()
