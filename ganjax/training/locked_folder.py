"""A folder that one process writes to at a time, with a log for the user."""

import contextlib
import time
from pathlib import Path

from ganjax.run_files import lock_folder
from ganjax.streams import show


class LockedFolder:
    """A folder that is locked by this process; a context manager.

    Attributes:
      path: the folder.
      log: the file to which lines of text are appended.

    Args:
      hold: whether this process locks the folder and writes to it.

    Raises:
      BadInput: if another process has the lock.
    """

    path: Path
    log: Path

    def __init__(self, hold: bool = True):
        self._lock = lock_folder(self.path, "is writing to it") if hold else None

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        if self._lock:
            self._lock.close()

    def say(self, text: str) -> None:
        """Print one line for the user and append it to the log."""
        show(text)
        self.note(text)

    def note(self, text: str) -> None:
        """Append one line to the log, if the disk takes it."""
        with contextlib.suppress(OSError), self.log.open("a", encoding="utf-8") as file:
            file.write(f"{now()} {text}\n")


def now() -> str:
    """Return the current time as text."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
