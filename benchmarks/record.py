"""What a row of the benchmark hands back, and the record of a whole run."""

import dataclasses
import os
import platform
import statistics
from pathlib import Path
from typing import Any

from benchmarks.timing import Windows, median_ratio, overlap, ratio_range
from ganjax.training import environment


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a command asks of every row.

    Attributes:
      windows: how long to measure.
      quick: sizes so small that only the program is tested, not the machine.
      peer: ``'torch'`` or ``None``.
      cases: precisions and batch sizes of image steps; the hardware's own if empty.
    """

    windows: Windows
    quick: bool = False
    peer: str | None = None
    cases: tuple[tuple[str, int], ...] = ()

    def size(self, full: Any, quick: Any) -> Any:
        """``full``, or ``quick`` where the command is to be quick."""
        return quick if self.quick else full

    def quickly(self) -> Windows:
        """Windows to choose among variants by, not to report."""
        return Windows(2, self.windows.seconds)


class NotRun(Exception):
    """A row, or a part of one, cannot run here; the message says why."""


@dataclasses.dataclass
class Part:
    """One comparison: the samples of each contender and the ratios that matter.

    Attributes:
      title: what is compared.
      unit: of the samples, ``'s/step'``, ``'MiB'`` …
      samples: by contender.
      ratios: as ``faster`` and ``costs`` made them.
      notes: what a reader must know: what was tried, what was left out and why.
    """

    title: str
    unit: str
    samples: dict[str, list[float]]
    ratios: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)

    def faster(
        self,
        name: str,
        than: str,
        *,
        must: float | None = None,
        aim: float | None = None,
    ) -> None:
        """Adds how many times less ``name`` takes ``than`` another; more is better."""
        self._add(f"{name}: times faster than {than}", than, name, must, aim, "least")

    def costs(
        self,
        name: str,
        over: str,
        *,
        must: float | None = None,
        aim: float | None = None,
    ) -> None:
        """Adds what ``name`` takes ``over`` another takes; less is better."""
        self._add(f"{name}: cost over {over}", name, over, must, aim, "most")

    def share(self, name: str, of: str) -> None:
        """Adds what part of a rate ``of`` another ``name`` reaches."""
        self._add(f"{name}: share of {of}", name, of, None, None, "least")

    def value(
        self, name: str, value: float, *, must: float | None = None, bound: str
    ) -> None:
        """Adds a number that is no ratio of samples, with ``bound`` ``'least'`` or
        ``'most'`` for what it must be."""
        self.ratios.append({"name": name, "value": value, "must": must, "bound": bound})

    def _add(self, title, above, below, must, aim, bound):
        above, below = self.samples[above], self.samples[below]
        low, high = ratio_range(above, below)
        self.ratios.append(
            {
                "name": title,
                "value": median_ratio(above, below),
                "low": low,
                "high": high,
                "overlap": overlap(above, below),
                "must": must,
                "aim": aim,
                "bound": bound,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """The part with the median and range of each contender."""
        return {
            "title": self.title,
            "unit": self.unit,
            "measured": {
                name: {
                    "median": statistics.median(samples),
                    "low": min(samples),
                    "high": max(samples),
                    "samples": samples,
                }
                for name, samples in self.samples.items()
            },
            "ratios": self.ratios,
            "notes": self.notes,
        }


def header(settings: Settings, versions: dict[str, str]) -> dict[str, Any]:
    """Hardware, versions and revision, and how long was measured.

    Args:
      versions: of what the benchmark alone imports.
    """
    found = environment()
    return {
        "hardware": {
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)),
            "backend": found["backend"],
            "device_kind": found["device_kind"],
            "devices": len(found["devices"]),
        },
        "versions": {**found["versions"], **versions},
        "xla_flags": found["xla_flags"],
        "revision": found["revision"],
        "uncommitted": bool(found["diff"]),
        "windows": dataclasses.asdict(settings.windows),
        "quick": settings.quick,
        "peer": settings.peer,
    }


def _cpu() -> str:
    """The processor's model, as the kernel names it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
