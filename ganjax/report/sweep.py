"""The report of a sweep: a table with error bars, curves with bands, samples."""

import csv
import io
import math
from pathlib import Path

from ganjax.report.axes import format_number
from ganjax.report.comparison import differing_fields
from ganjax.report.figures import Panel, Series, draw
from ganjax.report.page import environment, picture_of
from ganjax.report.panels import EVALUATION, FLOOR, title_of
from ganjax.report.statistics import Estimate, estimate
from ganjax.report.sweep_records import SweepRecords, read_sweep
from ganjax.run_files import REPORT, write_whole

MOST_CELLS = 8  # in one figure of curves


def write_sweep_report(folder) -> Path:
    """Write ``report.html`` and ``table.csv`` into a sweep's folder; return the path of
    the report.

    Raises:
      BadInput: the folder holds no sweep.
    """
    folder = Path(folder)
    records = read_sweep(folder)
    write_whole(folder / "table.csv", as_csv(records))
    return write_whole(folder / REPORT, render(records))


def as_text(records: SweepRecords) -> str:
    """Return a table of the scores of a sweep as plain text, and the trials that
    failed.

    Trials that differ only in their seeds share a row. It has the mean of each score
    over the seeds, with an interval.
    """
    names = records.score_names
    found_rows = _rows(records)
    rows = [["", *names, "trials"]]
    for row in found_rows:
        cells = [
            ("*" if best else "") + _said(found) if found else "–"
            for found, best in row["scores"]
        ]
        rows.append([row["name"], *cells, row["count"]])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [text.rjust(w) for text, w in zip(row[1:], widths[1:], strict=True)]
        ).rstrip()
        for row in rows
    ]
    if any(best for row in found_rows for _, best in row["scores"]):
        lines.append("* best: its interval overlaps no other interval")
    if following := _following(records):
        lines.append(f"these fields follow from the others: {', '.join(following)}")
    lines += [f"failed: {_named(t.point)}: {t.reason}" for t in records.trials
              if t.state == "failed"]  # fmt: skip
    return "\n".join(lines)


def as_csv(records: SweepRecords) -> str:
    """Return CSV text with a row for each trial, also if it failed: the fields that the
    sweep sets, the state, the reason of a failure, and the scores."""
    fields = list(dict.fromkeys(f for t in records.trials for f in t.point))
    scores = list(dict.fromkeys(s for t in records.trials for s in t.scores))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", *fields, "state", "reason", *scores])
    for trial in records.trials:
        writer.writerow(
            [trial.id]
            + [trial.point.get(field, "") for field in fields]
            + [trial.state, trial.reason]
            + [trial.scores.get(score, "") for score in scores]
        )
    return text.getvalue()


def _state(states):
    """Return the state of a sweep from the states of its trials. While a program runs,
    its trials are running; an interrupted sweep has none."""
    for state in ("running", "failed", "interrupted"):
        if state in states:
            return state
    return "finished" if set(states) == {"finished"} else "running"


def render(records: SweepRecords) -> str:
    """Return the HTML page about the records of a sweep, as text."""
    notes: list[str] = []
    states = [trial.state for trial in records.trials]
    failed = [trial for trial in records.trials if trial.state == "failed"]
    protocols = [t.protocol for t in records.trials if t.protocol]
    for protocol in protocols[1:]:
        if found := differing_fields(protocols[0], protocol):
            notes.append(f"The scores have different protocols: {', '.join(found)}.")
            break
    return (
        environment()
        .get_template("sweep.html")
        .render(
            name=records.name,
            state=_state(states),
            facts=[
                (f"{len(states):,}", "trials"),
                (f"{len(records.cells):,}", "settings"),
                *((f"{states.count(s):,}", s) for s in dict.fromkeys(states)),
            ],
            notes=notes,
            columns=[
                (title_of(name), _floor_of(records, name))
                for name in records.score_names
            ],
            rows=[
                {
                    **row,
                    "scores": [
                        (_parts(found), best) if found else (None, False)
                        for found, best in row["scores"]
                    ],
                }
                for row in _rows(records)
            ],
            failed=[(_named(t.point), t.reason, t.id) for t in failed],
            following=_following(records),
            heats=_heats(records),
            panels=[draw(panel, panel.end) for panel in _panels(records)],
            pictures=_pictures(records, notes),
            trials=[(t.id, _named(t.point), t.state) for t in records.trials],
        )
    )


def _rows(records):
    """Return a row for each cell: its name, an estimate for each score and whether it
    is the best, and the number of finished trials."""
    table = []
    telling = records.telling
    for cell, trials in records.cells.items():
        states = [trial.state for trial in trials]
        other = [
            f"{states.count(state)} {state}"
            for state in dict.fromkeys(states)
            if state != "finished"
        ]
        found = [records.values(trials, name) for name in records.score_names]
        table.append(
            {
                "name": _named({k: v for k, v in cell if k in telling}) or records.name,
                "found": [estimate(values) if values else None for values in found],
                "count": ", ".join([f"{states.count('finished')}", *other]),
            }
        )
    for row in table:
        row["scores"] = [
            (own, _best(own, [x["found"][i] for x in table], records.direction(name)))
            for i, (own, name) in enumerate(
                zip(row["found"], records.score_names, strict=True)
            )
        ]
    return table


def _best(own: Estimate | None, column: list[Estimate | None], sign: int) -> bool:
    others = [other for other in column if other is not None and other is not own]
    return bool(
        own and sign and others
        and all(sign * (own.mean - o.mean) > 0 and own.apart(o) for o in others)
    )  # fmt: skip


def _said(found: Estimate) -> str:
    value, interval, _ = _parts(found)
    return f"{value} {interval}".strip()


def _parts(found: Estimate) -> tuple[str, str, int]:
    interval = ""
    if math.isfinite(found.low):
        interval = f"[{format_number(found.low)}, {format_number(found.high)}]"
    return format_number(found.mean), interval, found.n


def _floor_of(records, name):
    values = records.values(records.trials, name + FLOOR)
    return format_number(sum(values) / len(values)) if values else None


def _named(point) -> str:
    return ", ".join(f"{path}={value}" for path, value in point.items())


def _following(records) -> list[str]:
    """Return the fields that differ between cells and are not in their names."""
    telling = records.telling
    return [field for field in records.axes if field not in telling]


def _labelled(records) -> list[tuple[str, list]]:
    """Return the trials of each cell, labelled by the values that distinguish it."""
    telling = records.telling
    return [
        (", ".join(v for k, v in cell if k in telling) or records.name, trials)
        for cell, trials in records.cells.items()
    ]


def _panels(records) -> list[Panel]:
    """Return a panel for each score and each loss, with a curve for each cell: the mean
    over seeds at each step, with its interval if there are several seeds."""
    names = list(
        dict.fromkeys(
            name
            for trial in records.trials
            if trial.records
            for name in sorted(trial.records.metrics)
            if (name.startswith(EVALUATION) or name.endswith("/loss"))
            and not name.endswith(FLOOR)
        )
    )
    names.sort(key=lambda name: not name.startswith(EVALUATION))
    cells = _labelled(records)[:MOST_CELLS]
    panels = []
    for name in names:
        series = [_curve(label, trials, name) for label, trials in cells]
        series = tuple(curve for curve in series if curve is not None)
        if series:
            title = title_of(name.removeprefix(EVALUATION))
            panels.append(Panel(title[:1].upper() + title[1:], series))
    return panels


def _curve(label, trials, name) -> Series | None:
    at: dict[int, list[float]] = {}
    for trial in trials:
        columns = trial.records.metrics if trial.records else {}
        for step, value in zip(*columns.get(name, ((), ())), strict=True):
            if math.isfinite(value):
                at.setdefault(step, []).append(value)
    # At steps that only some trials have, the mean would jump.
    most = max(map(len, at.values()), default=0)
    steps = sorted(step for step, values in at.items() if len(values) == most)
    if not steps:
        return None
    steps = steps[:: max(1, len(steps) // 60)]
    found = [estimate(at[step]) for step in steps]
    means = [x.mean for x in found]
    if most < 2:
        return Series(label, steps, means)
    low, high = [x.low for x in found], [x.high for x in found]
    return Series(label, steps, means, low, high)


def _heats(records) -> list[dict]:
    """Return a map of each score over a grid with exactly two axes."""
    if len(records.telling) != 2:
        return []
    first, second = records.telling
    rows, columns = records.axes[first], records.axes[second]
    if len(records.cells) < len(rows) * len(columns):
        return []
    by_place = {}
    for cell, trials in records.cells.items():
        fields = dict(cell)
        by_place[fields.get(first, ""), fields.get(second, "")] = trials
    maps = []
    for name in records.score_names:
        means = {
            place: sum(values) / len(values)
            for place, trials in by_place.items()
            if (values := records.values(trials, name))
        }
        if not means:
            continue
        low, high = min(means.values()), max(means.values())
        maps.append(
            {
                "title": title_of(name),
                "row_axis": first,
                "column_axis": second,
                "columns": columns,
                "rows": [
                    (row, [_heat(means.get((row, c)), low, high) for c in columns])
                    for row in rows
                ],
            }
        )
    return maps


def _heat(value, low, high):
    if value is None:
        return None
    much = 70 * (value - low) / (high - low) if high > low else 0
    return format_number(value), f"{much:.0f}%"


def _pictures(records, notes) -> list[tuple[str, dict]]:
    """Return the newest samples of each cell's first trial that has any."""
    found = []
    for label, trials in _labelled(records):
        for trial in trials:
            if trial.records and trial.records.samples:
                step, path = trial.records.samples[-1]
                if picture := picture_of(path, notes):
                    seed = trial.point.get("seed")
                    name = label + (f", seed {seed}" if seed is not None else "")
                    found.append((f"{name}, step {step:,}", picture))
                break
    return found
