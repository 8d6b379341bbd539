"""The rows of the benchmark by name, and the function that runs them."""

import importlib.metadata
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from benchmarks import distances, runs, scaling, steps, sweeps
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
    "sweep": sweeps.sweep,
    "sweep_images": sweeps.sweep_images,
    "frechet": distances.frechet,
    "neighbours": distances.neighbours,
    "roof": steps.roof,
    "traces": runs.traces,
}
PEERS = ("torch",)


def chosen(names: str) -> list[str]:
    """Return the rows of a comma-separated list, or all rows if it is empty.

    Raises:
      BadInput: for a name that is not in ``ROWS``.
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
    """Run rows and return the record of all results.

    If a row fails or cannot run, the record has the reason. The other rows still run.

    Args:
      names: the rows, in the order of the run.
      settings: the settings of the command.
      done: is called with the record so far after every row.
    """
    extras = {name: _version(name) for name in ("torch", "prdc", "scikit-learn")}
    record = {**header(settings, extras), "rows": {}}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        record["rows"][name] = _row(ROWS[name], settings)
        done(record)
    return record


def refused(record: dict[str, Any]) -> Sequence[str]:
    """Return the names of the rows that failed: two programs that should be equal
    differ, or the row raised an error."""
    return [name for name, row in record["rows"].items() if row.get("failed")]


def check_peer(peer: str | None) -> None:
    """Check that the other program is known and installed. ``None`` means no program.

    Raises:
      BadInput: the name is not in ``PEERS``, or the package is not installed.
    """
    if peer is None:
        return
    if peer not in PEERS:
        raise unknown("--peer", peer, PEERS)
    if _version(peer) == "not installed":
        raise BadInput(
            f"--peer={peer}: expected {peer} to be installed; run "
            f"pip install -r requirements-benchmark.txt"
        )


def _row(row, settings):
    try:
        return {"parts": [part.to_json() for part in row(settings)]}
    except NotRun as reason:
        return {"not_run": str(reason)}
    except Disagreement as difference:
        return {"not_run": f"refused to time: {difference}", "failed": True}
    except Exception as error:  # one failed row must not lose hours of other rows
        traceback.print_exc()
        return {"not_run": f"{type(error).__name__}: {error}", "failed": True}


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
