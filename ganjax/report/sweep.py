"""The report of a sweep: an HTML page, a table as text, and a table as CSV."""

from pathlib import Path

from ganjax.report.axes import format_number
from ganjax.report.csv_table import csv_text
from ganjax.report.sweep_page import SweepPage, write_page
from ganjax.report.sweep_records import SweepRecords, read_sweep
from ganjax.report.sweep_table import best_rows, following, interval, named, table
from ganjax.run_files import write_whole


def write_sweep_report(folder) -> Path:
    """Write ``report.html`` and ``table.csv`` into a sweep's folder; return the path of
    the report.

    A page of more than ``sweep_page.LIMIT`` bytes is split: the folder ``report_files``
    then has the curves and the pictures that the page loads when they are looked at.

    Raises:
      BadInput: the folder holds no sweep.
    """
    folder = Path(folder)
    records = read_sweep(folder)
    write_whole(folder / "table.csv", as_csv(records))
    return write_page(folder, SweepPage(records))


def render(records: SweepRecords) -> str:
    """Return the HTML page about the records of a sweep as one text of any length."""
    return SweepPage(records).whole()


def as_text(records: SweepRecords) -> str:
    """Return a table of the scores of a sweep as plain text, and the trials that
    failed.

    Trials that differ only in their seeds share a row. It has the mean of each score
    over the seeds, with an interval.
    """
    found_rows = table(records)
    leaders = best_rows(records, found_rows)
    rows = [["", *records.score_names, "trials"]]
    for i, row in enumerate(found_rows):
        cells = [
            ("*" if i == leader else "")
            + f"{format_number(found.mean)} {interval(found)}".strip()
            if found
            else "–"
            for found, leader in zip(row.scores, leaders, strict=True)
        ]
        rows.append([row.name, *cells, row.count])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [text.rjust(w) for text, w in zip(row[1:], widths[1:], strict=True)]
        ).rstrip()
        for row in rows
    ]
    if any(leader is not None for leader in leaders):
        lines.append("* best: its interval overlaps no other interval")
    if others := following(records):
        lines.append(f"these fields follow from the others: {', '.join(others)}")
    lines += [f"failed: {named(t.point)}: {t.reason}" for t in records.trials
              if t.state == "failed"]  # fmt: skip
    return "\n".join(lines)


def as_csv(records: SweepRecords) -> str:
    """Return CSV text with a row for each trial, also if it failed: the fields that the
    sweep sets, the state, the reason of a failure, and the scores.

    A text that a spreadsheet would run as a formula begins with an apostrophe.
    """
    fields = list(dict.fromkeys(f for t in records.trials for f in t.point))
    scores = list(dict.fromkeys(s for t in records.trials for s in t.scores))
    rows = [["trial", *fields, "state", "reason", *scores]]
    for trial in records.trials:
        rows.append(
            [trial.id]
            + [trial.point.get(field, "") for field in fields]
            + [trial.state, trial.reason]
            + [trial.scores.get(score, "") for score in scores]
        )
    return csv_text(rows)
