"""Run cases of the fault table, record each result, and write the table."""

import contextlib
import importlib.metadata
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ganjax.run_files import write_whole

from .place import ROOT, Fell, Place, Process
from .row import Row


def revision() -> str:
    """Return the revision of the code, with ``+changes`` if files of it differ."""

    def git(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    # The table itself is no change of the code: a later call adds rows to it.
    written = ("--", ".", ":!docs/faults.*")
    changed = git("status", "--porcelain", "--untracked-files=no", *written)
    return (git("rev-parse", "HEAD") or "unknown") + ("+changes" if changed else "")


def _read(results):
    """Return the kept results. A line that a kill has cut is left out."""
    lines = results.read_text().splitlines() if results.exists() else []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def run(
    rows: Sequence[Row],
    place: Place,
    results: Path,
    *,
    code: str,
    also: Sequence[str] = (),
    cases: int = 0,
    jobs: int = 1,
    say: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Run the cases of rows that have no result yet. Return all results that count.

    Args:
      results: the file of JSON lines to which each result is appended.
      code: the revision of the code.
      also: other revisions, newest first. Their results count for cases for which the
        revisions before have none. Results of all other revisions do not count.
      cases: the number of cases of each row, from the first one; 0 for all.
      jobs: the number of cases at a time.
      say: receives a line for each case.
    """
    kept, counted = _read(results), {}
    for at in (code, *also):
        for x in kept:
            if x["revision"] == at:
                counted.setdefault((x["row"], x["case"]), x)
    have, known = set(counted), list(counted.values())
    todo = [
        (row, number)
        for row in rows
        if not row.refused()
        for number in range(min(row.cases, cases or row.cases))
        if (row.name, number) not in have
    ]
    lock, stopped = threading.Lock(), threading.Event()
    results.parent.mkdir(parents=True, exist_ok=True)

    def one(row, number):
        found = {"revision": code, **case(row, place, number)}
        with lock:
            if stopped.is_set():  # its processes were killed
                return
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(found) + "\n")
            known.append(found)
            outcome = "held" if found["held"] else "FELL"
            say(f"{outcome} {row.name} {number}: {found['said']}")

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in [pool.submit(one, *x) for x in todo]:
                future.result()
        except BaseException:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(Process.alive):
                process.kill()
            raise
        finally:
            place.close()
    return known


@contextlib.contextmanager
def default_signals() -> Iterator[None]:
    """Let no signal be ignored inside the context. nohup and the background jobs of a
    shell ignore some, and the processes of a case would inherit this."""

    def ignore(number, frame):
        pass  # a new process has the default in place of a handler

    ignored = (signal.SIGHUP, signal.SIGINT)
    ignored = [x for x in ignored if signal.getsignal(x) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, ignore)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def case(row: Row, place: Place, number: int) -> dict[str, Any]:
    """Make one case. Its folder is removed if what must happen happened."""
    folder = place.folder(f"{row.name}-{number}")
    start = time.monotonic()
    try:
        said = row.run(place, folder, number, random.Random(f"{row.name} {number}"))
        held = True
    except Fell as fell:
        said, held = str(fell), False
    except Exception as error:  # a mistake in the case counts as a failure
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} (line {last.lineno})"
        held = False
    if held:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "row": row.name,
        "case": number,
        "held": held,
        "seconds": round(time.monotonic() - start, 1),
        "said": _without_places(said, place),
    }


def _without_places(said, place):
    """Return a text whose paths do not say where the cases and the repository are."""
    # A text can begin inside the path.
    said = re.sub(rf"[^\s'\"]*{re.escape(place.root.name)}/", "…/", said)
    return said.replace(f"{ROOT}/", "")


def summary(
    rows: Iterable[Row],
    known: Sequence[dict[str, Any]],
    before: Sequence[dict[str, Any]] = (),
) -> list[dict]:
    """Return for each row its counts, its seconds, and the words of the cases that
    fell. A row that must be named and has no result is left out.

    Args:
      known: the results.
      before: the rows of an older table. A row stays as it is there, with its revision,
        if it has more results there.
    """
    found, older = [], {x["row"]: x for x in before}
    for row in rows:
        own = [x for x in known if x["row"] == row.name]
        if len(own) < older.get(row.name, {}).get("cases", 0):
            found.append(older[row.name])
            continue
        if row.named and not own:
            continue
        found.append(
            {
                "row": row.name,
                "fault": row.fault,
                "must": row.must,
                "planned": row.cases,
                "cases": len(own),
                "held": sum(x["held"] for x in own),
                "seconds": round(sum(x["seconds"] for x in own), 1),
                "longest": max((x["seconds"] for x in own), default=0.0),
                "refused": row.refused() if not own else "",
                "revisions": sorted({x["revision"] for x in own}),
                "fell": [
                    {"case": x["case"], "said": x["said"]} for x in own if not x["held"]
                ],
            }
        )
    return found


def machine() -> dict[str, Any]:
    """Return what of this machine can decide a result, without its name."""
    versions = ("jax", "jaxlib", "orbax-checkpoint")
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in versions},
    }


def write(folder: Path, code: str, found: Sequence[dict[str, Any]]) -> list[Path]:
    """Write ``faults.json`` and ``faults.md`` into a folder, and return the paths."""
    about = machine()
    content = {"revision": code, "machine": about, "rows": list(found)}
    paths = [folder / "faults.json", folder / "faults.md"]
    write_whole(paths[0], json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    write_whole(paths[1], text(code, found, about))
    return paths


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the table in a folder; none without a table."""
    path = folder / "faults.json"
    return json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []


def text(code: str, found: Sequence[dict[str, Any]], about: dict[str, Any]) -> str:
    """Return the table as Markdown."""
    held, cases, planned = (
        sum(x[name] for x in found) for name in ("held", "cases", "planned")
    )
    seconds = sum(x["seconds"] for x in found)
    where = ", ".join(
        str(value)
        if name == "system"
        else f"{value} cores"
        if name == "cores"
        else f"{name} {value}"
        for name, value in about.items()
    )
    lines = [
        "# Faults",
        "",
        "Each case of this table makes a real fault on a real process of ganjax, and "
        "compares what happens with what must happen. "
        f"**{held} of {cases} cases end as they must**, and {cases - held} do not; "
        f"{planned - cases} of {planned} planned cases did not run.",
        "",
        f"Revision `{code}`; {where}; {seconds / 60:.0f} minutes, summed over the "
        "cases.",
        "",
        "    python scripts/fault_table.py --jobs=2",
        "",
        "repeats the table, and goes on if it is stopped. `--rows=ROW` repeats a row. "
        "[faults.json](faults.json) has the same numbers.",
        "",
        "| row | fault | must | cases | held | seconds | longest |",
        "|---|---|---|--:|--:|--:|--:|",
    ]
    for x in found:
        count = f"{x['cases']} of {x['planned']}"
        if x["cases"] == x["planned"]:
            count = f"{x['cases']}"
        kept = str(x["held"]) if x["held"] == x["cases"] else f"**{x['held']}**"
        times = f"{x['seconds']:.0f} | {x['longest']:.0f}"
        if not x["cases"]:
            count, kept, times = "not run", "", " | "
        fault, required = (_cell(x[name]) for name in ("fault", "must"))
        lines.append(
            f"| `{x['row']}` | {fault} | {required} | {count} | {kept} | {times} |"
        )
    for other in sorted({y for x in found for y in x["revisions"]} - {code}):
        own = ", ".join(f"`{x['row']}`" for x in found if other in x["revisions"])
        lines += ["", f"Revision `{other}` ran cases of {own}."]
    lines += ["", "## Cases that fell or did not run", ""]
    said = []
    for x in found:
        if x["refused"]:
            said.append(f"- `{x['row']}`: not run: {x['refused']}.")
        for one in x["fell"]:
            words = " ".join(one["said"].split()).replace("`", "'")
            if len(words) > 300:  # the end of an output has its summary
                words = f"{words[:60]} … {words[-240:]}"
            said.append(f"- `{x['row']}` {one['case']}: `{words}`")
    return "\n".join([*lines, *(said or ["None."])]) + "\n"


def _cell(words):
    return words.replace("|", "\\|")
