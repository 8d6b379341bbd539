"""Measure the speed and memory of trials that are trained together (a population).

    python -m ganjax.sweeps.measure SWEEP TRIAL,TRIAL,… POPULATION [--cores=0,1]
        [--parent=PID]

SWEEP is the folder of the sweep, TRIAL is the id of a trial, and POPULATION is the way
to run the trials: vmap, map or serial. The result is printed as JSON. The measurement
is a separate process, because the process that plans the sweep must not hold the
devices.
"""

import argparse
import dataclasses
import json
import math
import os
import time

import jax

from ganjax import command_line
from ganjax.build import Setup, build
from ganjax.config import knobs
from ganjax.core import init_state, replicate, stack_members
from ganjax.loading import located
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import end_with, use_cores
from ganjax.training import compiled_step

SECONDS = 0.5  # duration of the measurement
MOST_WARM = 64  # steps before the measurement
INNER = 8  # steps in one dispatch at most: with 100 a dispatch of 64 trials takes long


def main(arguments: list[str]) -> None:
    flags = argparse.ArgumentParser()
    flags.add_argument("sweep")
    flags.add_argument("trials")
    flags.add_argument("population")
    flags.add_argument("--cores", default="")
    flags.add_argument("--parent", type=int, default=0)
    flags = flags.parse_args(arguments)
    if flags.parent:
        end_with(flags.parent)
    use_cores(flags.cores)
    folder = SweepFolder(flags.sweep)
    configs = [folder.config(trial) for trial in flags.trials.split(",")]
    setup = build(located(configs[0], folder.started_in))
    print(json.dumps(measure(setup, configs, flags.population)))


def measure(setup: Setup, configs, population: str) -> dict[str, float]:
    """Measure the training of several trials together.

    Args:
      setup: the components of the first trial's config.
      configs: the config of each trial. They differ in seeds and knobs only.
      population: ``'vmap'``, ``'map'`` or ``'serial'``.

    Returns:
      ``seconds`` for one step of one trial; ``bytes`` of device memory for one trial
        (its state, and its share of the temporary arrays if the program is one compiled
        function); ``shared``, the bytes of the data, which all trials share;
        ``memory``, the bytes that the device has, or this machine on a CPU.
    """
    inner = min(INNER, setup.plan.parallel.inner_steps)
    plan = dataclasses.replace(
        setup.plan,
        population=population,
        devices=setup.plan.devices[:1],
        parallel=dataclasses.replace(setup.plan.parallel, inner_steps=inner),
    )
    states = stack_members(
        [init_state(setup.game, jax.random.key(c.seed), knobs(c)) for c in configs]
    )
    states = replicate(states, plan.devices)
    data = replicate(setup.feed.data, plan.devices)
    held, shared = _bytes(states), _bytes(data)
    compiled = compiled_step(setup.game, setup.feed, plan)
    if hasattr(compiled, "lower"):
        compiled = compiled.lower(states, data).compile()
        held += compiled.memory_analysis().temp_size_in_bytes

    def advance():
        nonlocal states
        states, _ = compiled(states, data)
        jax.block_until_ready(states)

    # Steps with other lazy terms are other programs, compiled at their first use.
    for _ in range(
        math.ceil(min(MOST_WARM, math.lcm(1, *setup.game.intervals)) / inner)
    ):
        advance()
    start, count = time.monotonic(), 0
    while time.monotonic() - start < SECONDS:
        advance()
        count += 1
    stats = plan.devices[0].memory_stats() or {}
    return {
        "seconds": (time.monotonic() - start) / (count * inner * len(configs)),
        "bytes": held / len(configs),
        "shared": shared,
        "memory": stats.get("bytes_limit") or host_memory(),
    }


def host_memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _bytes(tree):
    leaves = jax.tree.leaves(tree)
    return sum(x.nbytes for x in leaves if hasattr(x, "nbytes"))


if __name__ == "__main__":
    command_line.run(main)
