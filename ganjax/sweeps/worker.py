"""The process that runs one group of trials.

    python -m ganjax.sweeps.worker SWEEP GROUP [--cores=0,1] [--parent=PID]

SWEEP is the folder of the sweep, and GROUP is a name in its plan.json. On Linux the
process ends when the process PID ends.
"""

import argparse
import ctypes
import os
import signal
import sys
from typing import Any

import jax

from ganjax.launch import MemberRequest, RunRequest, launch, launch_population
from ganjax.run_files import RunFiles
from ganjax.sweep_files import Group, imperfect
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import use_cores


def main(arguments: list[str]) -> int:
    """Run a group of trials. Return 0 if all finished and no evaluation failed, 128 + n
    if signal n interrupted them, else 1."""
    flags = argparse.ArgumentParser()
    flags.add_argument("sweep")
    flags.add_argument("group")
    flags.add_argument("--cores", default="")
    flags.add_argument("--parent", type=int, default=0)
    flags = flags.parse_args(arguments)
    if flags.parent:
        end_with(flags.parent)
    use_cores(flags.cores)
    folder = SweepFolder(flags.sweep)
    (group,) = (group for group in folder.groups if group.name == flags.group)
    return exit_code(run_group(folder, group))


def run_group(folder: SweepFolder, group: Group) -> list[dict[str, Any]]:
    """Run the trials of a group in this process, and return the status of each trial.

    Raises:
      BadInput: a config is invalid, data are missing or damaged, or a trial cannot
        resume, for example because its config has changed.
    """
    owners = folder.owners
    if group.alone:
        return [
            _alone(folder, trial)
            for trial in group.trials
            if owners.get(trial, group) == group
        ]
    entries = [folder.trial(trial) for trial in group.trials]
    first = folder.config(group.trials[0])
    statuses = launch_population(
        first,
        [
            MemberRequest(
                id=entry["id"],
                values=entry["values"],
                overrides=entry["point"],
                command=entry["command"],
                left=owners.get(entry["id"], group) != group,
            )
            for entry in entries
        ],
        folder.population(group.name).path,
        population=group.population,
        devices=jax.local_devices()[: group.devices],
        folder=folder.started_in,
        allow_config_change=folder.allow_config_change,
    )
    return list(statuses.values())


def _alone(folder, trial) -> dict[str, Any]:
    """Run one trial, unless it diverged: it would diverge again."""
    workdir, entry = folder.workdir(trial), folder.trial(trial)
    status = RunFiles(workdir).read_status()
    if status.get("diverged"):
        return status
    request = RunRequest(
        folder.config(trial),
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


def end_with(parent: int) -> None:
    """Have Linux kill this process when its parent process ends. ``parent`` is the id
    of the parent. On other systems this does nothing."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it ended before this call
            os._exit(1)


if __name__ == "__main__":
    from ganjax import command_line

    command_line.run(main)
