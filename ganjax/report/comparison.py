"""Scores of two runs beside each other, where their protocols allow it."""

import json
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput
from ganjax.evaluation import check_comparable, differing_fields
from ganjax.report.axes import format_number


def compare(one: Path | str, other: Path | str) -> str:
    """A table of the scores that two runs have under one protocol.

    Of the evaluations that a run made of itself only the newest counts.

    Raises:
      BadInput: if either has no evaluation, or no two are of one protocol; then with
        the fields in which the newest ones differ.
    """
    ours, theirs = _evaluations(one), _evaluations(other)
    pairs = [
        (a, b)
        for a in ours
        for b in theirs
        if not differing_fields(a["protocol"], b["protocol"])
    ]
    if not pairs:
        check_comparable(ours[-1]["protocol"], theirs[-1]["protocol"])
    lines = [f"{'':40}{Path(one).name:>16}{Path(other).name:>16}"]
    for a, b in pairs:
        lines.append(_said(a["protocol"]))
        for name in a["scores"]:
            if name in b["scores"]:
                values = (format_number(x["scores"][name]) for x in (a, b))
                lines.append(f"{name:40}" + "".join(f"{v:>16}" for v in values))
    return "\n".join(lines)


def _said(protocol: dict[str, Any]) -> str:
    return (
        f"# {protocol['fake']} samples against {protocol['real']} of "
        f"{protocol['data']}/{protocol['reference']}, extractor {protocol['extractor']}"
    )


def _evaluations(run) -> list[dict[str, Any]]:
    """Those by ``scripts/evaluate.py``, then the newest of the run itself."""
    folder = Path(run) / "evaluation"
    own = sorted(folder.glob("[0-9]*.json"))[-1:]
    found = [*sorted(folder.glob("protocol-*.json")), *own]
    if not found:
        raise BadInput(
            f"workdir={run}: expected a run with an evaluation, and there is none; "
            f"scripts/evaluate.py makes one"
        )
    return [json.loads(path.read_text()) for path in found]
