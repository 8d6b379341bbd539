"""Whether a run may resume: changes of its config, code and data since it began."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from ganjax.config import declared, flatten
from ganjax.data import Source, differences, read_record, record_of
from ganjax.errors import BadInput
from ganjax.loading import changed_sources
from ganjax.population_files import PopulationFiles
from ganjax.run_files import RunFiles, read_rows
from ganjax.schedules import lengths
from ganjax.training import Checkpoints, finished_steps, own_steps

# Fields that may change when a run resumes: it may become longer, and the time that a
# read may take changes no step.
CHANGEABLE = ("steps", "data.timeout")


def changed_fields(held: Mapping[str, Any], config: ConfigDict) -> list[str]:
    """Return the differences between an earlier config and a new one, in words.

    A field that ganjax added later is no difference if it has its default value. A
    schedule that lasts until the last step becomes longer with ``steps``. This is a
    difference too, because the longer schedule changes the steps that are already done.

    Args:
      held: the config that the run's folder holds, nested.
      config: the new config.
    """
    now = dict(flatten(config.to_dict()))
    then = {path: x.default for path, x in declared(now).items() if path in now}
    for path, value in flatten(held):  # JSON stores tuples as lists
        then[path] = tuple(value) if isinstance(value, list) else value
    ends = [path for path in lengths(now) if path in then and not now[path]]
    now, then = now | lengths(now), then | lengths(then)
    found = []
    for path in sorted(now | then):
        if now.get(path, ...) != then.get(path, ...):
            said = f"{path}: {then.get(path, 'absent')} -> {now.get(path, 'absent')}"
            follows = f", which follows steps unless you set {path}={then.get(path)}"
            found.append(f"{said}{follows if path in ends else ''}")
    return found


def check_config(run: RunFiles, config: ConfigDict, allowed: bool) -> list[str]:
    """Return how the config and the user's code changed since the run began, in words.
    The fields of ``CHANGEABLE`` do not count. The old config is only compared, because
    to resolve it would execute the user's code.

    Args:
      allowed: whether changes are allowed. A new seed is never allowed.

    Raises:
      BadInput: if the seed changed, or something else changed and this is not allowed.
    """
    if not run.config.exists():
        return []
    held, record = run.read()
    if not has_begun(run):
        return []
    found = changed_fields(held, config)
    changed = [x for x in found if x.partition(":")[0] not in CHANGEABLE]
    for path in changed_sources(record, config):
        changed.append(f"code {path}: source changed since the run")
    seed = held.get("seed", config.seed)
    if config.seed != seed:
        raise BadInput(
            f"seed={config.seed}: expected {seed}, the seed of the run in workdir="
            f"{run.path}; the random state is part of the run; to use another seed, "
            f"start a new workdir"
        )
    if changed and not allowed:
        raise BadInput(
            f"workdir={run.path}: expected the config and code of this run, but they "
            f"differ ({'; '.join(changed)}); --allow_config_change resumes anyway"
        )
    return changed


def check_population(
    files: PopulationFiles,
    config: ConfigDict,
    values: Mapping[str, Mapping[str, Any]],
    allowed: bool,
) -> list[str]:
    """Return how the configs and the user's code changed since a population began, like
    ``check_config``.

    Args:
      config: the config of the first member, without its values.
      values: id of a member -> the values in which its config differs.

    Raises:
      BadInput: if the members are others; if a seed changed; or if something else
        changed and this is not allowed.
    """
    if not has_begun(files):
        return []
    held = files.read()
    if list(held["members"]) != list(values):
        raise BadInput(
            f"workdir={files.path}: expected the {len(held['members'])} members of "
            f"this population, found {len(values)} members, or another order"
        )
    changed = [
        x
        for x in changed_fields(held["config"], config)
        if x.partition(":")[0] not in CHANGEABLE
    ]
    for name, own in values.items():
        before = held["members"][name]["values"]
        for path in sorted(own | before):
            if own.get(path) != before.get(path):
                said = f"{path}: {before.get(path)} -> {own.get(path)} in {name}"
                changed.append(said)
    for path in changed_sources(held, config):
        changed.append(f"code {path}: source changed since the run")
    seeds = [x for x in changed if x.startswith("seed: ")]
    if changed and (seeds or not allowed):
        hint = "" if seeds else "; --allow_config_change resumes anyway"
        raise BadInput(
            f"workdir={files.path}: expected the configs and code of this population, "
            f"but they differ ({'; '.join(changed)}){hint}"
        )
    return changed


def has_begun(run: RunFiles | PopulationFiles) -> bool:
    """Return whether a run has passed step 0. If it has not, it may begin again with
    any config and any data."""
    return run.mark.exists() and bool(reached(run) or finished_steps(run.checkpoints))


def reached(run: RunFiles | PopulationFiles) -> int:
    """Return the step in a run's status. If the status is lost, return the last step in
    its rows, scores and pictures; 0 without any."""
    status = run.read_status()
    if status or not run.mark.exists():
        return status.get("step", 0)
    rows = (row["step"] for row in read_rows(run.metrics))
    return max([0, *rows, *run.evaluations(), *run.pictures()])


def check_data(run: RunFiles | PopulationFiles, source: Source, allowed: bool) -> None:
    """Raise ``BadInput`` if the data changed since the run began, unless
    ``allowed``."""
    held = read_record(run.data) if has_begun(run) else None
    changed = differences(held, record_of(source)) if held else []
    if changed and not allowed:
        raise BadInput(
            f"workdir={run.path}: expected the data of this run, but they differ "
            f"({'; '.join(changed)}); --allow_config_change resumes anyway"
        )


def check_checkpoint(run: RunFiles | PopulationFiles) -> None:
    """Raise ``BadInput`` if a run had a checkpoint, but holds none. A run that was
    stopped before its first checkpoint has lost nothing: it begins again."""
    step = reached(run) if run.mark.exists() else 0
    never = run.read_status().get("checkpoint") == 0
    if step and not never and not finished_steps(run.checkpoints):
        raise BadInput(
            f"workdir={run.path}: expected a checkpoint of this run, which reached "
            f"step {step}, but there is none in {run.checkpoints.name}/; put them "
            f"back, or delete the folder to start again"
        )


def is_over(run: RunFiles, config: ConfigDict) -> bool:
    """Return whether a run has taken all steps of ``config``. Raise ``BadInput`` if it
    has taken more."""
    return is_finished(run.read_status(), config, run.path)


def is_finished(status: Mapping[str, Any], config: ConfigDict, path: Path) -> bool:
    """Return whether a run with this status has taken all steps of ``config``.

    Args:
      path: the folder of the run, for the message.

    Raises:
      BadInput: if it has taken more.
    """
    if status.get("state") != "finished":
        return False
    step = status.get("step", 0)
    if step > config.steps:
        raise BadInput(
            f"steps={config.steps}: expected at least {step}, the last step of the run "
            f"in workdir={path}"
        )
    return step == config.steps


def lost_status(run: RunFiles | PopulationFiles) -> str:
    """Return a line for the user if a run that has begun has no readable status, or an
    empty string. Its checkpoints suffice to resume."""
    if run.read_status() or not has_begun(run):
        return ""
    what = "damaged" if run.status.exists() else "missing"
    return f"{run.status.name} is {what}; the checkpoints show where training stopped"


def ended_members(files: PopulationFiles) -> dict[str, dict[str, Any]]:
    """Return the statuses of the members that had diverged, by id, from the newest
    checkpoint: they keep an older state in it. This is for a population whose status is
    lost; with a status, the result is empty."""
    if not lost_status(files) or not finished_steps(files.checkpoints):
        return {}
    with Checkpoints(files.checkpoints, log=lambda line: None) as checkpoints:
        newest = checkpoints.readable()[-1]
        own = own_steps(checkpoints, newest)
    found = {}
    for place, name in enumerate(files.read()["members"]):
        if (step := own.get(place, 0)) != newest:
            why = f"it diverged after step {step}; {files.status.name} was lost"
            entry = {"state": "failed", "step": step, "exit_reason": why}
            found[name] = entry | {"diverged": True}
    return found
