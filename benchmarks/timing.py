"""Times of several programs, taken in turns so that a drift of the machine hits all."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """A program to time.

    Attributes:
      name: how tables call it.
      run: ``run(calls)`` makes that many calls and returns when their work is done.
      units: units of work (steps, members' steps …) in one call.
    """

    name: str
    run: Callable[[int], object]
    units: int = 1


@dataclass(frozen=True)
class Windows:
    """How long to measure: ``count`` windows of at least ``seconds`` for each."""

    count: int
    seconds: float


def turns(names: Sequence[str], count: int) -> Iterator[str]:
    """The order of windows, A B B A A B …: each name ``count`` times."""
    for i in range(count):
        yield from names if i % 2 == 0 else reversed(names)


def compare(
    contenders: Sequence[Contender],
    windows: Windows,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds a unit of every window, by name.

    Each contender runs once for warmth and once to find how many calls fill a window.
    """

    def timed(contender, calls):
        start = clock()
        contender.run(calls)
        return clock() - start

    by_name = {contender.name: contender for contender in contenders}
    calls = {}
    for name, contender in by_name.items():
        contender.run(1)
        once = timed(contender, 1)
        calls[name] = max(1, math.ceil(windows.seconds / max(once, 1e-9)))
    samples = {name: [] for name in by_name}
    for name in turns(list(by_name), windows.count):
        seconds = timed(by_name[name], calls[name])
        samples[name].append(seconds / calls[name] / by_name[name].units)
    return samples


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median of ``above`` over median of ``below``."""
    return statistics.median(above) / statistics.median(below)


def ratio_range(above: Sequence[float], below: Sequence[float]) -> tuple[float, float]:
    """The least and the greatest ratio of a sample of each."""
    return min(above) / max(below), max(above) / min(below)


def overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether the ranges of two sets of samples share a value."""
    return min(a) <= max(b) and min(b) <= max(a)
