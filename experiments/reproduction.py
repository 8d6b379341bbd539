"""Run of one experiment, judgement of its claims, and the files that it writes.

results.json  the measurements, the machine, the revision and the duration
figure.png    drawn from results.json alone
verdict.json  one row for each claim
"""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ganjax.run_files import write_whole
from ganjax.training import environment

from . import experiment
from .claims import NOT_RUN, SCALES, verdict
from .figures import paper_style

RESULTS, FIGURE, VERDICT = "results.json", "figure.png", "verdict.json"
HERE = Path(__file__).parent


def reproduce(
    name: str,
    *,
    scale: str,
    seed: int,
    out: Path,
    say: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Run an experiment and judge its claims.

    Args:
      name: one of ``EXPERIMENTS``.
      scale: ``'quick'`` or ``'paper'``.
      seed: the first seed of the trials.
      out: the folder for the results, the figure and the verdict.
      say: prints one line of progress.

    Returns:
      The verdict, one row for each claim.
    """
    module = experiment(name)
    out.mkdir(parents=True, exist_ok=True)
    say(f"{name}, {scale} scale, seed {seed}")
    start = time.monotonic()
    results = module.run(scale, seed, out)
    record = {
        "experiment": name,
        "scale": scale,
        "seed": seed,
        "seconds": round(time.monotonic() - start, 1),
        "environment": {k: v for k, v in environment().items() if k != "diff"},
        "changed": environment()["changed"],
        "results": results,
    }
    # The figure and the verdict read the JSON file, so both can be made from it alone.
    write_whole(out / RESULTS, json.dumps(record) + "\n")
    return verdict_of(name, out)


def verdict_of(name: str, out: Path) -> list[dict[str, Any]]:
    """Draw and judge the ``results.json`` of a folder, and return the verdict."""
    module = experiment(name)
    record = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    rows = verdict(module.CLAIMS, record["results"], record["scale"])
    part = out / f".{FIGURE}.tmp"  # a signal may come while the figure is drawn
    with paper_style():
        figure = module.figure(record["results"])
        figure.savefig(part, dpi=150, facecolor="white", format="png")
    part.replace(out / FIGURE)
    write_whole(out / VERDICT, json.dumps(rows, indent=1) + "\n")
    return rows


def committed(name: str, scale: str) -> list[dict[str, Any]] | None:
    """Return the committed verdict of an experiment, or ``None``."""
    path = HERE / name / scale / VERDICT
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def recorded_verdicts(name: str) -> list[str]:
    """Return a line for each scale that says how many claims of the committed verdict
    hold.

    If every claim has scale ``'any'``, the quick protocol is the paper's, and there is
    one line.
    """
    once = all(claim.scale == "any" for claim in experiment(name).CLAIMS)
    return [
        f"{scale}: {_count(committed(name, scale))}"
        for scale in (SCALES[:1] if once else SCALES)
    ]


def _count(rows):
    if rows is None:
        return NOT_RUN
    judged = [row["passed"] for row in rows if row["passed"] != NOT_RUN]
    return f"{sum(judged)} of {len(judged)} claims hold"


def changed(
    rows: list[Mapping[str, Any]], before: list[Mapping[str, Any]] | None
) -> list[str]:
    """Return a line for each claim whose outcome differs from an earlier verdict.

    Args:
      rows: the new verdict.
      before: the earlier verdict, or ``None``.
    """
    if before is None:
        return ["there is no committed verdict"]
    old = {row["claim"]: row["passed"] for row in before}
    new = {row["claim"]: row["passed"] for row in rows}
    return [
        f"{claim}: {_word(old.get(claim))} before, {_word(new.get(claim))} now"
        for claim in {**old, **new}
        if old.get(claim) != new.get(claim)
    ]


def table(rows: list[Mapping[str, Any]]) -> str:
    """Return a verdict as text for a terminal."""
    lines = []
    for row in rows:
        lines.append(f"{_word(row['passed']):8}{row['claim']}")
        if row["passed"] != NOT_RUN:
            published = row["published"]
            said = "" if published is None else f", published {_short(published)}"
            lines.append(
                f"{'':8}measured {_short(row['measured'])}, "
                f"expected {row['tolerance']}{said}"
            )
    return "\n".join(lines)


def _word(passed):
    return {True: "holds", False: "FAILS", None: "absent"}.get(passed, passed)


def _short(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
