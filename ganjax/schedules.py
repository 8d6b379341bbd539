"""Schedules: numbers of the config that change during training, from a start value to
an end value. Such a number is a knob: data of the compiled step.

A shape is ``(start, end, part) -> value``. ``part`` goes from 0 to 1 during the change.
"""

import dataclasses
import fnmatch
import functools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import jax
import jax.numpy as jnp

from ganjax.errors import nearest
from ganjax.names import Table
from ganjax.options import option, own


def linear(start, end, part):
    """Return the value on a straight line from ``start`` to ``end``."""
    return start + (end - start) * part


def cosine(start, end, part):
    """Return the value on half a cosine, flat at both ends (Loshchilov & Hutter 2017,
    arXiv 1608.03983, eq. 5; the burn-in of R3GAN, arXiv 2501.05441, appendix)."""
    return end + (start - end) * 0.5 * (1 + jnp.cos(jnp.pi * part))


def exponential(start, end, part):
    """Return a value that changes by equal factors in equal times. Both ends must be
    above 0."""
    return start * (end / start) ** part


def sudden(start, end, part):
    """Return ``start`` during the change, and ``end`` after it."""
    return jnp.where(part < 1, start, end)


SHAPES = Table(
    "a shape, (start, end, part) -> value",
    {"linear": linear, "cosine": cosine, "exponential": exponential, "sudden": sudden},
    takes=3,
)


@dataclasses.dataclass(frozen=True)
class ScheduleOptions:
    """A section ``schedules.NAME`` of a config. ``NAME`` is free."""

    knobs: str = option("", "knobs that change, with * and commas")
    shape: str = option("linear", "shape of the change", choices=SHAPES)
    end: float = option(0.0, "value at the end")
    begin: int = option(0, "step at which the change begins", least=0)
    steps: int = option(0, "steps of the change", least=0, zero="up to the last step")


def matched(patterns: str, knobs: Iterable[str]) -> list[str]:
    """Return the names in ``knobs`` that fit one of ``patterns``: names separated by
    commas, in which ``*`` means any text."""
    wanted = [fnmatch.translate(pattern.strip()) for pattern in patterns.split(",")]
    fits = re.compile("|".join(wanted)).match
    return [knob for knob in knobs if fits(knob)]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """One change of some knobs, which are numbers that the compiled step takes as data.

    Attributes:
      knobs: names. Each knob starts at its value in the config.
      shape: ``(start, end, part) -> value``, like an entry of ``SHAPES``.
      end: the last value, which the knobs keep after the change.
      begin, steps: the step at which the change begins, and its number of steps.
    """

    knobs: tuple[str, ...]
    shape: Callable
    end: float
    begin: int
    steps: int

    def __call__(self, start: jax.Array, step: jax.Array) -> jax.Array:
        part = (step.astype(jnp.float32) - self.begin) / self.steps
        return self.shape(start, self.end, jnp.clip(part, 0, 1))


def schedule_of(
    sections: Iterable[Mapping], knobs: Collection[str], steps: int
) -> Callable[[Mapping[str, jax.Array], jax.Array], dict[str, jax.Array]]:
    """Return the function ``(knobs, step) -> knobs`` that applies all schedules of a
    config. It takes the initial values of the knobs.

    Args:
      sections: the sections ``schedules.NAME`` of the config.
      knobs: the names of all knobs.
      steps: length of the run.
    """
    schedules = []
    for section in sections:
        shape = SHAPES.find("schedules.*.shape", section["shape"])
        fixed = own(shape, section)
        schedules.append(
            Schedule(
                knobs=tuple(matched(section["knobs"], knobs)),
                shape=functools.partial(shape, **fixed) if fixed else shape,
                end=section["end"],
                begin=section["begin"],
                steps=section["steps"] or steps - section["begin"],
            )
        )
    return functools.partial(scheduled, tuple(schedules))


def lengths(values: Mapping[str, object]) -> dict[str, int]:
    """Return how many steps the change of each schedule takes, by the config field
    ``schedules.NAME.steps``.

    Args:
      values: all values of a config, path -> value.
    """
    found = {}
    for path, value in values.items():
        section, _, field = path.rpartition(".")
        if section.startswith("schedules.") and field == "steps":
            found[path] = value or values["steps"] - values[f"{section}.begin"]
    return found


def scheduled(
    schedules: Sequence[Schedule], knobs: Mapping[str, jax.Array], step: jax.Array
) -> dict[str, jax.Array]:
    """Return the values of the knobs at ``step``, from their initial values
    ``knobs``."""
    moved = {
        name: schedule(knobs[name], step)
        for schedule in schedules
        for name in schedule.knobs
    }
    return {**knobs, **moved}


def refusals(choice: Mapping) -> Iterator[tuple[str, str]]:
    """Yield ``(field, expected)`` for each invalid field of a config's schedules.
    ``expected`` says in words which values the field can have.

    Args:
      choice: values of the config by path. Its attribute ``config`` holds them nested;
        its attribute ``knobs`` maps the name of each knob to its ``Option``.
    """
    taken = {}
    for name, schedule in choice.config["schedules"].items():
        section, end = f"schedules.{name}", schedule["end"]
        moved = matched(schedule["knobs"], choice.knobs)
        if not moved:
            hint = nearest(schedule["knobs"], choice.knobs)
            expected = "names of knobs, such as optimizers.*.learning_rate"
            yield f"{section}.knobs", f"{expected}{hint}"
        for knob in moved:
            if knob in taken:
                expected = f"other knobs: schedules.{taken[knob]} already moves {knob}"
                yield f"{section}.knobs", expected
            taken[knob] = name
            if schedule["shape"] == "exponential" and min(choice[knob], end) <= 0:
                ends = f"{knob} goes from {choice[knob]} to {end}"
                expected = (
                    f"'linear' or 'cosine', as {ends}; 'exponential' needs both ends"
                )
                yield f"{section}.shape", f"{expected} above 0"
            if not choice.knobs[knob].holds(end):
                yield f"{section}.end", f"{choice.knobs[knob].expected}, for {knob}"
        if not schedule["steps"] and schedule["begin"] >= choice["steps"]:
            expected = f"a step before the last, steps={choice['steps']}"
            yield f"{section}.begin", expected
