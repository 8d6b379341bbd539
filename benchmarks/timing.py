"""Times of several programs in turns, so that a drift of the machine affects all
programs alike."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """A program to time.

    Attributes:
      name: its name in tables.
      run: ``run(calls)`` makes ``calls`` calls and returns when their work is done.
      units: units of work (for example steps) in one call.
    """

    name: str
    run: Callable[[int], object]
    units: int = 1


@dataclass(frozen=True)
class Windows:
    """How long to measure: each program has ``count`` windows of at least
    ``seconds``."""

    count: int
    seconds: float


def turns(names: Sequence[str], count: int) -> Iterator[str]:
    """Yield the names in the order in which they are timed, A B B A A B …, each
    ``count`` times."""
    for i in range(count):
        yield from names if i % 2 == 0 else reversed(names)


def compare(
    contenders: Sequence[Contender],
    windows: Windows,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Return the seconds per unit of work in every window, by name.

    Each program first makes one call to warm up, and one call to find how many calls
    fill a window.

    Args:
      contenders: the programs.
      windows: how long to measure.
      clock: returns the time in seconds.
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
    """Return the median of ``above`` divided by the median of ``below``."""
    return statistics.median(above) / statistics.median(below)


def ratio_range(above: Sequence[float], below: Sequence[float]) -> tuple[float, float]:
    """Return the least and the greatest ratio of a sample of ``above`` to a sample of
    ``below``."""
    return min(above) / max(below), max(above) / min(below)


def overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return whether the ranges of two sets of samples share a value."""
    return min(a) <= max(b) and min(b) <= max(a)
