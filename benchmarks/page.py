"""Records of the benchmark as Markdown with aligned tables.

``python -m benchmarks.page`` writes benchmarks/README.md from benchmarks/results/.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

INTRODUCTION = """\
# Benchmark

`python -m benchmarks.page` writes this page from `results/*.json`. Do not edit it. To
measure:

    pip install -r requirements-benchmark.txt
    python scripts/benchmark.py --peer=torch --out=benchmarks/results/NAME.json

Programs run in turns, A B B A, in one process or in processes that are all alive. A
time is the median over windows. Its range is the least and the greatest time. A ratio
is the ratio of two medians. Its range is the least and the greatest ratio of any two
windows. *Overlap* is "yes" if the two ranges of times share a value. Then the row shows
no difference. *Must* and *aim* are limits that were set before the measurements.
*Holds* compares the ratio with *must*. Before torch is timed, its weights are set to
ganjax's weights, and the losses and gradients of both players must agree.
"""


def page(records: Iterable[tuple[str, dict[str, Any]]]) -> str:
    """Return the whole page.

    Args:
      records: pairs ``(name, record)``.
    """
    sections = [INTRODUCTION]
    for name, record in records:
        sections.append(f"## {name}\n\n{text(record)}")
    if len(sections) == 1:
        sections.append("No results yet.\n")
    return "\n".join(sections)


def text(record: dict[str, Any]) -> str:
    """Return the Markdown of one record: the machine, the versions and all rows."""
    hardware, windows = record["hardware"], record["windows"]
    versions = ", ".join(
        f"{name} {record['versions'][name]}"
        for name in ("python", "jax", "jaxlib", "torch", "prdc", "numpy", "scipy")
        if name in record["versions"]
    )
    changed = " with uncommitted changes" if record["uncommitted"] else ""
    lines = [
        f"{hardware['cpu']}, {hardware['cores']} cores; JAX on {hardware['backend']} "
        f"({hardware['devices']} × {hardware['device_kind']}). {versions}. "
        f"Revision {record['revision'][:12] or 'unknown'}{changed}. "
        f"{windows['count']} windows of at least {windows['seconds']:g} s.",
        "",
    ]
    if record["quick"]:
        lines += ["**A quick run of tiny sizes: these numbers mean nothing.**", ""]
    for name, row in record["rows"].items():
        lines += [f"### {name}", ""]
        if "not_run" in row:
            lines += [f"Not run: {row['not_run']}", ""]
        for part in row.get("parts", ()):
            lines += _part(part)
    return "\n".join(lines)


def _part(part):
    lines = [f"{part['title']}", ""]
    lines += table(
        ("", part["unit"], "range"),
        [
            (name, f"{m['median']:.4g}", f"[{m['low']:.4g}, {m['high']:.4g}]")
            for name, m in part["measured"].items()
        ],
    )
    if part["ratios"]:
        lines += table(
            ("", "ratio", "range", "overlap", "must", "aim", "holds"),
            [_ratio(ratio) for ratio in part["ratios"]],
        )
    if part["notes"]:
        lines += [f"- {note}" for note in part["notes"]] + [""]
    return lines


def _ratio(ratio):
    sign = "≥" if ratio["bound"] == "least" else "≤"
    limits = [ratio.get("must"), ratio.get("aim")]
    holds = ""
    if limits[0] is not None:
        value, must = ratio["value"], limits[0]
        holds = "yes" if (value >= must if sign == "≥" else value <= must) else "no"
    return (
        ratio["name"],
        f"{ratio['value']:.3g}",
        f"[{ratio['low']:.3g}, {ratio['high']:.3g}]" if "low" in ratio else "",
        {True: "yes", False: "no", None: ""}[ratio.get("overlap")],
        *("" if limit is None else f"{sign} {limit:g}" for limit in limits),
        holds,
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of an aligned Markdown table, and an empty line."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rule = ["-" * max(width, 1) for width in widths]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |"
        for row in (rows[0], rule, *rows[1:])
    ]
    return [*lines, ""]


def of_results(folder: Path = FOLDER) -> str:
    """Return the page of the JSON files in ``folder``/results."""
    found = sorted((folder / "results").glob("*.json"))
    return page((path.stem, json.loads(path.read_text())) for path in found)


if __name__ == "__main__":
    (FOLDER / "README.md").write_text(of_results())
