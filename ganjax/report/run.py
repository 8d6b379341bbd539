"""The report of one run: an HTML page in its directory, made from its files only.

It is one file that opens offline, with pictures and curves inside. It contains no clock
time and no path of the machine, so the same files give the same bytes."""

import hashlib
import json
import math
from pathlib import Path

from ganjax.names import flatten
from ganjax.report.axes import format_number
from ganjax.report.figures import Panel, Series, draw
from ganjax.report.page import environment, picture_of
from ganjax.report.panels import (
    EVALUATION,
    FLOOR,
    player_panels,
    score_panels,
    title_of,
)
from ganjax.report.records import RunRecords, read_records
from ganjax.run_files import (
    RunFiles,
    failed_evaluation,
    write_whole,
)

MOST_PICTURES = 24
LONG_TEXT = 160


def write_report(run_directory) -> Path:
    """Write ``report.html`` into a run directory and return its path.

    Args:
      run_directory: a directory made by `ganjax.training`, finished or not.

    Raises:
      BadInput: the directory holds no run, or a run whose format this version of ganjax
        cannot read. Missing or damaged records do not raise; the report names them.
    """
    files = RunFiles(run_directory)
    mark = _mark(files)  # before the records, which a running run may change
    page = render(read_records(run_directory))
    return write_whole(files.report, f"{page}\n{mark}\n")


def is_current(run_directory) -> bool:
    """Return whether the report in a run directory shows the last status of the run. A
    run that trained further, or whose report was not written, has no such report."""
    files = RunFiles(run_directory)
    try:
        return files.report.read_bytes().rstrip().endswith(_mark(files).encode())
    except OSError:
        return False


def _mark(files):
    """Return a comment that names the status of the run."""
    held = files.status.read_bytes() if files.status.is_file() else b""
    return f"<!-- status {hashlib.sha256(held).hexdigest()} -->"


def render(records: RunRecords) -> str:
    """Return the HTML page about the records of a run, as text."""
    last = records.last_step or 0
    game, terms = player_panels(records.metrics)
    notes = list(records.notes)
    if not records.metrics:
        notes.append("No metrics have been recorded yet.")
    for failed in records.status.get("failed_evaluations", ()):
        notes.append(failed_evaluation(**failed))
    sections = [
        ("Scores", score_panels(records.metrics)),
        ("Game", game),
        ("Other terms", terms),
        ("Speed", _speed_panels(records)),
    ]
    return (
        environment()
        .get_template("run.html")
        .render(
            name=records.name,
            state=str(records.status.get("state", "unknown")),
            facts=_facts(records),
            scores=_scores(records),
            notes=notes,
            pictures=_pictures(records, notes),
            real=picture_of(records.real, notes) if records.real else None,
            sections=[
                (title, [draw(panel, max(last, panel.end)) for panel in panels])
                for title, panels in sections
                if panels
            ],
            config=_groups(records.config),
            environment=_groups(records.environment),
            status=_groups(records.status),
            command=records.command,
        )
    )


def evenly(items: list, most: int) -> list:
    """Return at most ``most`` of ``items``, evenly chosen, with the first and last."""
    if len(items) <= most:
        return list(items)
    return [items[i * (len(items) - 1) // (most - 1)] for i in range(most)]


def _facts(records: RunRecords) -> list[tuple[str, str]]:
    facts = []
    if records.last_step is not None:
        facts.append((f"{records.last_step:,}", "steps"))
    seconds = _seconds_of_steps(*records.timing.get("steps_per_second", ([], [])))
    if seconds:
        facts.append((_duration(seconds), "of training steps"))
    _, recorded = records.timing.get("images_per_second", ([], []))
    rates = sorted(filter(math.isfinite, recorded))
    if rates:
        median = format_number(rates[len(rates) // 2])
        facts.append((median, "images/s (median)"))
    backend = records.environment.get("backend")
    if isinstance(backend, str):
        facts.append((backend, "backend"))
    if reason := records.status.get("exit_reason"):
        facts.append(("", str(reason)))
    return facts


def _scores(records: RunRecords) -> list[dict]:
    """Return the newest value of each score, with its floor. A floor has a separate
    card if its number of samples differs from the score's."""
    newest = {
        name.removeprefix(EVALUATION): (steps[-1], values[-1])
        for name, (steps, values) in records.metrics.items()
        if name.startswith(EVALUATION)
    }
    floors = {name + FLOOR for name in newest} & newest.keys()
    cards = []
    for name in sorted(newest.keys() - floors):
        step, value = newest[name]
        floor = newest.get(name + FLOOR)
        cards.append(
            {
                "name": title_of(name),
                "value": format_number(value),
                "step": f"{step:,}",
                "floor": format_number(floor[1]) if floor else None,
            }
        )
    return cards


def _speed_panels(records: RunRecords) -> list[Panel]:
    return [
        Panel(title, (Series(title, *records.timing[name]),))
        for name, title in (
            ("images_per_second", "Images per second"),
            ("steps_per_second", "Steps per second"),
        )
        if name in records.timing
    ]


def _seconds_of_steps(steps: list[int], rates: list[float]) -> float:
    """Return the time of all steps: each interval has the rate recorded at its end."""
    before = [0, *steps]
    return sum(
        (step - earlier) / rate
        for earlier, step, rate in zip(before, steps, rates, strict=False)
        if math.isfinite(rate) and rate > 0
    )


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _pictures(records: RunRecords, notes: list[str]) -> list[dict]:
    pictures = []
    for step, path in evenly(records.samples, MOST_PICTURES):
        picture = picture_of(path, notes)
        if picture:
            pictures.append(picture | {"step": step})
    return pictures


def _groups(tree: dict) -> list[dict]:
    """Return rows of a nested dict by top-level key; plain entries first, unnamed."""
    plain = [(k, v) for k, v in tree.items() if not (isinstance(v, dict) and v)]
    groups = [{"name": "", "rows": [_row(str(k), v) for k, v in plain]}]
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            rows = [_row(path, leaf) for path, leaf in flatten(value)]
            groups.append({"name": str(key), "rows": rows})
    return [group for group in groups if group["rows"]]


def _row(path: str, value) -> dict:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return {"path": path, "value": text, "long": len(text) > LONG_TEXT or "\n" in text}
