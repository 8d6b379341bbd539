"""The plan of a run: its length, its devices and its intervals."""

import dataclasses
import math
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jax

from ganjax.core import Network
from ganjax.errors import BadInput
from ganjax.evaluation.options import EvaluationOptions
from ganjax.options import option, section

CARRIERS = ("pmap", "shard_map")
# End the run; leave the update out; go back to the last checkpoint with another key.
ON_NONFINITE = ("halt", "skip", "rollback")


@dataclasses.dataclass(frozen=True)
class Log:
    """The config section ``log``: how often metrics are written."""

    every: int = option(100, "steps between two rows of metrics", least=1,
                        whole=True)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Samples:
    """The config section ``samples``: pictures of generated samples during training."""

    every: int = option(500, "steps between two pictures of samples", least=0,
                        zero="only at the end", whole=True)  # fmt: skip
    count: int = option(64, "samples in one picture", least=1)


@dataclasses.dataclass(frozen=True)
class Checkpointing:
    """The config section ``checkpoint``: when checkpoints are saved, and which are
    kept."""

    every: int = option(500, "steps between two checkpoints", least=1,
                        whole=True)  # fmt: skip
    keep: int = option(3, "number of newest checkpoints to keep", least=1)
    best: str = option(
        "",
        "score whose best checkpoint is kept as well; empty: none",
        needs=("evaluation.names",),
    )


@dataclasses.dataclass(frozen=True)
class Parallel:
    """The config section ``parallel``: how devices share the work, and how many steps
    one call of the compiled program takes."""

    devices: int = option(1, "devices that share a batch", least=0, zero="all")
    carrier: str = option("pmap", "how several devices run a step", choices=CARRIERS)
    inner_steps: int = option(1, "steps in one dispatch", least=1)


@dataclasses.dataclass(frozen=True)
class Start:
    """The config section ``start``: another run, whose parameters this run starts
    from."""

    workdir: str = option("", "folder of a run; this run starts from its parameters")
    networks: tuple[str, ...] = option(
        (), "networks to take; empty: all", item=str, needs=("start.workdir",)
    )


def settle_length(values: dict[str, Any], given: Collection[str]) -> None:
    """Compute ``steps`` from ``kimg``, if ``kimg`` is set: the number of steps that use
    ``kimg`` thousand images.

    One step counts as ``batch_size`` images, even if the discriminator takes several
    turns in it. The number is rounded up to a multiple of ``parallel.inner_steps``.
    ``values`` is changed in place.

    Args:
      values: values of a config, path -> value.
      given: paths of the fields that one place sets, either the config file or the
        command line. If ``steps`` is among them, ``kimg`` becomes 0.

    Raises:
      BadInput: if ``given`` holds both ``steps`` and ``kimg``.
    """
    kimg, inner = values["kimg"], max(1, values["parallel.inner_steps"])
    if "steps" in given and "kimg" in given and kimg:
        raise BadInput(f"kimg={kimg}: expected either kimg or steps={values['steps']}")
    if "steps" in given:
        values["kimg"] = 0.0
    elif 0 < kimg < math.inf:
        images = inner * max(1, values["batch_size"])
        values["steps"] = inner * math.ceil(round(1000 * kimg, 6) / images)


@dataclasses.dataclass(frozen=True)
class Plan:
    """The plan of a run: its length, sections of its config, and its devices.

    Every interval is in steps and is a multiple of ``parallel.inner_steps``. The
    interval 0 means "only at the end".

    Attributes:
      devices: devices of the run.
      population: how several runs train in one program: ``'vmap'`` together, ``'map'``
        one after another in the program, ``'serial'`` one after another by calls from
        the host. ``None`` trains one run.
    """

    steps: int = option(1000, "number of steps in the run", least=1, whole=True)
    kimg: float = option(0.0, "thousands of real images of one turn, instead of steps",
                         least=0, zero="steps decides")  # fmt: skip
    batch_size: int = option(64, "real examples in one turn, over all devices", least=1)
    on_nonfinite: str = option("halt", "what a nan or an infinity does to the run",
                               choices=ON_NONFINITE)  # fmt: skip
    max_rollbacks: int = option(
        3, "most rollbacks of a run; the next nan halts it", least=1
    )
    log: Log = section(Log)
    samples: Samples = section(Samples)
    evaluation: EvaluationOptions = section(EvaluationOptions)
    checkpoint: Checkpointing = section(Checkpointing)
    parallel: Parallel = section(Parallel)
    start: Start = section(Start)
    devices: Sequence[jax.Device] = ()
    population: str | None = None

    def due(self, every: int, step: int) -> bool:
        """Return whether something with the interval ``every`` (in steps) is due at
        ``step``. At the last step everything is due."""
        return step == self.steps or (every > 0 and step % every == 0)

    def on_devices(
        self, packing: int = 1, networks: Mapping[str, Network] | None = None
    ) -> "Plan":
        """Return the plan with the devices that ``parallel`` asks for.

        Args:
          packing: number of samples that the critic receives as one input.
          networks: the networks of the game, by name. A network that compares the
            samples of a group needs whole groups on each device.

        Raises:
          BadInput: if there are too few devices, they cannot share the batch equally,
            or the batch of a device is not a multiple of ``packing`` or of the groups.
            Several processes need all devices and the carrier ``shard_map``, and
            cannot roll back.
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
        if processes > 1 and self.on_nonfinite == "rollback":
            raise BadInput(
                f"on_nonfinite='rollback': expected 'halt' or 'skip' with {processes} "
                "processes, because only the first process sees the records"
            )
        if wanted > len(found):
            raise BadInput(
                f"parallel.devices={wanted}: expected at most {len(found)} devices"
            )
        if self.batch_size % wanted:
            raise BadInput(
                f"batch_size={self.batch_size}: expected a multiple of {wanted}, "
                f"because {wanted} devices share the batch"
            )
        if (share := self.batch_size // wanted) % packing:
            raise BadInput(
                f"packing={packing}: expected a divisor of {share}, the number of "
                f"examples on each device (batch_size={self.batch_size} on {wanted} "
                "devices)"
            )
        for name, network in (networks or {}).items():
            # With a smaller divisor the deviation of a group would have another
            # meaning; with 1 it is constant.
            group = getattr(network.module, "deviation_group", 1)
            if (inputs := share // packing) % min(group, inputs):
                unit = group * packing * wanted
                right = unit * max(1, round(self.batch_size / unit))
                raise BadInput(
                    f"batch_size={self.batch_size}: expected a multiple of {unit}, "
                    f"such as {right}, because networks.{name} compares groups of "
                    f"{group}"
                )
        return dataclasses.replace(self, devices=found[:wanted])

    def described(self) -> dict[str, Any]:
        """Return the hardware, the versions and the way of execution that decide how
        numbers are rounded. The ``state_digest`` (hash of the final state) of two runs
        can be compared only if these entries are equal."""
        carrier = "jit" if len(self.devices) == 1 else self.parallel.carrier
        cores = {}
        if self.devices[0].platform == "cpu":  # XLA splits sums by cores
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
