"""A path without the characters ``*``, ``?`` and ``[`` to a folder that has them.

Orbax looks for files in a checkpoint by a pattern that contains the checkpoint's path,
and does not escape it. In a folder such as ``lr[1e-3]`` it finds nothing, and commits a
checkpoint that holds no arrays.
"""

import glob
import tempfile
from pathlib import Path

from ganjax.errors import BadInput


class PlainPath:
    """A path to a folder under another name, if its own path has one of the characters.
    The other name is a link in the folder of temporary files.

    Args:
      folder: the folder, an absolute path. It may be missing.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._links: tempfile.TemporaryDirectory | None = None

    def path(self) -> Path:
        """Return a path to the folder without the characters. Make the link first, if
        it is needed.

        Raises:
          BadInput: if the folder of temporary files has such a path too.
        """
        if _plain(self._folder):
            return self._folder
        if self._links is None:
            if not _plain(tempfile.gettempdir()):
                raise BadInput(
                    f"workdir={self._folder}: expected a path without *, ? and [, or "
                    f"TMPDIR={tempfile.gettempdir()} without them"
                )
            self._links = tempfile.TemporaryDirectory(prefix="ganjax-link-")
            (Path(self._links.name) / "folder").symlink_to(self._folder)
        return Path(self._links.name) / "folder"

    def close(self) -> None:
        """Remove the link. The folder stays."""
        if self._links is not None:
            self._links.cleanup()


def _plain(path):
    return glob.escape(str(path)) == str(path)
