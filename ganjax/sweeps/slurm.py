"""A sweep's groups as jobs of a cluster, through submitit (the extra ``slurm``).

A job runs its group in a child process. When the cluster is about to take the machine
away it signals the job, which hands the signal on, waits until the child has kept its
checkpoints, and asks to be queued again; the next start goes on from there.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput
from ganjax.sweeps.folder import SweepFolder

MINUTES = 240  # where the user says nothing


class GroupJob:
    """What a job calls: one group of a sweep.

    Raises:
      RuntimeError: when called, if the group did not end with every trial finished.
    """

    def __init__(self, sweep: Path | str, group: str):
        self.sweep, self.group = str(sweep), group
        self._child: int | None = None

    def __call__(self) -> int:
        child = subprocess.Popen(
            [sys.executable, "-m", "ganjax.sweeps.worker", self.sweep, self.group]
            + [f"--parent={os.getpid()}"]
        )
        self._child = child.pid
        while child.poll() is None:  # a wait would keep its lock from the signal
            time.sleep(0.2)
        if child.returncode:
            raise RuntimeError(f"{self.group}: exit code {child.returncode}")
        return child.returncode

    def checkpoint(self) -> Any:
        """Called in the job when it was signalled; what to submit in its place."""
        from submitit.helpers import DelayedSubmission

        if self._child is not None:
            os.kill(self._child, signal.SIGUSR2)
            # Without reaping it, which the interrupted poll may be about to do.
            os.waitid(os.P_PID, self._child, os.WEXITED | os.WNOWAIT)
        return DelayedSubmission(GroupJob(self.sweep, self.group))


def submit(
    folder: SweepFolder, parameters: Mapping[str, str], cluster: str = "slurm"
) -> list[Any]:
    """Submits the groups that are not over, on SLURM as one array; the jobs.

    Args:
      parameters: of submitit's executor, as text: ``timeout_min``, ``slurm_partition``,
        ``slurm_array_parallelism``, ``gpus_per_node``, ….
      cluster: as submitit names it: ``'slurm'``, or ``'local'`` and ``'debug'`` to try
        it out.

    Raises:
      BadInput: without submitit, without the cluster, or for a parameter that it does
        not know.
    """
    try:
        import submitit
    except ImportError as error:
        raise BadInput(
            "--executor=slurm: needs submitit, which is not installed "
            "(pip install 'ganjax[slurm]')"
        ) from error
    values = {name: _value(text) for name, text in parameters.items()}
    waiting = [g for g in folder.groups if not all(map(folder.over, g.trials))]
    try:
        executor = submitit.AutoExecutor(
            folder=str(folder.path / "submitit"), cluster=cluster
        )
        executor.update_parameters(
            **{"name": folder.path.name, "timeout_min": MINUTES, **values}
        )
    except (RuntimeError, NameError, ValueError, TypeError) as error:
        raise BadInput(f"--executor={cluster}: {error}") from error
    jobs = [GroupJob(folder.path, group.name) for group in waiting]
    with executor.batch():
        return [executor.submit(job) for job in jobs]


def _value(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
