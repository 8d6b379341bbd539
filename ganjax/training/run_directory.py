"""The folder of a run during the run: its lock, its log and its status."""

import sys
import time
from pathlib import Path
from typing import Any

from ganjax.run_files import RunFiles, check_folder, lock_folder, write_json


class RunDirectory(RunFiles):
    """A run's folder, locked by one process at a time; a context manager.

    Args:
      hold: whether this process locks the folder and writes to it. The other processes
        of the same run only read.

    Raises:
      BadInput: if another process has the lock, or the folder holds something that is
        not a run.
    """

    def __init__(self, path: Path | str, hold: bool = True):
        super().__init__(Path(path).absolute())
        # A process that is killed before it writes the config may leave these files.
        left = (self.log.name, self.record.name)
        check_folder(self.path, self.config.name, "a run", left)
        self._lock = lock_folder(self.path, "is writing to it") if hold else None

    def __enter__(self) -> "RunDirectory":
        return self

    def __exit__(self, *_) -> None:
        if self._lock:
            self._lock.close()

    def say(self, text: str) -> None:
        """Print one line for the user and append it to the log."""
        print(text, file=sys.stderr, flush=True)
        self._note(text)

    def _note(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{_now()} {text}\n")

    def write_status(self, state: str, step: int, **more: Any) -> None:
        """Write status.json with the current time, and append a line to the log.

        Args:
          state: ``'running'``, ``'finished'``, ``'interrupted'`` or ``'failed'``.
          more: further entries of status.json. ``exit_reason`` is also in the line of
            the log.
        """
        self._note(f"{state} at step {step} {more.get('exit_reason', '')}".rstrip())
        now = {"state": state, "step": step, "time": _now(), **more}
        write_json(self.status, now)

    def reached(self, step: int) -> None:
        """Write the step of a new checkpoint into status.json. The log gets no line,
        because checkpoints can be frequent."""
        write_json(self.status, {**self.read_status(), "step": step, "time": _now()})


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
