"""The history of a run: history.jsonl, a line for each start. Lines are only added.

A line holds the ``step`` at which the run started or resumed, the ``time``, and facts
about this start: its command, config, code, data and carrier (the hardware and the
versions that decide how numbers are rounded). A rollback is a start too; its line has
the number of ``rollbacks``. A run that skips steps states how many it has ``skipped``.
A fact that is equal to the fact of the line before is left out, so a change of config
or data is a line that names it.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ganjax.failures import naming
from ganjax.json_shapes import misfit
from ganjax.run_files import read_rows
from ganjax.training.locked_folder import now

_LINE = {"carrier?": dict, "config?": {"log?": {"every?": int}},
         "members?": {...: dict}, "rollbacks?": int,
         "skipped?": (int, list)}  # fmt: skip


def lines_of_history(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a history, oldest first, each with the facts that changed.
    Damaged lines are left out."""
    return [line for line in read_rows(path) if not misfit(line, _LINE)]


def read_history(path: Path) -> list[dict[str, Any]]:
    """Return the starts of a run, oldest first, each with all its facts. Damaged lines
    are left out."""
    found, facts = [], {}
    for line in lines_of_history(path):
        facts = facts | line
        found.append(dict(facts))
    return found


def add_start(path: Path, step: int, facts: Mapping[str, Any]) -> None:
    """Add a start to the history, on the disk.

    Args:
      step: the step at which the run starts or resumes.
      facts: name -> a value that JSON can hold.
    """
    facts = json.loads(json.dumps(dict(facts)))
    before = (read_history(path) or [{}])[-1]
    changed = {k: v for k, v in facts.items() if before.get(k, ...) != v}
    line = json.dumps({"step": step, "time": now(), **changed}).encode()
    with naming(path), path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            # A process that was killed can leave a line without its end.
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def rollbacks_at(starts: Sequence[Mapping[str, Any]], step: int) -> int:
    """Return the number of rollbacks that the state of ``step`` has behind it. A run
    that resumes from an older checkpoint repeats the rollbacks after it.

    Args:
      starts: all starts of the run, oldest first, with ``step`` and ``rollbacks``.
      step: the step at which the run resumes.
    """
    current: list[Mapping[str, Any]] = []
    for start in starts:
        current = [x for x in current if x["step"] < start["step"]] + [start]
    before = [x.get("rollbacks", 0) for x in current if x["step"] <= step]
    return before[-1] if before else 0


def data_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a data set with its SHA-256, as the history holds it."""
    text = json.dumps(record, sort_keys=True)
    return {"sha256": hashlib.sha256(text.encode()).hexdigest(), "record": record}


def whole_carrier(starts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the carrier of the last start. If the steps of the run had several
    carriers, the entry ``segments`` lists them, each with its first step ``from`` and
    the step ``until`` at which the next one took over.

    Args:
      starts: all starts of the run, oldest first, with ``step`` and ``carrier``.
    """
    segments: list[dict[str, Any]] = []
    for start in starts:
        step, carrier = start["step"], start.get("carrier", {})
        # The steps after a checkpoint are computed again when it resumes.
        segments = [x for x in segments if x["from"] < step]
        if not segments and step:
            segments = [{"from": 0, "carrier": {}}]  # before ganjax wrote histories
        if not segments or segments[-1]["carrier"] != carrier:
            segments.append({"from": step, "carrier": carrier})
    last = dict(segments[-1]["carrier"])
    if len(segments) == 1:
        return last
    ends = [x["from"] for x in segments[1:]]
    listed = [
        {"from": one["from"], **({"until": end} if end else {}), **one["carrier"]}
        for one, end in zip(segments, [*ends, 0], strict=True)
    ]
    return {**last, "segments": listed}
