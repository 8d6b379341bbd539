"""Runs that continue on another number of devices."""

import json

from .place import FLAGS, contents, finished, must, status
from .row import Row

COUNTS = (1, 2, 4, 8, 1)
# Adam amplifies the rounding of sums over devices. This bound holds the losses (about
# 1) for the first 200 steps.
ROUNDING = 1e-3


def changed(place, folder, number, rng):
    """Train on 1, 2, 4, 8 and 1 devices, with 40 steps on each."""
    run, carrier = folder / "run", ("pmap", "shard_map")[number]
    for i, count in enumerate(COUNTS):
        steps = 40 * (i + 1)
        forced = f"{FLAGS} --xla_force_host_platform_device_count={count}"
        # Without the flag, one line says that the devices differ.
        allowed = ["--allow_config_change"] if i else []
        done = place.train(
            run, *allowed, f"--config.steps={steps}",
            f"--config.parallel.devices={count}",
            f"--config.parallel.carrier={carrier}", environment={"XLA_FLAGS": forced},
        ).ended()  # fmt: skip
        said = f"{count} devices: exit code {done.code}: {done.text[-400:]}"
        must(done.code == 0, said)
        must(not i or f"resuming from step {steps - 40}" in done.text, said)
    must(finished(run)[-1] == 200, f"checkpoints {finished(run)}")
    segments = status(run)["carrier"]["segments"]
    must(len(segments) == len(COUNTS), f"segments {segments}")
    whole = place.undisturbed("--config.steps=200")
    worst = 0.0
    for kept, found in zip(_rows(whole), _rows(run), strict=True):
        must(kept.keys() == found.keys(), f"other metrics at step {found['step']}")
        losses = [name for name in kept if name.endswith("/loss")]
        worst = max([worst, *(abs(kept[name] - found[name]) for name in losses)])
    must(worst <= ROUNDING, f"the losses differ by {worst:.2g}")
    return f"{carrier}: 1, 2, 4, 8, 1 devices, losses within {worst:.1g} of one device"


def too_many(place, folder, number, rng):
    """Ask for more devices than there are, or for a number that divides no batch."""
    run, (wanted, found) = folder / "run", ((4, 2), (3, 4), (8, 1))[number]
    forced = f"{FLAGS} --xla_force_host_platform_device_count={found}"
    asked = f"--config.parallel.devices={wanted}"
    done = place.train(run, asked, environment={"XLA_FLAGS": forced}).ended()
    line = done.one_line(2)
    must("devices" in line, line)
    must(set(contents(run)) <= {".lock"}, "a refused call wrote files")
    return line


def _rows(run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


ROWS = (
    Row("devices", "1, 2, 4, 8 and 1 devices, one after the other",
        "the same result up to rounding", 2, changed),
    Row("too_many", "more devices than there are, or devices that divide no batch",
        "one line", 3, too_many),
)  # fmt: skip
