"""How long a run is, on what, and what happens when."""

import dataclasses
from collections.abc import Sequence

import jax


@dataclasses.dataclass(frozen=True)
class Plan:
    """Every interval is in steps and a multiple of ``inner_steps``; 0 means only at the
    end. ``seed`` is that of a new run; one that goes on has its key in its state."""

    seed: int
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

    def due(self, every: int, step: int) -> bool:
        return step == self.steps or (every > 0 and step % every == 0)
