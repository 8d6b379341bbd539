"""What a trial's process is given: an accelerator, or some of the cores."""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def use_cores(named: str) -> None:
    """Keeps this process to cores, as ``'0,1'``, before a backend makes its threads;
    to nothing where none is named."""
    if named:
        os.sched_setaffinity(0, {int(core) for core in named.split(",")})


@dataclasses.dataclass(frozen=True)
class Slot:
    """A share of this machine.

    Attributes:
      name: for the reader.
      environment: of the process, before it imports jax.
      cores: those that it alone may use; all of them where there is none.
    """

    name: str
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cores: tuple[int, ...] = ()


def gpus(environment: Mapping[str, str] | None = None) -> list[str]:
    """The GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them; none
    where jax is told to do without. jax itself is not asked, as it would take them."""
    environment = os.environ if environment is None else environment
    platforms = environment.get("JAX_PLATFORMS", "")
    if platforms and not {"cuda", "gpu"} & set(platforms.split(",")):
        return []
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name.strip() for name in visible.split(",") if name.strip()]
    there = Path("/proc/driver/nvidia/gpus")
    return [str(i) for i in range(len(list(there.glob("*"))))]


# Processes where cores are shared. The number of cores decides how XLA sums on CPU, so
# a trial equals its solo run if it is given all of them; two leave none idle.
SHARED = 2


def slots(
    wanted: int,
    width: int = 1,
    accelerators: Sequence[str] = (),
    cores: Sequence[int] = (0,),
    pinned: bool = False,
) -> list[Slot]:
    """The shares of this machine.

    Args:
      wanted: how many, 0 for as many as there are: accelerators, or else ``SHARED``,
        or cores if they are ``pinned``.
      width: accelerators to a slot.
      accelerators: their names.
      cores: their numbers, where there is no accelerator.
      pinned: whether each slot has cores of its own.
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
