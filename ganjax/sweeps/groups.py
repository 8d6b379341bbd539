"""Groups of trials that share a compiled program: they differ in knobs and seeds."""

from collections.abc import Iterable
from typing import Any

from ganjax.config import Choice
from ganjax.sweeps.trials import SweptConfig


def grouped(trials: Iterable[SweptConfig]) -> list[list[SweptConfig]]:
    """Return the trials in groups of equal structure, ordered by their first trials."""
    groups: dict[Any, list[SweptConfig]] = {}
    for trial in trials:
        groups.setdefault(structure(trial.config), []).append(trial)
    return list(groups.values())


def structure(config) -> tuple:
    """Return everything that a program depends on: all fields except the seed. A knob's
    value is data of the step, so only the presence of its term counts."""
    choice = Choice(config)
    return tuple(
        (path, str(path in choice.on if path in choice.knobs else value))
        for path, value in choice.items()
        if path != "seed"
    )


def runs_separately(config) -> bool:
    """Return whether trials must run one by one. A member of a population runs on one
    device and does not stream its data."""
    return config.parallel.devices != 1 or config.data.feed == "streamed"
