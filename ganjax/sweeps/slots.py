"""Slots: the accelerators or CPU cores that one process of a sweep may use, and how
long the process lives."""

import ctypes
import dataclasses
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def use_cores(named: str) -> None:
    """Restrict this process to CPU cores, given by number as in ``'0,1'``. An empty
    text does nothing. Call this before JAX starts its threads."""
    if named:
        os.sched_setaffinity(0, {int(core) for core in named.split(",")})


@dataclasses.dataclass(frozen=True)
class Slot:
    """A share of this machine, for one process at a time.

    Attributes:
      name: name for messages.
      environment: environment variables of the process, set before it imports jax.
      cores: numbers of the CPU cores that the process may use; all cores if empty.
    """

    name: str
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cores: tuple[int, ...] = ()


def gpus(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the GPUs that this process may use, as names for ``CUDA_VISIBLE_DEVICES``.
    The list is empty if ``JAX_PLATFORMS`` excludes GPUs.

    JAX is not asked, because it would reserve the GPUs for this process.

    Args:
      environment: environment variables; ``None`` reads ``os.environ``.
    """
    environment = os.environ if environment is None else environment
    platforms = environment.get("JAX_PLATFORMS", "")
    if platforms and not {"cuda", "gpu"} & set(platforms.split(",")):
        return []
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    there = Path("/proc/driver/nvidia/gpus")
    return [str(i) for i in range(len(list(there.glob("*"))))]


# Processes that share all cores. XLA's sums on CPU depend on the number of cores, so a
# trial equals its solo run only with all cores. Two processes keep all cores busy.
SHARED = 2


def slots(
    wanted: int,
    width: int = 1,
    accelerators: Sequence[str] = (),
    cores: Sequence[int] = (0,),
    pinned: bool = False,
) -> list[Slot]:
    """Divide this machine into slots, each for one process at a time.

    Args:
      wanted: the largest number of slots. 0 takes all accelerators. Without
        accelerators, 0 takes ``SHARED`` slots, or one for each core if ``pinned``.
      width: accelerators in one slot.
      accelerators: names of the accelerators.
      cores: numbers of the CPU cores, used if there are no accelerators.
      pinned: whether each slot has separate cores. Otherwise all slots share all cores.
    """
    if accelerators:
        shares = [
            tuple(accelerators[i : i + width])
            for i in range(0, len(accelerators) - width + 1, width)
        ]
        return [
            Slot(f"GPU {'+'.join(share)}", {"CUDA_VISIBLE_DEVICES": ",".join(share)})
            for share in shares[: wanted or None]
        ]  # fmt: skip
    if not pinned:
        return [Slot(f"CPU {i}") for i in range(wanted or min(SHARED, len(cores)))]
    count = min(wanted or len(cores), len(cores))
    each = len(cores) // count
    return [
        Slot(f"CPU {i}", cores=tuple(cores[i * each : (i + 1) * each]))
        for i in range(count)
    ]


def end_with(parent: int) -> None:
    """Have Linux kill this process when its parent process ends. ``parent`` is the id
    of the parent. On other systems this does nothing."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it ended before this call
            os._exit(1)
