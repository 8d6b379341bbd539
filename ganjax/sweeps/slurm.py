"""Run the groups of a sweep as jobs of a SLURM cluster, with the package submitit.

``pip install 'ganjax[slurm]'`` installs it. A job runs one group of trials in a child
process. Before the cluster ends a job, it sends a signal to the job. The job then
signals the child, waits until the child has written its checkpoints, and asks to be
queued again. The next start resumes from the checkpoints.
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

MINUTES = 240  # default time limit of a job


class GroupJob:
    """One group of trials, as a function without arguments that submitit calls in a
    job.

    Args:
      sweep: the folder of the sweep.
      group: the name of the group in plan.json.

    Raises:
      RuntimeError: on the call, if a trial of the group did not finish or an evaluation
        failed.
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
        while child.poll() is None:  # wait() would block the signal
            time.sleep(0.2)
        if child.returncode:
            raise RuntimeError(
                f"{self.group}: its process ended with exit code {child.returncode}"
            )
        return child.returncode

    def checkpoint(self) -> Any:
        """Stop the child, and return a job that resumes the group, for submitit to
        submit. submitit calls this method when the cluster sends a signal."""
        from submitit.helpers import DelayedSubmission

        if self._child is not None:
            os.kill(self._child, signal.SIGUSR2)
            # WNOWAIT: the interrupted ``poll`` may still have to reap the child.
            os.waitid(os.P_PID, self._child, os.WEXITED | os.WNOWAIT)
        return DelayedSubmission(GroupJob(self.sweep, self.group))


def executor_of(
    folder: SweepFolder, parameters: Mapping[str, str], cluster: str = "slurm"
) -> Any:
    """Return the submitit executor that can submit the jobs of a sweep. Write nothing.

    Args:
      parameters: parameters of submitit's executor, as text, such as ``timeout_min``,
        ``slurm_partition``, ``slurm_array_parallelism`` or ``gpus_per_node``.
      cluster: a cluster of submitit: ``'slurm'``, or ``'local'`` or ``'debug'`` to test
        without one.

    Raises:
      BadInput: submitit is not installed, the cluster is not available on this machine,
        or submitit does not have a parameter.
    """
    try:
        import submitit
    except ImportError as error:
        raise BadInput(
            "--executor=slurm: needs submitit, which is not installed "
            "(pip install 'ganjax[slurm]')"
        ) from error
    values = {name: _value(text) for name, text in parameters.items()}
    try:
        executor = submitit.AutoExecutor(
            folder=str(folder.path / "submitit"), cluster=cluster
        )
        executor.update_parameters(
            **{"name": folder.path.name, "timeout_min": MINUTES, **values}
        )
    except (RuntimeError, NameError, ValueError, TypeError) as error:
        raise BadInput(f"--executor={cluster}: {error}") from error
    return executor


def submit(folder: SweepFolder, executor: Any) -> list[Any]:
    """Submit one job for each group of trials that still has work, and return the jobs.
    On SLURM they form a job array."""
    jobs = [GroupJob(folder.path, group.name) for group in folder.waiting()]
    with executor.batch():
        return [executor.submit(job) for job in jobs]


def _value(text):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text
