"""Groups of trials that can share one compiled program.

They differ only in the seed and in knobs. A knob is a number in the config, such as a
learning rate, that is data of the compiled step. So a changed knob compiles nothing.
"""

from collections.abc import Iterable

from ganjax.config import Choice
from ganjax.sweeps.trials import SweptConfig


def grouped(trials: Iterable[SweptConfig]) -> list[list[SweptConfig]]:
    """Divide trials into groups that can each share one compiled program. Groups are in
    the order of their first trials."""
    groups: dict[tuple, list[SweptConfig]] = {}
    of_base: dict[int, list[SweptConfig]] = {}
    for trial in trials:
        # The values of a trial decide no term, so it has the structure of its base.
        if id(trial.base) not in of_base:
            group = groups.setdefault(structure(trial.base), [])
            of_base[id(trial.base)] = group
        of_base[id(trial.base)].append(trial)
    return list(groups.values())


def structure(config) -> tuple:
    """Return everything that a compiled program depends on. Trials with equal results
    can share a program.

    The result has all config fields except the seed. The value of a knob (a number that
    is data of the compiled step) does not matter. Only whether its term is on matters:
    a penalty with weight 0, for example, is not compiled.
    """
    choice = Choice(config)
    return tuple(
        (path, str(path in choice.on if path in choice.knobs else value))
        for path, value in choice.items()
        if path != "seed"
    )


def runs_separately(config) -> bool:
    """Return whether trials of this config must run one by one. This is so if a trial
    may use several devices, streams its data from the disk, or goes back to an earlier
    step after a nan: trials that are trained together can do none of this."""
    together = config.parallel.devices == 1 and config.on_nonfinite != "rollback"
    return not together or config.data.feed == "streamed"
