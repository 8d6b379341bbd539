"""A path of plain characters to a folder that has others.

Orbax looks for files in a checkpoint by a pattern that contains the checkpoint's path,
and does not escape it. In a folder such as ``lr[1e-3]`` it finds nothing, and commits a
checkpoint that holds no arrays. TensorStore reads a backslash as ``/``, a scheme such
as ``gs:`` as an address, and refuses a path that is not UTF-8.
"""

import re
import tempfile
from pathlib import Path

from ganjax.errors import BadInput

# The characters of a plain path that are no letters and no digits.
SIGNS = "/ . , _ - + = @"


class PlainPath:
    """A path to a folder under another name, if its own path has other characters.
    The other name is a link in the folder of temporary files.

    Args:
      folder: the folder, an absolute path. It may be missing.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._links: tempfile.TemporaryDirectory | None = None

    def path(self) -> Path:
        """Return a plain path to the folder. Make the link first, if it is needed. A
        program that cleans the folder of temporary files may have removed it.

        Raises:
          BadInput: if the folder of temporary files has such a path too.
        """
        if _plain(self._folder):
            return self._folder
        if self._links is None or not Path(self._links.name).is_dir():
            if not _plain(tempfile.gettempdir()):
                raise BadInput(
                    f"workdir={self._folder}: expected a path of letters, digits, "
                    f"spaces and {SIGNS}, or such a path in "
                    f"TMPDIR={tempfile.gettempdir()}"
                )
            self._links = tempfile.TemporaryDirectory(prefix="ganjax-link-")
            (Path(self._links.name) / "folder").symlink_to(self._folder)
        return Path(self._links.name) / "folder"

    def close(self) -> None:
        """Remove the link. The folder stays."""
        if self._links is not None:
            self._links.cleanup()


def _plain(path):
    return not re.search(r"[^A-Za-z0-9/.,_+=@ -]", str(path))
