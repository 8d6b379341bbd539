"""Choose how trials that share a program run together: their carrier.

``'map'`` and ``'serial'`` equal solo runs exactly, and ``'vmap'`` may be faster. So the
question is only whether ``'vmap'`` is worth it. Measurements may take ``SHARE`` of the
time that the trials take. The rule:

1. On a CPU, convolutional networks are not measured: a batch of them is not faster, and
   takes minutes to compile. They run by ``'map'``. With lazy terms they run by
   ``'serial'``, because the program of ``'map'`` has conditionals around these terms.
2. Measurements of the same program on the same machine are taken from ``measured.py``.
3. ``'map'`` is measured with ``FEW`` trials. On a CPU this needs trials that take long
   enough, by a lower bound of the time of a step. On an accelerator it always happens,
   because the memory of a trial must be known.
4. ``'vmap'`` is measured with up to ``MANY`` trials if they take long enough by the
   measured time of a step. It is chosen if it is ``WORTH`` times faster.
5. In all other cases the trials run by ``'map'``.
"""

import dataclasses
import json
import math
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
from ml_collections import ConfigDict

from ganjax.build import build_game
from ganjax.config import knobs
from ganjax.core import init_state
from ganjax.data import Source, is_streamed, source_of
from ganjax.errors import BadInput
from ganjax.loading import located
from ganjax.sweeps import measured
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.measure import host_memory
from ganjax.sweeps.slots import SHARED
from ganjax.sweeps.trials import SweptConfig

# Largest part of the time of the trials that their measurements may take.
SHARE = 0.05
# Seconds that a measurement takes at least: a process that starts JAX and compiles.
LEAST = 10.0
FEW, MANY = 4, 64
# Speed-up that 'vmap' must give: its members do not equal their solo runs exactly.
WORTH = 1.1
# On a CPU a process holds three copies of the state of a trial: before a step, after
# it, and in the checkpoint that is being written.
COPIES = 3
# Lower bounds of the time of a step on a CPU: the seconds of a dispatch, and the number
# of operations divided by the most that a core computes in a second.
SHORTEST, FASTEST = 1e-4, 1e11
TOO_LONG = "a measurement would take more than 5 % of the time of the trials"
STATED = "--population states it"


@dataclasses.dataclass(frozen=True)
class Kind:
    """Trials of a sweep that have the same size and take the same time.

    Attributes:
      name: what they are, in words.
      group: the trials of one compiled program.
      count: number of trials in the sweep, also in other programs.
    """

    name: str
    group: Sequence[SweptConfig]
    count: int

    @property
    def said(self) -> str:
        """Return the number and the name, for messages."""
        return f"{self.count} trials of {self.name}"


def chosen(
    folder: SweepFolder,
    kind: Kind,
    *,
    population: str = "auto",
    accelerators: int = 0,
    cores: Sequence[int] = (),
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Return how trials run together, and what is known about their cost.

    Args:
      folder: the folder of the sweep.
      kind: the trials.
      population: the way that the user states, or ``'auto'``.
      accelerators: number of accelerators.
      cores: numbers of the CPU cores of one process; all cores if empty.
      say: receives lines for the user.

    Returns:
      ``population``, the way, and ``because``, the reason. If the trials run together:
        ``bytes`` of device memory for each trial, ``shared`` bytes for all of them, the
        ``memory`` of the device, and ``measured``: way -> result of the measurement.

    Raises:
      BadInput: the memory of a trial on an accelerator cannot be measured.
    """
    config = located(kind.group[0].base, folder.started_in)
    source = source_of(config.data)
    if is_streamed(config.data, source):
        return {"population": "alone", "because": "data are read from the disk"}
    cores = tuple(cores) or range(os.cpu_count() or 1)
    facts, shortest, way = _by_shapes(config, source, len(cores))
    if not accelerators and population == "auto" and way:
        say(f"{kind.said} run by {way}, as convolutional networks do on a CPU")
        because = "convolutional networks on a CPU"
        return {"population": way, "because": because, **facts}
    if not accelerators and population != "auto":
        return {"population": population, "because": STATED, **facts}

    first, members = ("map", MANY) if population == "auto" else (population, FEW)
    found = _Measurements(folder, kind, members, accelerators, cores, say)
    limit = math.inf if accelerators else found.allowed(shortest)
    if first not in found.rows and limit >= LEAST:
        try:
            found.take(first, FEW, limit)
        except BadInput as error:
            raise BadInput(
                f"population: the speed and memory of trials in one program cannot be "
                f"measured: {error}; --population=alone runs them one by one"
            ) from error
    if first not in found.rows:
        say(f"{kind.said} run by map: {TOO_LONG}")
        return {"population": "map", "because": TOO_LONG, **facts}
    way, because = first, STATED
    if population == "auto":
        because = found.compare()
        way = fastest({x: found.rows[x] for x in ("map", "vmap") if x in found.rows})
        say(f"{kind.said} run by {way}: {because}")
    found.keep()
    row = found.rows[way]
    if accelerators:
        facts = {name: row[name] for name in ("bytes", "shared", "memory")}
    facts["bytes"] = max(facts["bytes"], row["bytes"])
    return {"population": way, "because": because, **facts, "measured": found.rows}


def fastest(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return the fastest way to train trials together.

    Args:
      rows: the result of ``measure`` for each way. ``'vmap'`` is chosen only if it is
        ``WORTH`` times faster, because its trials do not equal solo runs exactly.
    """
    cost = {
        way: row["seconds"] * (WORTH if way == "vmap" else 1)
        for way, row in rows.items()
    }
    return min(cost, key=cost.get)


class _Measurements:
    """The measurements of a kind, kept ones and new ones: ``rows``, by way."""

    def __init__(self, folder, kind, members, accelerators, cores, say):
        self._folder, self._kind, self._cores, self._say = folder, kind, cores, say
        self._parallel = accelerators or SHARED
        self._base, self._spent = kind.group[0].base, 0.0
        members = min(len(kind.group), members)
        self._machine = measured.machine(accelerators, len(cores))
        self._key = measured.key(self._base, members, self._machine)
        self.rows = measured.recall(self._key) if self._machine else {}
        self._kept = set(self.rows)

    def allowed(self, seconds: float) -> float:
        """Return the seconds that further measurements may take, if a step of a trial
        takes ``seconds``."""
        steps = self._kind.count * self._base.steps
        return SHARE * seconds * steps / self._parallel - self._spent

    def take(self, way: str, members: int, limit: float) -> None:
        """Measure one way, unless this takes longer than ``limit`` seconds."""
        trials = self._kind.group[:members]
        self._say(f"measuring {len(trials)} of {self._kind.said}, by {way}")
        start = time.monotonic()
        row = _measure(self._folder, trials, way, self._cores, limit)
        took = time.monotonic() - start
        self._spent += took
        if row is not None:
            self.rows[way] = {**row, "took": took}

    def compare(self) -> str:
        """Measure ``'vmap'`` if the measured time of ``'map'`` allows it. Return in
        words why the fastest of ``rows`` is the way to run the trials."""
        row = self.rows["map"]
        limit = self.allowed(row["seconds"])
        if "vmap" not in self.rows and limit >= max(LEAST, row["took"]):
            try:
                self.take("vmap", MANY, limit)
            except BadInput as error:
                return f"vmap cannot be measured: {error}"
        return "the faster of map and vmap" if "vmap" in self.rows else TOO_LONG

    def keep(self) -> None:
        """Keep new measurements for later sweeps."""
        if self._machine and set(self.rows) - self._kept:
            about = f"{self._kind.name}, on {self._machine}"
            measured.keep(self._key, about, self.rows)


def _measure(folder, trials, way, cores, limit) -> dict[str, Any] | None:
    """Return the result of ``measure.measure``, or ``None`` if it is not there after
    ``limit`` seconds. Raise ``BadInput`` with the reason if it fails."""
    command = [
        sys.executable,
        "-m",
        "ganjax.sweeps.measure",
        str(folder.path),
        ",".join(trial.id for trial in trials),
        way,
        f"--cores={','.join(map(str, cores))}",
        f"--parent={os.getpid()}",  # so that it does not outlive a forced exit
    ]
    limit = None if math.isinf(limit) else limit
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=limit
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        last = _error(done.stderr) or f"exit {done.returncode}"
        raise BadInput(last.removeprefix("error: "))
    return json.loads(done.stdout.splitlines()[-1])


def _error(stderr) -> str:
    """Return the last line that names an error, or else the last line. JAX can print
    other lines after the error."""
    lines = stderr.strip().splitlines()
    named = [line for line in lines if re.match(r"(error|[\w.]+Error): ", line)]
    return (named or lines or [""])[-1]


def _by_shapes(config: ConfigDict, source: Source, cores: int):
    """Return what shapes tell about trials on a CPU: the memory that they need, the
    least seconds of a step, and how convolutional networks run (``''`` for others)."""
    game, _ = build_game(config, source)
    state = jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs(config)))
    size = _bytes(state.replace(key=None))
    parameters = jax.tree.leaves(state.params)
    operations = 6 * config.batch_size * sum(math.prod(x.shape) for x in parameters)
    memory = host_memory() // SHARED  # the processes of a sweep share it
    facts = {"bytes": COPIES * size, "shared": 0, "memory": memory}
    convolutional = any(x.ndim == 4 for x in parameters)
    way = ("serial" if game.intervals else "map") if convolutional else ""
    return facts, max(SHORTEST, operations / (cores * FASTEST)), way


def _bytes(tree):
    leaves = jax.tree.leaves(tree)
    return sum(math.prod(x.shape) * x.dtype.itemsize for x in leaves)
