"""The fields of a config, from the declarations of the components that it names."""

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax import objectives
from ganjax.averages import AverageOptions
from ganjax.core.dynamics import DYNAMICS, DynamicsOptions
from ganjax.data import DataOptions
from ganjax.games import GAMES
from ganjax.latents import LatentOptions, OptimisedLatentOptions
from ganjax.model import Sampling
from ganjax.names import Table
from ganjax.networks import ARCHITECTURES, PRECISIONS, network_class, network_options
from ganjax.optimizers import OptimizerOptions
from ganjax.options import Option, option, options_of, section
from ganjax.schedules import ScheduleOptions, matched
from ganjax.training import Plan

# Sections whose labels are free, and the components that have a label already.
LABELLED = {
    "regularizers": (objectives.PenaltyOptions, objectives.REGULARIZERS),
    "terms": (objectives.TermOptions, objectives.TERMS),
    "schedules": (ScheduleOptions, {}),
}


@dataclasses.dataclass(frozen=True)
class _Root:
    game: str = option("gan", "the game", choices=GAMES)
    seed: int = option(0, "seed of all randomness", least=0, most=2**32 - 1)
    precision: str = option("float32", "of the networks' products", choices=PRECISIONS)
    sampling: Sampling = section(Sampling)


def declared(stated: Mapping[str, Any]) -> dict[str, Option]:
    """Return every field of a config, path -> option.

    Args:
      stated: path -> value. The names and labels in it decide which fields there are.

    Raises:
      BadInput: for the name of a component that does not exist.
    """
    chosen = ("game", "name", "shape", "discriminator")
    strings = ((k, v) for k, v in stated.items() if isinstance(v, str))
    names = [(k, v) for k, v in strings if k.rpartition(".")[2] in chosen]
    labels = {tuple(k.split(".")[:2]) for k in stated if k.count(".") > 1}
    labels = {label for label in labels if label[0] in LABELLED}
    return _declared(tuple(sorted(names)), tuple(sorted(labels)))


@functools.lru_cache(maxsize=256)
def _declared(names, labels):
    names = dict(names)
    game = GAMES.make("game", {"game": "gan", **names})
    found = {}

    def add(path, component, **defaults):
        """Add the options of a component, and of the component that it names."""
        for name, declared in options_of(component).items():
            declared = dataclasses.replace(
                declared, default=defaults.get(name, declared.default)
            )
            field = f"{path}.{name}"
            found[field] = declared
            if isinstance(declared.choices, Table) and type(declared.default) is str:
                chosen = names.get(field, declared.default)
                add(path, declared.choices.find(field, chosen))

    for component in (_Root, Plan, objectives.AdversaryOptions):
        found |= options_of(component)
    add("loss", objectives.LossOptions)
    add("data", DataOptions)
    if game.latents:
        add("latents", OptimisedLatentOptions if game.from_latents else LatentOptions)
    for name, kind in game.networks.items():
        path = f"networks.{name}.name"
        module = network_class(path, names.get(path, "mlp"), kind)
        found[path] = Option("mlp", f"the {kind}", choices=ARCHITECTURES)
        for field, declared in network_options(module).items():
            found[f"networks.{name}.{field}"] = declared
    if game.labelled:
        add("conditioning", objectives.LabelOptions)
    elif game.from_latents:
        add("conditioning", objectives.GeneratorLabelOptions)
    for where, (kind, table) in LABELLED.items():
        stated = [label for place, label in labels if place == where]
        for label in dict.fromkeys((*table, *stated)):
            path = f"{where}.{label}"
            if not table:
                add(path, kind)
            # A label that is no component says in ``name`` which one it is.
            elif label in table or f"{path}.name" in names:
                add(path, kind, name=label)
    for where, own in (("weights", game.weights), ("options", game.options)):
        found |= {f"{where}.{name}": declared for name, declared in own.items()}
    add("dynamics", DynamicsOptions)
    for entry in DYNAMICS.values():
        add("dynamics", entry)
    for player in game.players:
        add(f"optimizers.{player}", OptimizerOptions)
    found |= {
        f"ema.{k}": declared for k, declared in options_of(AverageOptions).items()
    }
    return found


def knobs(config: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a resolved config that are data of the step, by path."""
    flat = dict(flatten(config))
    return {path: float(flat[path]) for path in knob_options(flat)}


def knob_options(flat: Mapping[str, Any]) -> dict[str, Option]:
    """Return the options of the knobs of a resolved config, by path."""
    return {k: o for k, o in declared(flat).items() if o.knob and k in flat}


def knobs_on(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the knobs whose terms are in the program: a knob is at another value than
    the one that leaves its term out, or a schedule moves it."""
    flat = dict(flatten(config))
    known, schedules = knob_options(flat), config["schedules"].values()
    moved = {knob for s in schedules for knob in matched(s["knobs"], known)}
    return frozenset(k for k, o in known.items() if flat[k] != o.off or k in moved)


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``('a.b', value)`` for every leaf of a nested config. An empty section is a
    leaf."""
    for name, value in config.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping | ConfigDict) and len(value):
            yield from flatten(value, f"{path}.")
        else:
            yield path, value
