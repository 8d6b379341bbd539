"""All rows by name, and the run of some of them."""

import importlib.metadata
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks import distances, runs, scaling, steps
from benchmarks.agreement import Disagreement
from benchmarks.record import NotRun, Settings, header
from ganjax.errors import BadInput, unknown

ROWS: dict[str, Callable] = {
    "dcgan": steps.dcgan,
    "sn_dcgan": steps.sn_dcgan,
    "sngan_resnet": steps.sngan_resnet,
    "r1": steps.r1,
    "loop": runs.loop,
    "population": scaling.population,
    "devices": scaling.devices,
    "startup": runs.startup,
    "frechet": distances.frechet,
    "neighbours": distances.neighbours,
    "roof": steps.roof,
    "traces": runs.traces,
}
PEERS = ("torch",)


def chosen(names: str) -> list[str]:
    """The rows of a comma-separated list, every one where it is empty.

    Raises:
      BadInput: for a name that is in none of ``ROWS``.
    """
    found = [name.strip() for name in names.split(",") if name.strip()] or list(ROWS)
    for name in found:
        if name not in ROWS:
            raise unknown("--rows", name, ROWS)
    return found


def measure(
    names: Iterable[str],
    settings: Settings,
    done: Callable[[dict[str, Any]], None] = lambda record: None,
) -> dict[str, Any]:
    """The record of a run.

    Args:
      names: rows, in their order.
      done: called with the record so far after every row.

    A row that cannot run, or fails, is recorded as such and does not stop the rest.
    """
    extras = {name: _version(name) for name in ("torch", "prdc", "scikit-learn")}
    record = {**header(settings, extras), "rows": {}}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        record["rows"][name] = _row(ROWS[name], settings)
        done(record)
    return record


def refused(record: dict[str, Any]) -> Sequence[str]:
    """Rows that found two programs unequal, or broke: a command's failure."""
    return [name for name, row in record["rows"].items() if row.get("failed")]


def check_peer(peer: str | None) -> None:
    """Raises ``BadInput`` for a peer that there is none of, or is not installed."""
    if peer is None:
        return
    if peer not in PEERS:
        raise unknown("--peer", peer, PEERS)
    if _version(peer) == "not installed":
        raise BadInput(
            f"--peer={peer}: expected it to be installed, as "
            f"requirements-benchmark.txt says"
        )


def _row(row, settings):
    try:
        return {"parts": [part.to_json() for part in row(settings)]}
    except NotRun as reason:
        return {"not_run": str(reason)}
    except Disagreement as difference:
        return {"not_run": f"refused to time: {difference}", "failed": True}
    except Exception as error:  # hours of other rows must not be lost with this one
        traceback.print_exc()
        return {"not_run": f"{type(error).__name__}: {error}", "failed": True}


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
