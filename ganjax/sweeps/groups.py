"""Which trials share a compiled program: those that differ in knobs and seeds only."""

from collections.abc import Iterable
from typing import Any

from ganjax.config import Choice
from ganjax.sweeps.trials import SweptConfig


def grouped(trials: Iterable[SweptConfig]) -> list[list[SweptConfig]]:
    """Return the trials by structure, in the order of their first ones."""
    groups: dict[Any, list[SweptConfig]] = {}
    for trial in trials:
        groups.setdefault(structure(trial.config), []).append(trial)
    return list(groups.values())


def structure(config) -> tuple:
    """Return all that a program depends on: every field but the seed. Of a knob, whose
    number is data of the step, only whether its term is in the program."""
    choice = Choice(config)
    return tuple(
        (path, str(path in choice.on if path in choice.knobs else value))
        for path, value in choice.items()
        if path != "seed"
    )


def runs_separately(config) -> bool:
    """Return whether trials run one by one: a member of a population has one device and
    data that are on it."""
    return config.parallel.devices != 1 or config.data.feed == "streamed"
