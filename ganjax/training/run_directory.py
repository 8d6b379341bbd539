"""The folder of a run: who may write to it, what it says about itself."""

import fcntl
import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from ganjax.errors import BadInput

CONFIG = "config.json"
STATUS = "status.json"


class RunDirectory:
    """A run's folder, held by one process at a time; a context manager.

    Args:
      hold: whether this process writes to it; the others of one run look on.

    Raises:
      BadInput: if another process holds it, or it holds something else than a run.
    """

    def __init__(self, path: Path | str, hold: bool = True):
        self.path = Path(path).absolute()
        # A process that was killed before it had written the config leaves its log.
        check_folder(self.path, CONFIG, "a run", leftovers=("train.log",))
        self._lock = lock_folder(self.path, "is writing to it") if hold else None

    def __enter__(self) -> "RunDirectory":
        return self

    def __exit__(self, *_) -> None:
        if self._lock:
            self._lock.close()

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    def say(self, text: str) -> None:
        """One line for the user, kept in ``train.log``."""
        print(text, file=sys.stderr, flush=True)
        self._note(text)

    def _note(self, text: str) -> None:
        with (self.path / "train.log").open("a") as file:
            file.write(f"{_now()} {text}\n")

    def config(self) -> dict[str, Any] | None:
        """The config that the folder holds, or ``None`` in a new one."""
        return read_json(self.path / CONFIG)

    def status(self) -> dict[str, Any]:
        """``{'state': 'running' | 'finished' | 'interrupted' | 'failed', 'step', …}``;
        empty before the first start. The step is that of the newest checkpoint while
        the run goes on, then the one at which it ended."""
        status = read_json(self.path / STATUS)
        if status is None:
            return {}
        if not isinstance(status, dict):
            raise BadInput(f"{STATUS}={self.path / STATUS}: expected a JSON object")
        return status

    def write(self, name: str, text: str) -> None:
        """A whole file at once: a reader sees the old one or the new one."""
        write_whole(self.path / name, text)

    def write_json(self, name: str, value: Any) -> None:
        self.write(name, json.dumps(value, indent=2) + "\n")

    def write_status(self, state: str, step: int, **more: Any) -> None:
        """``status.json``, with the time of writing, and a line in ``train.log``."""
        self._note(f"{state} at step {step} {more.get('exit_reason', '')}".rstrip())
        self.write_json(STATUS, {"state": state, "step": step, "time": _now(), **more})

    def reached(self, step: int) -> None:
        """The newest checkpoint of a running run, in ``status.json``; no line in
        ``train.log``, as there may be many."""
        self.write_json(STATUS, {**self.status(), "step": step, "time": _now()})


def check_folder(
    path: Path, mark: str, what: str, leftovers: tuple[str, ...] = ()
) -> None:
    """Raises ``BadInput`` unless ``path`` can hold ``what``: it is new, or empty but
    for ``leftovers`` and hidden files, or it holds the file ``mark``."""
    if path.exists() and not path.is_dir():
        raise BadInput(f"workdir={path}: expected a folder, found a file")
    if not path.exists() or (path / mark).exists():
        return
    for found in path.iterdir():
        if not found.name.startswith(".") and found.name not in leftovers:
            raise BadInput(
                f"workdir={path}: expected an empty folder or {what}, found "
                f"{found.name} and no {mark}"
            )


def lock_folder(path: Path, doing: str) -> TextIO:
    """Makes the folder and keeps other processes out of it until the file is closed.

    Raises:
      BadInput: if another one is in it, which is said to be ``doing`` something.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock = (path / ".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BadInput(f"workdir={path}: another process {doing}") from None
    return lock


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def write_whole(path: Path, text: str) -> None:
    """A file at once, in a folder that is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text)
    temporary.replace(path)


def read_json(path: Path) -> Any:
    """The value of a JSON file; ``None`` if there is no such file.

    Raises:
      BadInput: if it is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise BadInput(f"{path.name}={path}: expected JSON, {error}") from None
