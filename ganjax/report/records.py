"""Reading a run directory without trusting it.

A run may have been killed in the middle of a line, may not have begun, may have
diverged into NaN. Whatever can be read is given back; what could not is said in
`Records.notes`, so that a report never looks more complete than its run.
"""

import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from ganjax.errors import BadInput

MOST_STEPS = 2**53
SAMPLE_NAME = re.compile(r"step_(\d+)\.png")


@dataclass(frozen=True)
class Records:
    """What a run directory holds.

    `metrics` and `timing` are columns: name -> (steps, values), ordered by step, with
    nan and the infinities kept. `samples` are (step, path), ordered.
    """

    name: str
    config: dict
    environment: dict
    status: dict
    command: str
    metrics: dict[str, tuple[list[int], list[float]]]
    timing: dict[str, tuple[list[int], list[float]]]
    samples: list[tuple[int, Path]]
    real: Path | None
    notes: list[str] = field(default_factory=list)

    @property
    def last_step(self) -> int | None:
        """The step of the status, else the last that any record speaks of."""
        said = self.status.get("step")
        if isinstance(said, int) and not isinstance(said, bool):
            return said
        columns = [*self.metrics.values(), *self.timing.values()]
        seen = [steps[-1] for steps, _ in columns] + [step for step, _ in self.samples]
        return max(seen, default=None)


def read_records(directory) -> Records:
    """Read ``directory``, a run directory as `ganjax.training` leaves it.

    Raises:
      BadInput: it is not a directory, holds no config.json, or that one is not an
        object. Everything else may be missing or damaged.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise BadInput(f"workdir='{directory}': expected a run directory, found none")
    if not (directory / "config.json").is_file():
        raise BadInput(
            f"workdir='{directory}': expected a run directory, but it holds no "
            "config.json"
        )
    notes: list[str] = []
    config = _read_object(directory / "config.json", notes)
    if notes:
        raise BadInput(f"workdir='{directory}': {notes[0]}")
    samples = directory / "samples"
    steps = [
        (int(match[1]), path)
        for path in (samples.iterdir() if samples.is_dir() else ())
        if (match := SAMPLE_NAME.fullmatch(path.name))
    ]
    command = directory / "command.txt"
    return Records(
        name=directory.resolve().name,
        config=config,
        environment=_read_object(directory / "environment.json", notes),
        status=_read_object(directory / "status.json", notes),
        command=(
            command.read_text(errors="replace").strip() if command.is_file() else ""
        ),
        metrics=_read_columns(directory / "metrics.jsonl", notes),
        timing=_read_columns(directory / "timing.jsonl", notes),
        samples=sorted(steps),
        real=samples / "real.png" if (samples / "real.png").is_file() else None,
        notes=notes,
    )


def _read_object(path: Path, notes: list[str]) -> dict:
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(errors="replace"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        notes.append(f"{path.name} is not a JSON object")
        return {}
    return value


def _read_columns(path: Path, notes: list[str]) -> dict:
    columns: dict[str, list[tuple[int, float]]] = {}
    broken = 0
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    for line in filter(str.strip, lines):
        try:
            row = json.loads(line)
            step = int(row.pop("step"))
            if not 0 <= step <= MOST_STEPS:
                raise ValueError(step)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            broken += 1
            continue
        for name, value in row.items():
            number = _number(value)
            if number is not None:
                columns.setdefault(name, []).append((step, number))
    if broken:
        unread = "1 line" if broken == 1 else f"{broken} lines"
        notes.append(f"{unread} of {path.name} could not be read")
    result = {}
    for name, pairs in columns.items():
        pairs.sort(key=lambda pair: pair[0])
        result[name] = ([step for step, _ in pairs], [value for _, value in pairs])
    return result


def _number(value) -> float | None:
    """A float from a JSON number, null (not a number) or a string such as "NaN"."""
    if value is None:
        return math.nan
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float | str):
        try:
            return float(value)
        except (ValueError, OverflowError):
            return None
    return None
