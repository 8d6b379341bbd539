"""The folder of a run during the run: its lock, its log and its status."""

import threading
from pathlib import Path
from typing import Any

from ganjax.run_files import RunFiles, check_folder, write_json
from ganjax.training.checkpoint_folders import finished_steps
from ganjax.training.locked_folder import LockedFolder, now


class RunDirectory(RunFiles, LockedFolder):
    """A run's folder, locked by one process at a time; a context manager.

    Args:
      hold: whether this process locks the folder and writes to it. The other processes
        of the same run only read.

    Raises:
      BadInput: if another process has the lock, or the folder holds something that is
        not a run.
    """

    def __init__(self, path: Path | str, hold: bool = True):
        RunFiles.__init__(self, Path(path).absolute())
        # A process that is killed before it writes the config may leave these files.
        left = (self.log.name, self.record.name, self.data.name)
        check_folder(self.path, self.config.name, "a run", left)
        LockedFolder.__init__(self, hold)
        # The thread that seals checkpoints writes the status too.
        self._writing = threading.Lock()
        self._status: dict[str, Any] = {}
        self._newest = max(finished_steps(self.checkpoints), default=0)

    def write_status(self, state: str, step: int, **more: Any) -> None:
        """Append a line to the log, and write status.json with the current time and the
        step of the newest checkpoint, or 0 without one.

        Args:
          state: ``'running'``, ``'finished'``, ``'interrupted'`` or ``'failed'``.
          more: further entries of status.json. ``exit_reason`` is also in the line of
            the log.
        """
        self.note(f"{state} at step {step} {more.get('exit_reason', '')}".rstrip())
        with self._writing:
            shared = {"checkpoint": self._newest, "time": now()}
            self._status = {"state": state, "step": step, **shared, **more}
            write_json(self.status, self._status)

    def reached(self, step: int) -> None:
        """Write the step of a new checkpoint into status.json, while the run is
        running. The log gets no line, because checkpoints can be frequent."""
        with self._writing:
            self._newest = step
            if self._status.get("state") == "running":
                now_at = {"step": step, "checkpoint": step, "time": now()}
                self._status = {**self._status, **now_at}
                write_json(self.status, self._status)
