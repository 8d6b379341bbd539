"""What must hold when a target reads an input."""

import encodings
import sys
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput

from .targets import Target

# Audit events of Python that a reader never causes: the file would run a program, write
# or remove a file, or open a connection.
FORBIDDEN = (
    "compile", "ctypes.", "exec", "os.exec", "os.fork", "os.link", "os.mkdir",
    "os.posix_spawn", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.system",
    "pickle.find_class", "shutil.", "socket.", "subprocess.",
)  # fmt: skip
# O_WRONLY | O_RDWR
_WRITES = 3


class Judge:
    """Reads inputs with a target, and raises an error if something does not hold.

    Args:
      target: the target.
      folder: a folder for the file of an input.
    """

    def __init__(self, target: Target, folder: Path):
        self.target = target
        self.path = folder / f"input{target.suffix}"
        self._reading, self._seen = False, []

    def watch(self) -> None:
        """Notice from now on what reads execute, write or remove."""
        for seed in self.target.seeds():
            self.read(seed)  # some modules of readers are imported at their first use
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: Any) -> None:
        if not self._reading or (event == "exec" and _is_codec(arguments[0])):
            return
        writes = event == "open" and bool((arguments[2] or 0) & _WRITES)
        if writes or event.startswith(FORBIDDEN):
            self._seen.append(f"{event} {arguments!r}"[:200])

    def read(self, content: bytes) -> bool:
        """Read an input. Return whether it is valid, or refused by ``BadInput`` in one
        line.

        Raises:
          AssertionError: the read executed something, its error is not one line, or the
            content does not fit the input.
          Exception: any other error of the reader.
        """
        self.path.write_bytes(self.target.packed(content))
        self._seen.clear()
        self._reading = True
        try:
            found = self.target.read(self.path)
        except BadInput as error:
            self._reading = False
            assert str(error).isprintable(), f"not one plain line: {error!r}"
            assert len(str(error)) < 1000, f"{len(str(error))} letters: {error}"
            valid = False
        else:
            self._reading = False
            self.target.check(content, found)
            valid = True
        finally:
            self._reading = False
        assert not self._seen, f"the reader caused {self._seen}"
        return valid


def _is_codec(code):
    """Return whether code is a codec of Python, which is imported at its first use."""
    return Path(code.co_filename).parent == Path(encodings.__file__).parent
