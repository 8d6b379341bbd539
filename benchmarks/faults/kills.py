"""SIGKILL of a training run, of a sweep's runner, and of its workers."""

import os
import shutil
import signal
import time

from ganjax.sweep_files import SweepFiles

from .place import finished, must, status
from .row import Row

# A state of 1.6 MB, whose checkpoints take long enough to be killed inside.
LARGE = (
    "--config.networks.generator.widths=256,256",
    "--config.networks.discriminator.widths=256,256",
)


def at_a_random_instant(place, folder, number, rng):
    """Kill at a random instant: in the first seconds, or between two steps."""
    run = folder / "run"
    process = place.train(run)
    if number % 5:
        step = rng.randrange(0, 400, 20)
        process.until(lambda: max(finished(run), default=0) >= step)
    limit = time.monotonic() + rng.uniform(0, 0.3 if number % 5 else 6)
    process.until(lambda: time.monotonic() > limit)
    step = max(finished(run), default=0)
    process.kill()
    return f"{_resumed(place, run)}; killed at checkpoint {step}"


def in_a_commit(place, folder, number, rng):
    """Kill while a checkpoint is written in the background, until it hits one."""
    run, tries = folder / "run", 0
    place.undisturbed(*LARGE)
    while tries < 5:
        tries += 1
        shutil.rmtree(run, ignore_errors=True)
        process = place.train(run, *LARGE)
        after = rng.choice(range(20, 360, 20))
        process.until(lambda after=after: max(finished(run), default=0) >= after)
        inside = process.until(lambda: _unfinished(run), pause=0.001)
        process.kill()
        if inside and _unfinished(run):
            before = max(finished(run), default=0)
            return f"{_resumed(place, run, *LARGE)}; killed in a commit after {before}"
    must(False, f"no commit was hit in {tries} runs")


def _unfinished(run):
    found = {x.name for x in (run / "checkpoints").glob("[0-9]*")}
    return {x for x in found if x.isdecimal()} - {str(x) for x in finished(run)}


def _resumed(place, run, *fields):
    """Resume a killed run, and compare it with the undisturbed one."""
    before = max(finished(run), default=0)
    done = place.trained(run, *fields)
    must(done.code == 0, f"exit code {done.code}: {done.text[-400:]}")
    must("damaged" not in done.text, f"an unreadable checkpoint: {done.text[-400:]}")
    if before and before < 400:
        must(f"resuming from step {before}" in done.text, "a silent restart")
    return place.same(run, *fields)


def of_a_sweep(place, folder, number, rng):
    """Kill the runner of a sweep, or its workers, and run the same command again."""
    whole = place.root / "whole" / "sweep" / "sweep"
    with place.lock:
        if not (whole / "report.html").exists():
            done = _sweep(place, whole).ended()
            must(done.code == 0, f"the undisturbed sweep fails: {done.text[-400:]}")
    path = folder / "sweep"
    process = _sweep(place, path)
    groups = path / "groups"
    process.until(lambda: any(status(x).get("step") for x in groups.glob("*")))
    limit = time.monotonic() + rng.uniform(0, 1.5)
    process.until(lambda: time.monotonic() > limit)
    which = "runner" if number % 2 else "workers"
    if which == "workers":
        for pid in process.children():
            os.kill(pid, signal.SIGKILL)
        process.ended()
    else:
        process.kill()
        time.sleep(0.5)  # Linux kills the workers when their runner has ended
    done = _sweep(place, path).ended()
    must(done.code == 0, f"exit code {done.code}: {done.text[-400:]}")
    kept, found = (SweepFiles(x).statuses() for x in (whole, path))
    for trial, one in kept.items():
        other = found[trial]
        must(other["state"] == "finished", f"trial {trial} is {other['state']}")
        must(one["state_digest"] == other["state_digest"], f"trial {trial} differs")
    tables = [(x / "table.csv").read_text() for x in (whole, path)]
    must(tables[0] == tables[1], "table.csv differs from the undisturbed sweep")
    return f"ends as the undisturbed sweep; the {which} were killed"


def _sweep(place, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return place.start(
        "sweep",
        f"--config={place.config}",
        f"--workdir={path}",
        "--population=map",
        log=path.parent / "sweep.txt",
    )


MUST = "0 unreadable; the digest, metrics, scores and pictures of an undisturbed run"
ROWS = (
    Row("kill", "SIGKILL of a run at a random instant", MUST, 30, at_a_random_instant),
    Row("kill_commit", "SIGKILL inside an asynchronous commit", MUST, 20, in_a_commit),
    Row("kill_sweep", "SIGKILL of a sweep's runner or workers", MUST, 20, of_a_sweep),
)
