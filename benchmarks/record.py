"""The results of one row of the benchmark, and the header of a record of all rows."""

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
    """Settings of the command for every row.

    Attributes:
      windows: how long to measure.
      quick: whether to use tiny sizes. They test the program; their times mean nothing.
      peer: ``'torch'`` or ``None``.
      cases: ``(precision, batch size)`` of image steps. If empty, the defaults of the
        hardware.
    """

    windows: Windows
    quick: bool = False
    peer: str | None = None
    cases: tuple[tuple[str, int], ...] = ()

    def size(self, full: Any, quick: Any) -> Any:
        """Return ``quick`` if the command is quick, else ``full``."""
        return quick if self.quick else full

    def quickly(self) -> Windows:
        """Return short windows, for a choice among variants and not for a report."""
        return Windows(2, self.windows.seconds)


class NotRun(Exception):
    """A row, or a part of a row, cannot run here. The message gives the reason."""


@dataclasses.dataclass
class Part:
    """One comparison: the samples of each program, and their ratios.

    Attributes:
      title: the subject of the comparison.
      unit: unit of the samples, such as ``'s/step'`` or ``'MiB'``.
      samples: ``{program: samples}``.
      ratios: the rows that ``faster``, ``costs``, ``share`` and ``value`` add.
      notes: remarks for the reader, such as variants that were tried or left out.
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
        """Add how many times faster ``name`` is than ``than``. More is better.

        Args:
          name, than: two programs of ``samples``.
          must: the limit that decides whether the row holds.
          aim: the limit that we hope for.
        """
        self._add(f"{name}: times faster than {than}", than, name, must, aim, "least")

    def costs(
        self,
        name: str,
        over: str,
        *,
        must: float | None = None,
        aim: float | None = None,
    ) -> None:
        """Add the ratio of ``name`` to ``over``. Less is better.

        Args:
          name, over: two programs of ``samples``.
          must: the limit that decides whether the row holds.
          aim: the limit that we hope for.
        """
        self._add(f"{name}: cost over {over}", name, over, must, aim, "most")

    def share(self, name: str, of: str) -> None:
        """Add the value of ``name`` as a share of the value of ``of``, for samples that
        are rates. More is better."""
        self._add(f"{name}: share of {of}", name, of, None, None, "least")

    def value(
        self, name: str, value: float, *, must: float | None = None, bound: str
    ) -> None:
        """Add a number that is not a ratio of samples.

        Args:
          name: its name in the table.
          value: the number.
          must: its limit.
          bound: ``'least'`` if ``must`` is a lower limit, ``'most'`` for an upper one.
        """
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
        """Return the part for JSON, with the median and range of each program."""
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
    """Return the header of a record: hardware, versions, revision and settings.

    Args:
      settings: the settings of the command.
      versions: versions of packages that only the benchmark imports.
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
        "uncommitted": found["changed"],
        "windows": dataclasses.asdict(settings.windows),
        "quick": settings.quick,
        "peer": settings.peer,
    }


def _cpu() -> str:
    """Return the name of the processor as the kernel reports it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
