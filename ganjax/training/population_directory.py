"""The folder of a population during training: its lock, its log and its status."""

import threading
from pathlib import Path
from typing import Any

from ganjax.population_files import PopulationFiles
from ganjax.run_files import write_json
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

    def write_status(
        self, state: str, step: int, ended: dict[str, dict[str, Any]], **more: Any
    ) -> None:
        """Write status.json with the current time, and append a line to the log.

        Args:
          state: ``'running'``, ``'finished'``, ``'interrupted'`` or ``'failed'``. It is
            the state of all members that ``ended`` does not hold.
          ended: id of a member -> entries of the status of this member.
          more: further entries, which all members share.
        """
        self.note(f"{state} at step {step} {more.get('exit_reason', '')}".rstrip())
        shared = {"state": state, "step": step, "time": now(), **more}
        with self._writing:
            write_json(self.status, shared | {"members": ended})

    def write_ended(self, member: str, entry: dict[str, Any]) -> None:
        """Record how one member ended, while the others continue."""
        why = entry.get("exit_reason", "")
        self.note(f"{member} {entry['state']} at step {entry['step']} {why}".rstrip())
        with self._writing:
            held = self.read_status()
            ended = held.get("members", {}) | {member: entry}
            write_json(self.status, held | {"members": ended})

    def reached(self, step: int) -> None:
        """Write the step of a new checkpoint into status.json."""
        with self._writing:
            held = self.read_status() | {"step": step, "time": now()}
            write_json(self.status, held)
