"""Which trials share a compiled program: those that differ in knobs and seeds only."""

from collections.abc import Iterable
from typing import Any

from ganjax.combinations import all_on
from ganjax.schema import flatten
from ganjax.sweeps.trials import SweptConfig


def grouped(trials: Iterable[SweptConfig]) -> list[list[SweptConfig]]:
    """The trials by structure, in the order of their first ones."""
    groups: dict[Any, list[SweptConfig]] = {}
    for trial in trials:
        groups.setdefault(structure(trial.config), []).append(trial)
    return list(groups.values())


def structure(config) -> tuple:
    """All that a program depends on: every field but the seed and the numbers that are
    data of the step, of which it matters only whether they are at the value that leaves
    their term out."""
    on = all_on(config)
    return tuple(
        (path, str(on.get(path, value)))
        for path, value in flatten(config)
        if path != "seed"
    )


def alone(config) -> bool:
    """Whether its trials run one by one: a population is of one device each and of data
    that lie there."""
    return config.parallel.devices != 1 or config.data.feed == "streamed"
