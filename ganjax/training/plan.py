"""How long a run is, on what, and what happens when."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import jax


@dataclasses.dataclass(frozen=True)
class Plan:
    """Every interval is in steps and a multiple of ``inner_steps``; 0 means only at the
    end. ``population`` is how members run together, as ``compile_step`` takes it."""

    steps: int
    batch_size: int
    devices: Sequence[jax.Device]
    carrier: str
    inner_steps: int
    log_every: int
    sample_every: int
    sample_count: int
    evaluate_every: int
    checkpoint_every: int
    checkpoints_kept: int
    best: str = ""  # the score whose best checkpoint is kept; empty: none
    best_is: str = "least"
    population: str | None = None

    def due(self, every: int, step: int) -> bool:
        return step == self.steps or (every > 0 and step % every == 0)

    def described(self) -> dict[str, Any]:
        """On what a ``state_digest`` can be compared."""
        carrier = "jit" if len(self.devices) == 1 else self.carrier
        cores = {}
        if self.devices[0].platform == "cpu":  # there it decides how sums are split
            cores["cores"] = len(os.sched_getaffinity(0))
        return {
            "carrier": self.population or carrier,
            **cores,
            "devices": len(self.devices),
            "backend": self.devices[0].platform,
            "device_kind": self.devices[0].device_kind,
            "inner_steps": self.inner_steps,
            "jax": jax.__version__,
        }
