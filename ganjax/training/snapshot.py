"""Read the checkpoints of a run that another process trains.

The trainer deletes old checkpoints while a reader reads them, their manifests first. So
a checkpoint was whole all the time if its manifest is the same before and after it was
read. If the manifest is gone, the checkpoint is not damaged, and the reader takes the
newest one.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput
from ganjax.training.checkpoint import MANIFEST, Checkpoints, finished_steps

# Attempts to read checkpoints in their place, and attempts with copies of their files.
# A copy takes less time than a restore, so it succeeds also if checkpoints follow each
# other faster than they can be restored.
IN_PLACE, COPIED = 3, 40
# Seconds and number of further looks into a folder in which no checkpoint is finished.
PAUSE, LOOKS = 0.02, 3


class _Vanished(Exception):
    """Another process deleted or replaced a checkpoint while it was read."""


class _Damaged(Exception):
    """The files of a checkpoint do not match its manifest."""


def newest(
    directory: Path,
    read: Callable[[Checkpoints, int], Any],
    log: Callable[[str], None] = print,
) -> Any:
    """Return ``read(checkpoints, step)`` of the newest undamaged checkpoint in a
    folder, or ``None`` if there are no checkpoints.

    Args:
      directory: the folder. Another process may write and delete checkpoints in it.
      read: reads the checkpoint of a step.
      log: receives one line about each damaged checkpoint.

    Raises:
      BadInput: if all checkpoints are damaged, or another process deletes each of them
        before it is copied.
    """
    found = _read(directory, read, log, only_newest=True)
    return found[0] if found else None


def every(
    directory: Path,
    read: Callable[[Checkpoints, int], Any],
    log: Callable[[str], None] = print,
) -> list[Any]:
    """Return ``read(checkpoints, step)`` of each undamaged checkpoint in a folder,
    oldest first. Those that another process deletes meanwhile are left out, but not
    all. See ``newest``."""
    return _read(directory, read, log, only_newest=False)


def _read(directory, read, log, only_newest):
    directory, damaged, attempt = Path(directory).absolute(), set(), 0
    while attempt < IN_PLACE + COPIED:
        steps = _steps(directory)
        left = [step for step in steps if step not in damaged]
        if steps and not left:
            raise BadInput(
                f"checkpoints={directory}: expected a readable checkpoint, but all of "
                f"{steps} are damaged; delete the folder to start again"
            )
        found, known = [], len(damaged)
        for step in left[-1:] if only_newest else left:
            try:
                found.append(_whole(directory, step, read, attempt >= IN_PLACE))
            except _Vanished:
                pass
            except _Damaged as problem:
                damaged.add(step)
                log(f"checkpoint {step} is damaged ({problem})")
        if found or not steps:
            return found
        attempt += known == len(damaged)
    raise BadInput(
        f"checkpoints={directory}: expected a checkpoint that stays, but another "
        f"process deletes each of them before it is copied"
    )


def _steps(directory):
    """Return the finished steps. A newer checkpoint can be finished, and the older one
    deleted, during one look into the folder: then it seems to have none."""
    for look in range(LOOKS):
        steps = finished_steps(directory)
        if steps or not any(directory.glob("[0-9]*")):
            break
        time.sleep(PAUSE * look)
    return steps


def _whole(directory, step, read, copied):
    """Read the checkpoint of a step, in its place or from a copy of its files."""
    folder = directory / str(step)
    if not copied:
        return _undisturbed(folder, lambda: _checked(directory, step, read))
    with tempfile.TemporaryDirectory(prefix="ganjax-checkpoint-") as copy:
        _undisturbed(folder, lambda: shutil.copytree(folder, Path(copy) / str(step)))
        return _checked(Path(copy), step, read)


def _checked(directory, step, read):
    with Checkpoints(directory) as checkpoints:
        if problem := checkpoints.damage(step):
            raise _Damaged(problem)
        return read(checkpoints, step)


def _undisturbed(folder, work):
    """Return ``work()``, unless a checkpoint is deleted or replaced meanwhile."""
    before = _identity(folder)
    try:
        result, error = work(), None
    except Exception as raised:
        result, error = None, raised
    if before is None or _identity(folder) != before:
        raise _Vanished from error
    if error:
        raise error
    return result


def _identity(folder):
    try:
        about = (folder / MANIFEST).stat()
    except OSError:
        return None
    return about.st_ino, about.st_mtime_ns
