"""Calls that fail and clocks that are wrong, by libraries that a process preloads."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

from .place import ROOT, Done, Fell, Process, finished, must, status
from .row import Row

SOURCES = Path(__file__).parent
# TensorStore times the parts of a write with the real-time clock. After a step back of
# n seconds, a write in progress takes up to n seconds longer.
YEAR, BACK = 365 * 86_400, -30


def no_compiler() -> str:
    """Return why this machine cannot preload a library; empty if it can."""
    if not sys.platform.startswith("linux"):
        return "needs Linux, to preload a library"
    return "" if shutil.which("cc") else "no C compiler (cc)"


def library(place, name: str) -> str:
    """Compile ``NAME.c`` into the folder of the table, and return the path."""
    path = place.root / f"{name}.so"
    with place.lock:
        if not path.exists():
            source = str(SOURCES / f"{name}.c")
            line = ["cc", "-shared", "-fPIC", "-O1", "-o", str(path), source, "-ldl"]
            subprocess.run(line, check=True, capture_output=True)
    return str(path)


ERRORS = (errno.EDQUOT, errno.EIO, errno.ESTALE)
# The calls that fail -> about how many of them a run makes.
CALLS = {"write": 200, "fsync": 40, "rename": 80, "open": 200, "write fsync open": 400}


def failing_disk(place, folder, number, rng):
    """Let calls on the files of a run fail, once or from a moment on. Then run the same
    command on a disk that works."""
    run, mark = folder / "run", folder / "mark"
    error = ERRORS[number % 3]
    calls, most = list(CALLS.items())[number // 3 % len(CALLS)]
    times = number // 15 % 2
    after = rng.randrange(most)
    said = f"{errno.errorcode[error]} in {calls}, {'once' if times else 'for ever'}"
    while True:
        shutil.rmtree(run, ignore_errors=True)
        environment = {
            "LD_PRELOAD": library(place, "failing_disk"), "FAULT_UNDER": f"{run}/",
            "FAULT_CALLS": calls, "FAULT_ERRNO": str(error), "FAULT_MARK": str(mark),
            "FAULT_AFTER": str(after), "FAULT_TIMES": str(times),
        }  # fmt: skip
        done = place.train(run, environment=environment).ended()
        if mark.exists():
            break
        must(after, f"{said}: a run makes no such call")
        after //= 2
    said = f"{said}, after {after} calls"
    if done.code == 0:
        return f"{said}: harmless, {place.same(run)}"
    must(done.code in (1, 2), f"{said}: exit code {done.code}: {done.text[-400:]}")
    try:
        line = done.one_line(done.code)
    except Fell as fell:
        raise Fell(f"{said}: {fell}") from None
    must(str(run) in line, f"{said}: the line names no file: {line}")
    last = max(finished(run), default=0)
    place.goes_on(run)
    return f"{said}, checkpoint {last}: {place.same(run)}"


def _clock(place, **wrong):
    named = {f"CLOCK_{name.upper()}": str(value) for name, value in wrong.items()}
    return {"LD_PRELOAD": library(place, "clock"), **named}


def wrong_clock(place, folder, number, rng):
    """Train, in two parts, while the clock of real time is wrong or steps back."""
    run = folder / "run"
    step = {"step": BACK, "step_after": round(rng.uniform(2, 5), 1)}
    clocks = (
        ({"ahead": YEAR}, {"ahead": YEAR}), ({"ahead": YEAR}, {}),
        ({}, {"ahead": YEAR}), ({}, {"ahead": -YEAR}), (step, {}), ({}, step),
    )[number]  # fmt: skip
    for steps, clock in zip((200, 400), clocks, strict=True):
        done = place.train(
            run, f"--config.steps={steps}", environment=_clock(place, **clock)
        ).ended()
        must(done.code == 0, f"{clock}: exit code {done.code}: {done.text[-400:]}")
        must("warning" not in done.text, f"{clock}: {done.text[-400:]}")
        must(status(run).get("step") == steps, f"{clock}: {status(run)}")
    return f"clocks {clocks}: {place.same(run)}"


TESTS = (
    "tests/test_run_files.py", "tests/training/test_run.py",
    "tests/training/test_resume.py", "tests/training/test_history.py",
    "tests/training/test_checkpoint_folders.py", "tests/training/test_snapshot.py",
)  # fmt: skip


def some_tests(place, folder, number, rng):
    """Run tests of runs and their files while the clock is wrong."""
    return _tests(place, folder, number, [*TESTS, "-n0"])


def whole_suite(place, folder, number, rng):
    """Run the default tests while the clock is wrong."""
    return _tests(place, folder, number, ["-n2", "--dist=worksteal"])


def _tests(place, folder, number, arguments):
    clock = ({"ahead": YEAR}, {"step": BACK, "step_after": 20})[number]
    line = (
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        f"--basetemp={folder / 'temporary'}", *arguments,
    )  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **_clock(place, **clock)}
    process = Process.started(line, folder / "tests.txt", environment, cwd=ROOT)
    done: Done = process.ended(7_200)
    must(done.code == 0, f"{clock}: {done.text[-800:]}")
    return f"clock {clock}: {done.last}"


SAME = "the same result"
ROWS = (
    Row("storage", "calls that fail: a quota (EDQUOT), EIO, ESTALE",
        "one line with the path; the last good checkpoint is intact; the same command "
        "goes on", 30, failing_disk, no_compiler),
    Row("clock", "a real-time clock that is a year wrong, or steps back", SAME, 6,
        wrong_clock, no_compiler),
    Row("clock_tests", "tests of runs, a year ahead and with a step back", "they pass",
        2, some_tests, no_compiler),
    Row("clock_suite", "the default tests, a year ahead and with a step back",
        "they pass", 2, whole_suite, no_compiler, named=True),
)  # fmt: skip
