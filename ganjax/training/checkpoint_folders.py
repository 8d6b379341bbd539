"""The folders of checkpoints: which of them are finished, intact, and made by a run.

``checkpoints/<step>/state`` holds the arrays, and ``checkpoints/<step>/manifest.json``
the SHA-256 of each file in ``state``. A step without a manifest is unfinished. Folders
with other names, and other files, belong to the user. They are never read or removed.
"""

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

MANIFEST = "manifest.json"
STATE = "state"
# Orbax writes into a folder with this name, and renames it at the end.
_UNFINISHED = f"{STATE}.orbax-checkpoint-tmp"
_STEP = re.compile(r"0|[1-9][0-9]*")
# Files that a desktop adds to any folder, in addition to hidden files.
_ADDED = ("Thumbs.db", "desktop.ini")


def step_folders(directory: Path) -> Iterator[Path]:
    """Yield the folders in ``directory`` that are named by a step."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in directory.iterdir():
            if _STEP.fullmatch(path.name) and path.is_dir():
                yield path


def finished_steps(directory: Path) -> list[int]:
    """Return the steps of finished checkpoints in a folder, oldest first."""
    found = (x for x in step_folders(directory) if (x / MANIFEST).is_file())
    return sorted(int(path.name) for path in found)


def digests(state: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in the folder of a state: name -> digest. Hidden
    files, and other files that a desktop adds, do not count."""
    return {
        str(path.relative_to(state)): _digest(path)
        for path in sorted(state.rglob("*"))
        if path.is_file() and not _added(path.relative_to(state))
    }


def damage(folder: Path) -> str | None:
    """Return what is wrong with a finished checkpoint, or ``None`` if each file has the
    SHA-256 of the manifest."""
    try:
        wanted = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = digests(folder / STATE)
    except (OSError, ValueError, RecursionError) as error:
        return str(error)
    if not isinstance(wanted, dict) or not wanted:
        return f"{MANIFEST} names no file"
    for name in sorted(wanted | found):
        if wanted.get(name) != found.get(name):
            return f"{STATE}/{name} does not have the SHA-256 of the manifest"
    return None


def remove(folder: Path) -> None:
    """Remove a checkpoint. The manifest goes first, so a checkpoint that is only half
    removed counts as unfinished. What the user has put into the folder stays."""
    ours = [
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if path.name in (MANIFEST, STATE, f".{MANIFEST}.tmp")
        or path.name.startswith(_UNFINISHED)
    ]
    for path in sorted(ours, key=lambda path: path.name != MANIFEST):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if ours:
        with contextlib.suppress(OSError):  # the user has put files into it
            folder.rmdir()


def clear(directory: Path) -> None:
    """Remove all checkpoints in a folder, and the folder if nothing else is in it."""
    for path in step_folders(directory):
        remove(path)
    with contextlib.suppress(OSError):
        directory.rmdir()


def _digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _added(name):
    return name.name in _ADDED or any(x.startswith(".") for x in name.parts)
