"""The process that runs groups of trials.

    python -m ganjax.sweeps.worker SWEEP GROUP,GROUP,… [--cores=0,1] [--parent=PID]

SWEEP is the folder of the sweep, and GROUP is a name in its plan.json. On Linux the
process ends when the process PID ends.
"""

import argparse
import gc
from collections.abc import Sequence
from typing import Any

import jax

from ganjax import signals
from ganjax.launch import MemberRequest, RunRequest, SharedProgram, launch
from ganjax.run_files import RunFiles
from ganjax.sweep_files import Group, imperfect
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import end_with, use_cores


def main(arguments: list[str]) -> int:
    """Run groups of trials, one after another. Return 0 if all trials finished and no
    evaluation failed, 128 + n if signal n interrupted them, else 1."""
    flags = argparse.ArgumentParser()
    flags.add_argument("sweep")
    flags.add_argument("groups")
    flags.add_argument("--cores", default="")
    flags.add_argument("--parent", type=int, default=0)
    flags = flags.parse_args(arguments)
    if flags.parent:
        end_with(flags.parent)
    use_cores(flags.cores)
    folder = SweepFolder(flags.sweep)
    groups = {group.name: group for group in folder.groups}
    return run_groups(folder, [groups[name] for name in flags.groups.split(",")])


def run_groups(folder: SweepFolder, groups: Sequence[Group]) -> int:
    """Run groups of trials in this process, one after another. Groups whose trials
    share a program use the same compiled program.

    Returns:
      The exit code: 128 + n after signal n; then the groups that follow do not start.

    Raises:
      BadInput: a config is invalid, data are missing or damaged, or a trial cannot
        resume, for example because its config has changed.
    """
    entries = {entry["id"]: entry for entry in folder.read()["trials"]}
    owners, code = folder.owners, 0
    programs: dict[Any, SharedProgram] = {}
    for group in groups:
        if number := signals.came():  # at the end of the group before
            return 128 + number
        own = [entries[trial] for trial in group.trials]
        left = {x["id"] for x in own if owners.get(x["id"], group) != group}
        if group.alone:
            statuses = [_alone(folder, x) for x in own if x["id"] not in left]
        else:
            statuses = _together(folder, group, own, left, programs)
        code = max(code, exit_code(statuses))
        if code > 128:
            break
        if not group.alone and group is not groups[-1]:
            gc.collect()  # the arrays of a group are in cycles of references
    return code


def _together(folder, group, entries, left, programs) -> list[dict[str, Any]]:
    """Run the trials of a group in one program."""
    kind = entries[0]["kind"]
    key = kind, group.population, group.devices
    if key not in programs:
        programs.clear()  # the data of another program fill the memory
        devices = jax.local_devices()[: group.devices]
        programs[key] = SharedProgram(
            folder.kind(kind), group.population, devices, folder.started_in
        )
    members = [
        MemberRequest(
            id=entry["id"],
            values=folder.numbers(entry, kind),
            overrides=entry["point"],
            command=entry["command"],
            left=entry["id"] in left,
        )
        for entry in entries
    ]
    statuses = programs[key].run(
        members,
        folder.population(group.name).path,
        allow_config_change=folder.allow_config_change,
    )
    return [status for name, status in statuses.items() if name not in left]


def _alone(folder, entry) -> dict[str, Any]:
    """Run one trial, unless it diverged: it would diverge again."""
    workdir = folder.workdir(entry["id"])
    status = RunFiles(workdir).read_status()
    if status.get("diverged"):
        return status
    request = RunRequest(
        folder.config(entry["id"]),
        workdir,
        entry["point"],
        entry["command"],
        folder.started_in,
    )
    return launch(request, allow_config_change=folder.allow_config_change)


def exit_code(statuses: list[dict[str, Any]]) -> int:
    """Return the exit code for the statuses of trials: 0 if all are finished and no
    evaluation failed, 128 + n if signal n interrupted one, else 1."""
    for status in statuses:
        if status["state"] == "interrupted":
            return 128 + int(status["exit_reason"].split()[-1])
    return int(any(map(imperfect, statuses)))


if __name__ == "__main__":
    from ganjax import command_line

    command_line.run(main)
