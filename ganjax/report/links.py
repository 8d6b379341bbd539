"""Files of a run or a sweep that are links to files elsewhere.

A report copies text and pictures of the files of a run into a page, and pages are
published. A run of another person may hold a link to any file of this machine.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from ganjax.errors import BadInput

# Folders that no report reads. They are often links to a larger disk.
_UNREAD = ("checkpoints", "best", "tensorboard")


def check_links(folder: Path | str) -> None:
    """Raise ``BadInput`` if a file that a report reads is a link out of a folder, or is
    no regular file, such as a device.

    Links inside of the folder are allowed. The folder itself may be a link.

    Args:
      folder: the folder of a run or a sweep; it may be missing.
    """
    inside = Path(folder).resolve()
    for path in _entries(inside):
        if problem := found_in(path, inside):
            raise BadInput(f"workdir={folder}: {problem}")


def found_in(path: Path, folder: Path) -> str:
    """Return why a report does not read a path in a folder, or an empty string if
    nothing forbids it. The path may be missing.

    Args:
      folder: the folder, without links in its name.
    """
    target, name = path.resolve(), path.relative_to(folder)
    if not target.is_relative_to(folder):
        return (
            f"{name} is a link to {target}, outside of the folder; expected a run "
            f"whose files lie in its folder; a report would publish the file; copy it "
            f"into the folder if you trust it"
        )
    if target.exists() and not (target.is_file() or target.is_dir()):
        return f"{name}: expected a regular file"
    return ""


def _entries(folder: Path) -> Iterator[Path]:
    """Yield the links and the special files of a folder and its folders. ``os.scandir``
    tells them apart without a call of the system for each file."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name in _UNREAD:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry.path))
        elif not entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
