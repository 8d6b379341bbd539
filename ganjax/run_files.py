"""The files of a run: their paths, and functions that read them and write them
whole."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import ganjax
from ganjax.errors import BadInput
from ganjax.json_shapes import NUMBER, check_shape, misfit

FORMAT = 2
REPORT = "report.html"
MOST_STEPS = 2**53
# Entries of run.json for a run without a command and without the user's own code.
_RECORD = {"command": "", "overrides": {}, "code": {"folders": [], "sources": {}}}
# The entries of run.json that are read.
_RUN = {"command?": str, "overrides?": {...: str}, "folder?": str,
        "code?": {"folders": [str],
                  "sources": {...: {"file": str, "sha256": str}}}}  # fmt: skip
# The entries of status.json that are read. A file with other types is damaged.
_FAILED = {"step": int, "evaluator": str, "reason": str}
_MEMBER = {"state?": str, "step?": int, "checkpoint?": int, "exit_reason?": str,
           "skipped?": int, "rollbacks?": int,
           "failed_evaluations?": [_FAILED]}  # fmt: skip
STATUS = {**_MEMBER, "members?": {...: _MEMBER}}
# The entries of the scores of one run that are read.
SCORES = {"scores": {...: NUMBER}, "protocol": {"step?": int},
          "directions?": {...: str}, "failed?": {...: str}}  # fmt: skip


class RunFiles:
    """The files of one run: their paths, as attributes, and methods that read and write
    them.

    Args:
      path: folder of the run; it may be missing.
    """

    def __init__(self, path: Path | str):
        self.path = path = Path(path)
        self.config, self.record = path / "config.json", path / "run.json"
        self.environment, self.data = path / "environment.json", path / "data.json"
        self.status, self.log = path / "status.json", path / "train.log"
        self.metrics, self.timing = path / "metrics.jsonl", path / "timing.jsonl"
        self.history = path / "history.jsonl"
        self.events = path / "tensorboard"
        self.checkpoints, self.best = path / "checkpoints", path / "best"
        self.real, self.report = path / "samples/real.png", path / REPORT
        self.mark = self.config  # a folder with this file holds a run
        self.absent_at_start = (self.events,)

    def picture(self, step: int) -> Path:
        """Return the path of the picture of samples at a step."""
        return self.path / f"samples/step_{step:08d}.png"

    def pictures(self) -> dict[int, Path]:
        """Return the paths of the pictures of samples: step -> path, ordered by
        step."""
        return by_step(self.path.glob("samples/step_*.png"))

    def evaluation(self, step: int) -> Path:
        """Return the path of the scores at a step. The file also holds their protocol:
        all settings that the scores depend on."""
        return self.path / f"evaluation/{step:08d}.json"

    def evaluations(self) -> dict[int, Path]:
        """Return the paths of the scores that training wrote: step -> path, ordered by
        step."""
        return by_step(self.path.glob("evaluation/*.json"))

    def scored(self, step: int) -> bool:
        """Return whether the scores at a step exist and no evaluator failed there."""
        scores = _undamaged(self.evaluation(step))
        return scores is not None and not scores.get("failed")

    def failed_evaluations(self) -> list[dict[str, Any]]:
        """Return the evaluations that failed, ordered by step. Each is a dictionary
        with the ``step``, the name of the ``evaluator``, and the ``reason``."""
        return [
            {"step": step, "evaluator": name, "reason": reason}
            for step, path in self.evaluations().items()
            for name, reason in (_undamaged(path) or {}).get("failed", {}).items()
        ]

    def protocol(self, digest: str) -> Path:
        """Return the path of the scores that ``ganjax evaluate`` writes under one
        protocol (the settings that the scores depend on).

        Args:
          digest: a hash of the protocol.
        """
        return self.path / f"evaluation/protocol-{digest}.json"

    def protocols(self) -> list[Path]:
        """Return the paths of the scores that ``ganjax evaluate`` wrote."""
        return sorted(self.path.glob("evaluation/protocol-*.json"))

    def rows(self) -> list[dict[str, float]]:
        """Return the rows of metrics.jsonl, each with its ``step``."""
        return read_rows(self.metrics)

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the contents of config.json and run.json.

        Raises:
          BadInput: if the folder holds no run, or another version of ganjax wrote the
            run in another format; or run.json is damaged.
        """
        if not self.path.is_dir():
            raise BadInput(f"workdir={self.path}: expected a run directory, found none")
        if not self.config.is_file():
            raise BadInput(
                f"workdir={self.path}: expected a run directory, but it holds no "
                f"{self.config.name}"
            )
        record = read_json(self.record)
        if record is None:  # format 1 had no such file
            held = read_json(self.environment) or {}
            versions = held.get("versions")
            versions = versions if isinstance(versions, dict) else {}
            record = {"format": 1, "ganjax": versions.get("ganjax", "unknown")}
        check_format(self.path, "a run", record, FORMAT)
        check_shape(self.record, record, _RUN)
        return read_json(self.config), _RECORD | record

    def describe(self, config: Mapping[str, Any], **record: Any) -> None:
        """Write config.json and run.json.

        Args:
          config: nested, with values that JSON can hold.
          record: entries of run.json. ``command`` and ``overrides`` are the command
            line and the fields that it set, as the user wrote them. ``folder`` is the
            folder in which relative file names of the config are found. ``code`` holds
            the ``folders`` of the user's modules, and ``sources``: the file and the
            SHA-256 of each import path in the config.
        """
        version = {"format": FORMAT, "ganjax": ganjax.__version__}
        write_json(self.record, version | _RECORD | record)
        write_json(self.config, config)  # last: it marks the folder as a run

    def read_status(self) -> dict[str, Any]:
        """Return the content of status.json. It is empty before the run starts, and if
        the file is damaged.

        ``state`` is ``'running'``, ``'finished'``, ``'interrupted'`` or ``'failed'``.
        While a run is running, ``step`` is the step of its newest checkpoint.
        """
        return read_status(self.status) or {}


def failed_evaluation(step: int, evaluator: str, reason: str) -> str:
    """Return one line about an evaluation that failed."""
    return f"evaluation.names='{evaluator}' failed at step {step}: {reason}"


def by_step(paths: Iterable[Path]) -> dict[int, Path]:
    """Return step -> path, ordered by step, for files named ``STEP.*`` or
    ``step_STEP.*``."""
    numbered = {path.stem.removeprefix("step_"): path for path in paths}
    found = {int(step): path for step, path in numbered.items() if step.isdecimal()}
    return dict(sorted(found.items()))


def check_format(path: Path, what: str, held: Mapping[str, Any], expected: int) -> None:
    """Raise ``BadInput`` unless the files in a folder have the expected format.

    Args:
      path: the folder.
      what: what the folder holds, for the message: ``'a run'`` or ``'a sweep'``.
      held: the record in the folder, which has the number ``format``.
      expected: the number that this version of ganjax reads.
    """
    if (found := held.get("format", 1)) != expected:
        raise BadInput(
            f"workdir={path}: expected {what} of format {expected}, found format "
            f"{found}, written by ganjax {held.get('ganjax', 'unknown')}"
        )


def check_folder(path: Path, mark: str, what: str, left: Sequence[str] = ()) -> None:
    """Raise ``BadInput`` unless a folder can hold a run or a sweep: it is missing,
    empty, or has the file ``mark``. Hidden files do not count.

    Args:
      mark: name of the file that every such folder has.
      what: what the folder should hold, for the message: ``'a run'`` or ``'a sweep'``.
      left: names of files that a killed process may leave; they do not count either.
    """
    if path.exists() and not path.is_dir():
        raise BadInput(f"workdir={path}: expected a folder, found a file")
    if not path.exists() or (path / mark).exists():
        return
    for found in path.iterdir():
        if not found.name.startswith(".") and found.name not in left:
            raise BadInput(
                f"workdir={path}: expected an empty folder or {what}, found "
                f"{found.name} and no {mark}"
            )


def lock_folder(path: Path, doing: str, field: str = "workdir") -> TextIO:
    """Make a folder and lock it for this process until the returned file is closed.

    Args:
      doing: what a process with the lock does, for the message, as in
        ``'is writing to it'``.
      field: name of the folder in the message.

    Raises:
      BadInput: if another process has the lock.
    """
    path.mkdir(parents=True, exist_ok=True)
    lock = (path / ".lock").open("a", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BadInput(f"{field}={path}: another process {doing}") from None
    return lock


def write_whole(path: Path, text: str | bytes) -> Path:
    """Write a file atomically: a reader sees the old file or the new one. Make its
    folder if it is missing. If this fails, the temporary file is removed. Raise
    ``OSError`` if the temporary file is a link, which may lead to any file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with open(temporary, "wb", opener=_open_no_link) as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return temporary.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _open_no_link(path, flags):
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def write_json(path: Path, value: Any) -> None:
    """Write a value as a JSON file. A reader sees the old file or the new one."""
    write_whole(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file, or ``None`` if there is no such file.

    Raises:
      BadInput: if the file does not hold a JSON object.
    """
    problem = ""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, dict):
            return value
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except (ValueError, RecursionError) as error:
        problem = f", {error}"
    raise BadInput(f"{path.name}={path}: expected a JSON object{problem}")


def read_scores(path: Path) -> dict[str, Any] | None:
    """Return the scores in a file, with their protocol; ``None`` if there is no such
    file. Raise ``BadInput`` if it does not hold scores."""
    if (held := read_json(path)) is not None:
        check_shape(path, held, SCORES)
    return held


def _undamaged(path):
    """Return the scores in a file; ``None`` if the file is missing or damaged. A run
    makes damaged scores again."""
    try:
        return read_scores(path)
    except BadInput:
        return None


def read_status(path: Path) -> dict[str, Any] | None:
    """Return the content of a status.json; ``None`` if the file is missing or damaged.
    A run without a status resumes from its checkpoints."""
    try:
        held = read_json(path)
    except BadInput:
        return None
    fits = held is not None and not misfit(held, STATUS)
    return held if fits else None


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines. Lines that are not rows are left out:
    the last line of a killed run may be incomplete, and a line may be damaged."""
    return [row for _, row in lines_of(path) if row is not None]


def unreadable_lines(path: Path) -> int:
    """Return the number of lines of a file of JSON lines that are not rows."""
    return sum(row is None for _, row in lines_of(path))


def lines_of(path: Path) -> list[tuple[bytes, dict[str, Any] | None]]:
    """Return each line of a file of JSON lines, without its end, and the row that it
    holds. A row is an object with a whole number ``step``. ``None`` marks a line
    that is not a row. A last line without an end that is not a row was cut by a kill;
    it is left out, and so are empty lines."""
    *whole, last = path.read_bytes().split(b"\n") if path.exists() else [b""]
    found = [(line, _row(line)) for line in whole if line.strip()]
    if (row := _row(last)) is not None:
        found.append((last, row))
    return found


def _row(line):
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    step = row.get("step") if isinstance(row, dict) else None
    whole = isinstance(step, int) and not isinstance(step, bool)
    return row if whole and 0 <= step <= MOST_STEPS else None
