"""Numbers that change during training: shapes of the way from a start to an end."""

import dataclasses
from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp


def linear(start, end, part):
    """Along a straight line."""
    return start + (end - start) * part


def cosine(start, end, part):
    """Half a cosine, level at both ends (Loshchilov & Hutter 2017, arXiv 1608.03983,
    eq. 5; the burn-in of R3GAN, arXiv 2501.05441, appendix)."""
    return end + (start - end) * 0.5 * (1 + jnp.cos(jnp.pi * part))


def exponential(start, end, part):
    """By equal factors in equal times; both ends above 0."""
    return start * (end / start) ** part


def sudden(start, end, part):
    """The start until the last moment, then the end."""
    return jnp.where(part < 1, start, end)


SHAPES = {
    "linear": linear,
    "cosine": cosine,
    "exponential": exponential,
    "sudden": sudden,
}


@dataclasses.dataclass(frozen=True)
class Schedule:
    """What becomes of some knobs.

    Attributes:
      knobs: names; each starts at its own value.
      shape: an entry of ``SHAPES``.
      end: what they come to, and keep.
      begin, steps: the step at which they start to move, and how many they take.
    """

    knobs: tuple[str, ...]
    shape: str
    end: float
    begin: int
    steps: int

    def __call__(self, start: jax.Array, step: jax.Array) -> jax.Array:
        part = (step.astype(jnp.float32) - self.begin) / self.steps
        return SHAPES[self.shape](start, self.end, jnp.clip(part, 0, 1))


def scheduled(
    schedules: Sequence[Schedule], knobs: Mapping[str, jax.Array], step: jax.Array
) -> dict[str, jax.Array]:
    """The knobs at ``step``."""
    moved = {
        name: schedule(knobs[name], step)
        for schedule in schedules
        for name in schedule.knobs
    }
    return {**knobs, **moved}
