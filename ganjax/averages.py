"""The decay of averaged parameters, from step to step."""

import dataclasses
import functools
import math
from collections.abc import Callable, Collection

import jax.numpy as jnp

from ganjax.options import option


@dataclasses.dataclass(frozen=True)
class AverageOptions:
    """The section ``ema`` of a config."""

    decay: float = option(0.999, "decay of a step", least=0, below=1, knob=True)
    half_life: float = option(
        0.0, "thousands of images", least=0, zero="ema.decay instead", knob=True
    )
    ramp: float = option(
        0.05, "largest half-life, as a share of the images seen", least=0, zero="none",
        knob=True,
    )  # fmt: skip


def decay_of(batch_size: int, on: Collection[str]) -> Callable:
    """Return ``(knobs, step) -> decay``; ``on`` are the knobs in the program."""
    if "ema.half_life" not in on:
        return _decay_a_step
    return functools.partial(_half_life, batch_size)


def _decay_a_step(knobs, step):
    # A short memory at first, so that the average forgets the initial values.
    step = step.astype(jnp.float32)
    return jnp.minimum(knobs["ema.decay"], (1 + step) / (10 + step))


def _half_life(batch_size, knobs, step):
    """The decay of a half-life in thousands of images, at most ``ema.ramp`` times those
    seen (Karras et al. 2020, arXiv 2006.06676, official code)."""
    seen = (step.astype(jnp.float32) + 1) * batch_size
    most = jnp.where(knobs["ema.ramp"] > 0, seen * knobs["ema.ramp"], math.inf)
    half_life = jnp.minimum(1000 * knobs["ema.half_life"], most)
    return 0.5 ** (batch_size / jnp.maximum(half_life, 1e-8))
