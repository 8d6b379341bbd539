"""Odd names of folders, environments of the process, and two processes in one run."""

import os

from .place import must, status
from .row import Row

NAMES = (
    "with space", "brackets[1e-3]", "lr[1]*?", "ünïcödé", "日本", "a" * 200,
    "quote'd", 'double"quote', "semi;colon", "dollar$HOME", "percent%s", "hash#1",
    "-dash", "~tilde", "comma,comma", "equals=equals", "new\nline", "back\\slash",
    "braces{a}", "trailing ", "a.b.c", "ampersand&", "emoji🙂", os.fsdecode(b"not\xff"),
)  # fmt: skip


def odd_path(place, folder, number, rng):
    """Train in a folder with an odd name, stop, go on, and read the run."""
    name = NAMES[number]
    parent = folder / "runs"
    parent.mkdir()
    run, log = parent / name, folder / "train.txt"
    done = place.train(run, "--config.steps=200", log=log).ended()
    if done.code == 2:
        line = done.one_line(2)
        must(not run.exists(), "a refused call wrote files")
        return f"{name!r}: refused, {line[-100:]}"
    must(done.code == 0, f"{name!r}: exit code {done.code}: {done.text[-400:]}")
    done = place.goes_on(run, log=folder / "again.txt")
    must("resuming from step 200" in done.text, f"{name!r}: a silent restart")
    said = place.same(run)
    read = place.run("evaluate", f"--workdir={run}", log=folder / "read.txt")
    must(read.code == 0, f"{name!r}: evaluate: {read.text[-400:]}")
    must({x.name for x in parent.iterdir()} == {name}, "files outside the run")
    return f"{name[:40]!r}: {said}"


# name -> (environment, options of Python)
SETTINGS = {
    "locale C": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, ()),
    "locale de_DE": ({"LC_ALL": "de_DE.UTF-8"}, ()),
    "Turkish": ({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, ()),
    "no HOME": ({"HOME": "/nonexistent"}, ()),
    "python -O": ({}, ("-O",)),
    "python -OO": ({}, ("-OO",)),
    "hash seed 1": ({"PYTHONHASHSEED": "1"}, ()),
    "hash seed 2": ({"PYTHONHASHSEED": "2"}, ()),
    "time zone": ({"TZ": "Pacific/Kiritimati"}, ()),
    "no colours, dumb terminal": ({"TERM": "dumb", "COLUMNS": "1"}, ()),
}


def setting(place, folder, number, rng):
    """Train in another environment."""
    name, (environment, python) = list(SETTINGS.items())[number]
    run = folder / "run"
    done = place.train(run, environment=environment, python=python).ended()
    must(done.code == 0, f"{name}: exit code {done.code}: {done.text[-400:]}")
    return f"{name}: {place.same(run)}"


def strict_mask(place, folder, number, rng):
    """Train with a mask of permissions that takes everything from others."""
    run, mask = folder / "run", (0o077, 0o777, 0o000)[number]
    process = place.train(run, preexec_fn=lambda: os.umask(mask))
    done = process.ended()
    if done.code:
        return f"umask {mask:03o}: {done.one_line(done.code)[-100:]}"
    return f"umask {mask:03o}: {place.same(run)}"


def two_processes(place, folder, number, rng):
    """Start the same command twice. One trains, and the other is refused."""
    run = folder / "run"
    first = place.train(run, log=folder / "one.txt")
    if number % 2:
        first.until(lambda: status(run).get("step", 0) >= 20)
    second = place.train(run, log=folder / "two.txt")
    ended = sorted((x.ended() for x in (first, second)), key=lambda x: x.code)
    must(ended[0].code == 0, f"exit code {ended[0].code}: {ended[0].text[-400:]}")
    if ended[1].code:
        line = ended[1].one_line(2)
        must("another process" in line, line)
    return place.same(run)


SAME = "the same result, or one clear line"
ROWS = (
    Row("path", "odd names of run directories", SAME, len(NAMES), odd_path),
    Row("setting", "locales, HOME, -O, hash seeds", SAME, len(SETTINGS), setting),
    Row("umask", "masks of permissions", SAME, 3, strict_mask),
    Row("two", "two processes in one run directory", SAME, 20, two_processes),
)
