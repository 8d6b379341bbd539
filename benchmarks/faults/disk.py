"""Disks that are full or read-only, limits of file sizes, and closed pipes."""

import os
import resource
import shutil
import subprocess
import sys

from .place import finished, must, status
from .row import Row


def full_disk(place, folder, number, rng):
    """Train on a small file system. Then give it space, and run the command again."""
    disk = folder / "disk"
    disk.mkdir()
    size = rng.randrange(60, 800)  # the run takes more at its end
    _mount(disk, size)
    try:
        run = disk / "run"
        done = place.trained(run, log=folder / "train.txt")
        if done.code == 0:
            return f"{size} kB: {place.same(run)}"
        line = done.one_line(1) if done.code == 1 else done.one_line(2)
        must("space" in line or "full" in line, line)
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        last = max(finished(run), default=0)
        place.goes_on(run, log=folder / "again.txt")
        return f"{size} kB, checkpoint {last}: {place.same(run)}"
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def _mount(path, kilobytes):
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "ganjax", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip


def no_mount() -> str:
    """Return why this machine cannot mount a small file system; empty if it can."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "needs root on Linux, to mount a small file system"
    done = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "ganjax", "/mnt"],
        capture_output=True, text=True,
    ) if shutil.which("unshare") else None  # fmt: skip
    if done is None or done.returncode:
        return "this machine lets nobody mount a file system"
    return ""


def limited_size(place, folder, number, rng):
    """Train with a limit of the size of a file (RLIMIT_FSIZE), then without it."""
    run, limit = folder / "run", (1, 3, 6, 10, 20, 30, 40, 60, 80, 120)[number % 10]
    size = limit * 1000

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    # The output goes to a file too, and the cache of programs has larger files.
    quiet = {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    process = place.train(run, environment=quiet, preexec_fn=limited)
    done = process.ended()
    if done.code:
        must(done.code in (1, 2), f"exit code {done.code}: {done.text[-400:]}")
        line = done.one_line(done.code)
        must("arge" in line or str(run) in line, f"the line names no file: {line}")
    last = max(finished(run), default=0)
    place.goes_on(run)
    return f"{limit} kB, checkpoint {last}: {place.same(run)}"


def read_only(place, folder, number, rng):
    """Read a run on a read-only file system, or try to train there."""
    disk, what = folder / "disk", ("evaluate", "report", "sample", "train")[number % 4]
    disk.mkdir()
    _mount(disk, 64_000)
    try:
        run = place.stopped(disk)
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        asked = (f"--workdir={run}",)
        if what == "train":
            done = place.trained(run, log=folder / "log.txt")
        else:
            done = place.run(what, *asked, log=folder / "log.txt")
        if done.code:
            line = done.one_line(done.code)
            must(str(run) in line, f"the line does not name the folder: {line}")
        return f"{what}: exit code {done.code}"
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def closed_pipe(place, folder, number, rng):
    """Close the pipe that reads the output of a run, after some lines."""
    run, lines = folder / "run", number % 4
    read, write = os.pipe()
    process = place.train(run, stdout=write, stderr=write)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        for _ in range(lines):
            pipe.readline()
    process.ended()
    if status(run).get("state") == "finished":
        return f"closed after {lines} lines: {place.same(run)}"
    last = max(finished(run), default=0)
    place.goes_on(run)
    said = place.same(run)
    must(False, f"closed after {lines} lines: training ended at {last}; then it {said}")


def unwritable_output(place, folder, number, rng):
    """Write the output to a device that is always full."""
    run = folder / "run"
    with open("/dev/full", "wb") as full:
        done = place.train(run, stdout=full, stderr=full).ended()
    must(status(run).get("state") == "finished", f"exit code {done.code}")
    return place.same(run)


GOOD = "one line; the last good checkpoint is intact; the same command goes on"
ROWS = (
    Row("disk", "a full disk (a small tmpfs)", GOOD, 20, full_disk, no_mount),
    Row("size", "a limit of file sizes (RLIMIT_FSIZE)", GOOD, 10, limited_size),
    Row("read_only", "a read-only file system",
        "reading works, or one line names the folder", 4, read_only, no_mount),
    Row("pipe", "a closed pipe at the output of ganjax train", "training goes on", 4,
        closed_pipe),
    Row("full_output", "an output that is full (/dev/full)", "training goes on", 1,
        unwritable_output),
)  # fmt: skip
