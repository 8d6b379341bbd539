"""Comparison of the scores of two runs.

Scores are compared only if their protocols are equal. A protocol records how a score
was computed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput
from ganjax.report.axes import format_number
from ganjax.run_files import RunFiles, read_scores

# Protocol fields that may differ between scores that are compared.
CIRCUMSTANCES = ("step", "seed", "ganjax")


def differing_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return a text for each protocol field that prevents a comparison of scores, with
    both values. The list is empty if the scores can be compared.

    A protocol records how scores were computed. The fields in ``CIRCUMSTANCES`` may
    differ.
    """
    return [
        f"{name} is {json.dumps(one.get(name))} and {json.dumps(other.get(name))}"
        for name in sorted(one.keys() | other.keys())
        if name not in CIRCUMSTANCES and one.get(name) != other.get(name)
    ]


def compare(one: Path | str, other: Path | str) -> str:
    """Return a table with the scores of two runs side by side.

    An evaluation of one run is compared with an evaluation of the other run if their
    protocols, the records of how scores were computed, are equal. All evaluations by
    ``ganjax evaluate`` and the newest one from training are considered.

    Args:
      one, other: the folders of the runs.

    Raises:
      BadInput: a run has no evaluation, or no protocol of one run equals a protocol of
        the other run. The message then names the fields in which the newest evaluations
        differ.
    """
    ours, theirs = _evaluations(one), _evaluations(other)
    pairs = [
        (a, b)
        for a in ours
        for b in theirs
        if not differing_fields(a["protocol"], b["protocol"])
    ]
    if not pairs:
        found = differing_fields(ours[-1]["protocol"], theirs[-1]["protocol"])
        raise BadInput(
            f"scores with different protocols are not compared: {', '.join(found)}"
        )
    lines = [f"{'':40}{Path(one).name:>16}{Path(other).name:>16}"]
    for a, b in pairs:
        lines.append(_said(a["protocol"]))
        for name in a["scores"]:
            if name in b["scores"]:
                values = (format_number(x["scores"][name]) for x in (a, b))
                lines.append(f"{name:40}" + "".join(f"{v:>16}" for v in values))
    return "\n".join(lines)


def _said(protocol: dict[str, Any]) -> str:
    fake, real, data, reference, extractor = (
        protocol.get(name, "unknown")
        for name in ("fake", "real", "data", "reference", "extractor")
    )
    return (
        f"# {fake} samples against {real} of {data}/{reference}, extractor {extractor}"
    )


def _evaluations(run) -> list[dict[str, Any]]:
    """Return evaluations by ``ganjax evaluate``, then the newest one from training."""
    files = RunFiles(run)
    files.read()
    found = [*files.protocols(), *list(files.evaluations().values())[-1:]]
    if not found:
        raise BadInput(
            f"workdir={run}: expected a run with an evaluation, found none; "
            f"ganjax evaluate makes one"
        )
    return [_read(path) for path in found]


def _read(path):
    try:
        found = read_scores(path)
        return {"protocol": found["protocol"], "scores": found["scores"]}
    except (BadInput, TypeError):  # also a file that has just been removed
        raise BadInput(
            f"{path}: expected an evaluation, a JSON object with a protocol and scores"
        ) from None
