"""How long a run is, on what it runs, and what happens when."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import jax

from ganjax.errors import BadInput
from ganjax.evaluation.options import EvaluationOptions
from ganjax.options import option, section

CARRIERS = ("pmap", "shard_map")


@dataclasses.dataclass(frozen=True)
class Log:
    """The section ``log``."""

    every: int = option(100, "steps from one row of metrics to the next", least=1,
                        whole=True)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Samples:
    """The section ``samples``."""

    every: int = option(500, "steps from one picture of samples to the next", least=0,
                        zero="only at the end", whole=True)  # fmt: skip
    count: int = option(64, "samples in a picture", least=1)


@dataclasses.dataclass(frozen=True)
class Checkpointing:
    """The section ``checkpoint``."""

    every: int = option(500, "steps from one checkpoint to the next", least=1,
                        whole=True)  # fmt: skip
    keep: int = option(3, "newest checkpoints that stay", least=1)
    best: str = option(
        "",
        "score whose best checkpoint stays as well; empty: none",
        needs=("evaluation.names",),
    )


@dataclasses.dataclass(frozen=True)
class Parallel:
    """The section ``parallel``."""

    devices: int = option(1, "devices that share a batch", least=0, zero="all")
    carrier: str = option("pmap", "how several devices run a step", choices=CARRIERS)
    inner_steps: int = option(1, "steps in one dispatch", least=1)


@dataclasses.dataclass(frozen=True)
class Start:
    """The section ``start``."""

    workdir: str = option("", "run whose parameters this run begins with")
    networks: tuple[str, ...] = option(
        (), "networks to take; all if empty", item=str, needs=("start.workdir",)
    )


@dataclasses.dataclass(frozen=True)
class Plan:
    """The plan of a run: its sections in the config, and the devices that it has.

    Every interval is in steps and a multiple of ``parallel.inner_steps``; 0 means only
    at the end.

    Attributes:
      devices: those that the run was given.
      population: how members run together, as ``compile_step`` takes it.
    """

    steps: int = option(1000, "length of the run", least=1, whole=True)
    batch_size: int = option(64, "real examples of a turn, over all devices", least=1)
    log: Log = section(Log)
    samples: Samples = section(Samples)
    evaluation: EvaluationOptions = section(EvaluationOptions)
    checkpoint: Checkpointing = section(Checkpointing)
    parallel: Parallel = section(Parallel)
    start: Start = section(Start)
    devices: Sequence[jax.Device] = ()
    population: str | None = None

    def due(self, every: int, step: int) -> bool:
        """Whether what happens every so many steps happens at ``step``."""
        return step == self.steps or (every > 0 and step % every == 0)

    def on_devices(self, packing: int = 1) -> "Plan":
        """Return the plan on the devices that ``parallel`` asks for.

        Args:
          packing: samples that a critic judges as one.

        Raises:
          BadInput: if there are fewer devices, or they cannot share the batch.
        """
        found, parallel = jax.devices(), self.parallel
        wanted = parallel.devices or len(found)
        processes = jax.process_count()
        if processes > 1 and (wanted != len(found) or parallel.carrier != "shard_map"):
            raise BadInput(
                f"parallel.devices={parallel.devices}, parallel.carrier="
                f"'{parallel.carrier}': expected 0 and 'shard_map' for the "
                f"{len(found)} devices of {processes} processes"
            )
        if wanted > len(found):
            raise BadInput(
                f"parallel.devices={wanted}: there are {len(found)} devices here"
            )
        if self.batch_size % wanted:
            raise BadInput(
                f"batch_size={self.batch_size}: expected a multiple of the {wanted} "
                f"devices"
            )
        if (share := self.batch_size // wanted) % packing:
            raise BadInput(
                f"packing={packing}: expected a divisor of {share}, which each of "
                f"{wanted} devices has of batch_size={self.batch_size}"
            )
        return dataclasses.replace(self, devices=found[:wanted])

    def described(self) -> dict[str, Any]:
        """Return what a ``state_digest`` depends on beside the config."""
        carrier = "jit" if len(self.devices) == 1 else self.parallel.carrier
        cores = {}
        if self.devices[0].platform == "cpu":  # there it decides how sums are split
            cores["cores"] = len(os.sched_getaffinity(0))
        return {
            "carrier": self.population or carrier,
            **cores,
            "devices": len(self.devices),
            "backend": self.devices[0].platform,
            "device_kind": self.devices[0].device_kind,
            "inner_steps": self.parallel.inner_steps,
            "jax": jax.__version__,
        }
