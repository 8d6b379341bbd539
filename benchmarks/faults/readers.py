"""Readers of a run that another process trains and that keeps one checkpoint."""

import sys

from .place import Process, must, status
from .row import Row

KEEP = (
    "--config.steps=40000", "--config.checkpoint.every=10",
    "--config.checkpoint.keep=1", "--config.evaluation.every=0",
    "--config.samples.every=0",
)  # fmt: skip
LOADS = "import ganjax, sys; [ganjax.load(sys.argv[1]).state for _ in range(20)]"


def beside_a_trainer(place, folder, number, rng):
    """Read a run while it trains and replaces its checkpoint all the time."""
    run = folder / "run"
    process = place.train(run, *KEEP)
    try:
        process.until(lambda: status(run).get("step", 0) >= 20)
        what = ("load", "evaluate", "sample", "report")[number % 4]
        if what == "load":
            line = [sys.executable, "-c", LOADS, str(run)]
            done = Process.started(line, folder / "read.txt", place.environment).ended()
        else:
            done = place.run(what, f"--workdir={run}", log=folder / "read.txt")
        must(process.running(), f"training ended: {process.text()[-400:]}")
    finally:
        process.kill()
    must(done.code == 0, f"{what}: exit code {done.code}: {done.text[-400:]}")
    must("damaged" not in done.text, f"{what} reports damage: {done.text[-400:]}")
    return f"{what} reads a whole checkpoint"


ROWS = (
    Row("reader", "a reader beside a trainer with checkpoint.keep=1",
        "a whole checkpoint is read; nothing is damage", 30, beside_a_trainer),
)  # fmt: skip
