"""Measure the speed and memory of trials that are trained together (a population).

    python -m ganjax.sweeps.measure SWEEP TRIAL,TRIAL,… [POPULATION …] [--cores=0,1]

SWEEP is the folder of the sweep, TRIAL is the id of a trial, and POPULATION is a way to
run the trials: vmap, map or serial. The result is printed as JSON. The measurement is a
separate process, because the process that plans the sweep must not hold the devices.
"""

import argparse
import dataclasses
import json
import os
import time

import jax

from ganjax import command_line
from ganjax.build import Setup, build
from ganjax.config import knobs
from ganjax.core import init_state, replicate, stack_members
from ganjax.loading import located
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import use_cores
from ganjax.training import compiled_step

SECONDS = 0.5  # duration of the measurement, after the first dispatch
# Speed-up that 'vmap' must give: its members do not equal their solo runs exactly.
WORTH = 1.1


def main(arguments: list[str]) -> None:
    flags = argparse.ArgumentParser()
    flags.add_argument("sweep")
    flags.add_argument("trials")
    flags.add_argument("ways", nargs="*")
    flags.add_argument("--cores", default="")
    flags = flags.parse_args(arguments)
    use_cores(flags.cores)
    folder = SweepFolder(flags.sweep)
    configs = [folder.config(trial) for trial in flags.trials.split(",")]
    setup = build(located(configs[0], folder.started_in))
    if setup.feed.stream is not None:
        print(json.dumps({"population": "alone"}))
        return
    found = {
        way: measure(setup, configs, way) for way in flags.ways or candidates(setup)
    }
    print(json.dumps({"population": choose(found), "measured": found}))


def candidates(setup: Setup) -> tuple[str, ...]:
    """Return the ways to train trials together that are worth a measurement.

    They are ``'map'`` (in turn, inside one program) and ``'vmap'`` (as one batch). For
    convolutional networks on a CPU the only one is ``'serial'`` (in turn, called by the
    host): a batch is not faster there, and takes minutes to compile.
    """
    shapes = jax.eval_shape(
        lambda: init_state(setup.game, jax.random.key(0), setup.knobs).params
    )
    convolutional = any(x.ndim == 4 for x in jax.tree.leaves(shapes))
    if convolutional and setup.plan.devices[0].platform == "cpu":
        return ("serial",)
    return ("map", "vmap")


def choose(found: dict[str, dict[str, float]]) -> str:
    """Return the fastest way to train trials together.

    Args:
      found: the result of ``measure`` for each way. ``'vmap'`` is chosen only if it is
        ``WORTH`` times faster, because its trials do not equal solo runs exactly.
    """
    cost = {
        way: row["seconds"] * (WORTH if way == "vmap" else 1)
        for way, row in found.items()
    }
    return min(cost, key=cost.get)


def measure(setup: Setup, configs, way: str) -> dict[str, float]:
    """Measure the training of several trials together.

    Args:
      setup: the components of the first trial's config.
      configs: the config of each trial. They differ in seeds and knobs only.
      way: ``'vmap'``, ``'map'`` or ``'serial'``.

    Returns:
      ``seconds`` for one step of all trials; ``bytes`` of device memory for all trials
        (states, data, and temporary arrays if the program is one compiled function);
        ``memory``, the bytes that the device has.
    """
    plan = dataclasses.replace(
        setup.plan, population=way, devices=setup.plan.devices[:1]
    )
    states = stack_members(
        [init_state(setup.game, jax.random.key(c.seed), knobs(c)) for c in configs]
    )
    states = replicate(states, plan.devices)
    data = replicate(setup.feed.data, plan.devices)
    held = sum(
        x.nbytes for x in jax.tree.leaves((states, data)) if hasattr(x, "nbytes")
    )
    compiled = compiled_step(setup.game, setup.feed, plan)
    if hasattr(compiled, "lower"):
        compiled = compiled.lower(states, data).compile()
        held += compiled.memory_analysis().temp_size_in_bytes
    states, _ = compiled(states, data)
    jax.block_until_ready(states)
    start, count = time.monotonic(), 0
    while time.monotonic() - start < SECONDS:
        states, _ = compiled(states, data)
        jax.block_until_ready(states)
        count += 1
    seconds = (time.monotonic() - start) / (count * plan.parallel.inner_steps)
    return {"seconds": seconds, "bytes": held, "memory": _memory(plan.devices[0])}


def _memory(device) -> int:
    """Return the bytes of memory of a device; on CPU, of this machine."""
    stats = device.memory_stats() or {}
    if "bytes_limit" in stats:
        return stats["bytes_limit"]
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


if __name__ == "__main__":
    command_line.run(main)
