"""The folder of a population during training: its lock, its log and its status."""

import threading
from pathlib import Path
from typing import Any

from ganjax.population_files import PopulationFiles
from ganjax.run_files import write_json
from ganjax.training.checkpoint_folders import finished_steps
from ganjax.training.locked_folder import LockedFolder, now


class PopulationDirectory(PopulationFiles, LockedFolder):
    """A population's folder, locked by one process at a time; a context manager.

    Raises:
      BadInput: if another process has the lock.
    """

    def __init__(self, path: Path | str):
        PopulationFiles.__init__(self, Path(path).absolute())
        LockedFolder.__init__(self)
        # The thread that seals checkpoints writes the status too.
        self._writing = threading.Lock()
        self._status: dict[str, Any] = {}
        self._newest = max(finished_steps(self.checkpoints), default=0)

    def write_status(
        self, state: str, step: int, ended: dict[str, dict[str, Any]], **more: Any
    ) -> None:
        """Append a line to the log, and write status.json with the current time and the
        step of the newest checkpoint, or 0 without one.

        Args:
          state: ``'running'``, ``'finished'``, ``'interrupted'`` or ``'failed'``. It is
            the state of all members that ``ended`` does not hold.
          ended: id of a member -> entries of the status of this member.
          more: further entries, which all members share.
        """
        self.note(f"{state} at step {step} {more.get('exit_reason', '')}".rstrip())
        with self._writing:
            shared = {"checkpoint": self._newest, "time": now(), **more}
            at = {"state": state, "step": step}
            self._write(at | shared | {"members": ended})

    @property
    def ended(self) -> dict[str, dict[str, Any]]:
        """Return the members that have ended: id -> entries of the status of this
        member."""
        return dict((self._status or self.read_status()).get("members", {}))

    def write_ended(self, member: str, entry: dict[str, Any]) -> None:
        """Record how one member ended, while the others continue."""
        why = entry.get("exit_reason", "")
        self.note(f"{member} {entry['state']} at step {entry['step']} {why}".rstrip())
        with self._writing:
            self._write(self._status | {"members": self.ended | {member: entry}})

    def reached(self, step: int) -> None:
        """Write the step of a new checkpoint into status.json, while the members
        run."""
        with self._writing:
            self._newest = step
            if self._status.get("state") == "running":
                now_at = {"step": step, "checkpoint": step, "time": now()}
                self._write(self._status | now_at)

    def _write(self, status):
        self._status = status
        write_json(self.status, status)
