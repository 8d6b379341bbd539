"""Decay of the averaged parameters (exponential moving averages, EMA) at each step."""

import dataclasses
import functools
import math
from collections.abc import Callable, Collection

import jax.numpy as jnp

from ganjax.options import option


@dataclasses.dataclass(frozen=True)
class AverageOptions:
    """The section ``ema`` of a config: how fast the averages of parameters follow
    them. An update has a number, counted from 1."""

    decay: float = option(0.999, "decay per step", least=0, below=1, knob=True)
    half_life: float = option(
        0.0, "in thousands of images", least=0, zero="use ema.decay", knob=True
    )
    ramp: float = option(
        0.05, "largest half-life, as a share of the images seen", least=0, zero="none",
        knob=True,
    )  # fmt: skip
    begin: float = option(
        0.0, "update that begins the average; until then it copies the parameters",
        least=0, zero="none; ema.decay is small at first", knob=True,
    )  # fmt: skip


def decay_of(batch_size: int, on: Collection[str]) -> Callable:
    """Return ``(knobs, step) -> decay`` of the averages.

    Args:
      batch_size: number of images of a step.
      on: names of the knobs (numbers of the config) that are in use. With
        ``ema.half_life`` among them the decay follows a half-life, otherwise
        ``ema.decay``. With ``ema.begin`` among them the decay is 0 before that update,
        and ``ema.decay`` from then on (``ema_start`` in BigGAN-PyTorch 9845943).
    """
    begins = "ema.begin" in on
    if "ema.half_life" in on:
        decay = functools.partial(_half_life, batch_size)
    else:
        decay = _constant if begins else _decay_a_step
    return functools.partial(_from_beginning, decay) if begins else decay


def _from_beginning(decay, knobs, step):
    return jnp.where(step + 1 < knobs["ema.begin"], 0.0, decay(knobs, step))


def _constant(knobs, step):
    return knobs["ema.decay"]


def _decay_a_step(knobs, step):
    # The decay is small at first, so that the average forgets the initial values.
    step = step.astype(jnp.float32)
    return jnp.minimum(knobs["ema.decay"], (1 + step) / (10 + step))


def _half_life(batch_size, knobs, step):
    """Return the decay for a half-life in thousands of images, limited to ``ema.ramp``
    times the images seen before this step (Karras et al. 2020, arXiv 2006.06676,
    official code). So after the first step the average is a copy."""
    seen = step.astype(jnp.float32) * batch_size
    most = jnp.where(knobs["ema.ramp"] > 0, seen * knobs["ema.ramp"], math.inf)
    half_life = jnp.minimum(1000 * knobs["ema.half_life"], most)
    return 0.5 ** (batch_size / jnp.maximum(half_life, 1e-8))
