"""A rehearsal of a run: a few steps, and from them the cost of all steps."""

import dataclasses
import io
import json
import math
import resource
import sys
import time
from collections.abc import Mapping

import jax
import numpy as np

from ganjax.core import Game, init_state, replicate
from ganjax.data import Feed
from ganjax.training.dispatch import compiled_step, dispatched_data
from ganjax.training.pictures import image_grid, scatter
from ganjax.training.plan import Plan
from ganjax.training.samples import POINTS_A_COUNT

STEPS = 20
# Steps before the measurement, in which each program of lazy terms is compiled.
MOST_WARM = 64


@dataclasses.dataclass(frozen=True)
class Rehearsal:
    """The measured cost of a few steps.

    Attributes:
      steps: number of measured steps.
      compilation: seconds before the measurement, mostly compilation.
      seconds: seconds of one step, without compilation.
      memory: peak bytes of the fullest device. If the devices do not report it, as on
        CPU, peak bytes of this process.
      state: bytes of a checkpoint.
      row: bytes of a row of metrics.
    """

    steps: int
    compilation: float
    seconds: float
    memory: int
    state: int
    row: int


@dataclasses.dataclass(frozen=True)
class Disk:
    """The files of a whole run. Each attribute is the number of files, or of rows, and
    the bytes of one of them. Cached features, scores, TensorBoard events and the report
    are not counted."""

    checkpoints: tuple[int, int]
    pictures: tuple[int, int]
    rows: tuple[int, int]

    @property
    def bytes(self) -> int:
        """Return the bytes of all files together."""
        return sum(n * size for n, size in dataclasses.astuple(self))


def rehearse(
    game: Game, knobs: Mapping[str, float], feed: Feed, plan: Plan
) -> Rehearsal:
    """Measure the cost of a run's steps and write no file.

    First take steps without measurement, until all programs are compiled. Then measure
    ``STEPS`` steps, rounded up to a multiple of ``parallel.inner_steps``.

    Args:
      knobs: values of the numbers that are data of the compiled step, by config field.
    """
    inner = plan.parallel.inner_steps
    warm = math.ceil(min(MOST_WARM, math.lcm(1, *game.intervals)) / inner)
    dispatches = math.ceil(STEPS / inner)
    start, key = time.monotonic(), jax.random.key(0)
    state = replicate(init_state(game, key, dict(knobs)), plan.devices)
    advance = compiled_step(game, feed, plan)
    with dispatched_data(feed, key, 0, plan) as data:
        for _ in range(warm):
            state, metrics = advance(state, next(data))
        jax.block_until_ready(state)
        began = time.monotonic()
        for _ in range(dispatches):
            state, metrics = advance(state, next(data))
        jax.block_until_ready(state)
        ended = time.monotonic()
    steps = dispatches * inner
    row = {name: float(np.ravel(value)[-1]) for name, value in metrics.items()}
    return Rehearsal(
        steps=steps,
        compilation=began - start,
        seconds=(ended - began) / steps,
        memory=_peak(plan.devices),
        state=sum(x.nbytes for x in jax.tree.leaves(state)),
        row=len(json.dumps({"step": plan.steps, **row})),
    )


def _peak(devices):
    """Return the peak of memory in bytes: of the fullest device, or of this process."""
    stats = [device.memory_stats() or {} for device in devices]
    if all("peak_bytes_in_use" in found for found in stats):
        return max(found["peak_bytes_in_use"] for found in stats)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else 1024 * kilobytes


def disk(plan: Plan, rehearsal: Rehearsal, shape: tuple[int, ...]) -> Disk:
    """Return the number and the size of the files of a whole run. The size of a picture
    is measured on random pixels, which compress least.

    Args:
      rehearsal: the measured sizes of a checkpoint and of a row of metrics.
      shape: shape of one sample: ``(H, W, C)`` or ``(D,)``.
    """
    kept = plan.checkpoint.keep + bool(plan.checkpoint.best)
    made = math.ceil(plan.steps / plan.checkpoint.every)
    every = plan.samples.every or plan.steps
    pictures = 1 + math.ceil(plan.steps / every)  # one of real samples
    rows = math.ceil(plan.steps / plan.log.every)
    return Disk(
        checkpoints=(min(kept, made), rehearsal.state),
        pictures=(pictures, _picture(shape, plan.samples.count)),
        rows=(rows, rehearsal.row),
    )


def _picture(shape, count):
    """Return the bytes of a picture of ``count`` random samples."""
    rng = np.random.default_rng(0)
    if len(shape) == 3:
        picture = image_grid(rng.uniform(-1, 1, (count, *shape)))
    else:
        points = rng.standard_normal((2, POINTS_A_COUNT * count, math.prod(shape)))
        picture = scatter(*points)
    file = io.BytesIO()
    picture.save(file, format="png")
    return file.tell()
