"""A file of JSON lines to which rows are appended."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganjax.failures import naming


class RowFile:
    """Writer of a file of JSON lines. Rows are appended to the file.

    Args:
      path: the file. It is made if it is missing.
    """

    def __init__(self, path: Path):
        self._path, self._file = path, path.open("a", encoding="utf-8")

    def append(self, row: Mapping[str, Any]) -> None:
        """Append one row. ``flush`` writes it to the disk."""
        with naming(self._path):
            self._file.write(json.dumps(row) + "\n")

    def flush(self) -> None:
        """Write all rows to the disk."""
        with naming(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write all rows to the disk, and close the file."""
        try:
            self.flush()
        finally:
            with naming(self._path):
                self._file.close()
