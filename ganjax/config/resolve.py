"""Complete and check a config.

A config file sets only the fields whose values differ from their declared defaults.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from flax.traverse_util import unflatten_dict
from ml_collections import ConfigDict

from ganjax import networks, objectives
from ganjax.averages import AverageOptions
from ganjax.config.rules import check
from ganjax.core.dynamics import DYNAMICS, DynamicsOptions
from ganjax.data import DataOptions
from ganjax.errors import BadInput, no_field
from ganjax.games import GAMES
from ganjax.latents import LatentOptions, OptimisedLatentOptions
from ganjax.model import Sampling
from ganjax.names import Table, flatten, is_path
from ganjax.optimizers import OptimizerOptions
from ganjax.options import Option, option, options_of, section
from ganjax.schedules import ScheduleOptions, matched
from ganjax.training.plan import Plan, settle_length

# Fields whose values decide which other fields exist.
_NAMING = ("game", "name", "shape", "discriminator", "masks")
# Sections with free labels, and the components whose names are labels already.
LABELLED = {
    "regularizers": (objectives.PenaltyOptions, objectives.REGULARIZERS),
    "terms": (objectives.TermOptions, objectives.TERMS),
    "schedules": (ScheduleOptions, {}),
}


@dataclasses.dataclass(frozen=True)
class _Root:
    seed: int = option(0, "seed of all randomness", least=0, most=2**32 - 1)
    precision: str = option("float32", "dtype of products", choices=networks.PRECISIONS)
    sampling: Sampling = section(Sampling)
    data: DataOptions = section(DataOptions)
    dynamics: DynamicsOptions = section(DynamicsOptions)
    ema: AverageOptions = section(AverageOptions)


def declared(stated: Mapping[str, Any]) -> dict[str, Option]:
    """Return the option of every field of a config, by the field's path.

    Args:
      stated: path -> value. The components and labels in it decide which fields exist.

    Raises:
      BadInput: for a component whose name is unknown.
    """
    chosen = set()
    for path, value in stated.items():
        section, _, field = path.rpartition(".")
        if field in _NAMING and isinstance(value, str) and section not in LABELLED:
            chosen.add((path, value))
        if "." in section and section.partition(".")[0] in LABELLED:
            chosen.add((".".join(path.split(".")[:2]), ""))
    return dict(_declared(tuple(sorted(chosen))))


@functools.lru_cache(maxsize=256)
def _declared(chosen):
    names = dict(chosen)
    game = GAMES.make("game", {"game": "gan", **names})
    found = {"game": Option("gan", "the game", choices=GAMES)}

    def add(section, component, **defaults):
        """Add a component's options, and the options of components chosen in it."""
        for name, own in options_of(component).items():
            default = defaults.get(name, own.default)
            field = f"{section}.{name}".lstrip(".")
            found[field] = dataclasses.replace(own, default=default)
            if isinstance(own.choices, Table) and type(default) is str:
                chosen = own.choices.find(field, names.get(field, default))
                add(field.rpartition(".")[0], chosen)

    for component in (_Root, Plan, objectives.AdversaryOptions):
        add("", component)
    if game.latents:
        add("latents", OptimisedLatentOptions if game.from_latents else LatentOptions)
    for name, kind in game.networks.items():
        path = f"networks.{name}.name"
        usual = networks.KINDS[kind]
        found[path] = Option(usual, f"the {kind}", choices=networks.ARCHITECTURES)
        module = networks.network_class(path, names.get(path, usual), kind)
        add(f"networks.{name}", networks.network_options(module))
    if "label" in game.reads:
        add("conditioning", objectives.LabelOptions)
    elif game.from_latents:
        add("conditioning", objectives.GeneratorLabelOptions)
    for where, (kind, table) in LABELLED.items():
        stated = [x.split(".")[1] for x in names if x.startswith(f"{where}.")]
        for label in dict.fromkeys((*table, *stated)):
            # The field ``name`` of a free label names its component.
            if not table or label in table or f"{where}.{label}.name" in names:
                add(f"{where}.{label}", kind, name=label)
    for entry in DYNAMICS.values():
        add("dynamics", entry)
    for player in game.players:
        add(f"optimizers.{player}", OptimizerOptions)
    add("weights", game.weights)
    add("options", game.options)
    return found


class Choice(dict):
    """The values of a complete config, path -> value, and facts that follow from them.

    Attributes:
      config: the config; fields: path -> option of each field.
      knobs: path -> option of each number that the compiled step takes as data.
      on: paths of the knobs whose terms the compiled step has: all knobs that differ
        from their value ``off``, and all knobs that a schedule changes.
      game: the ``Recipe`` of the config's game.
    """

    def __init__(self, config: Mapping[str, Any]):
        super().__init__(flatten(config))
        self.config, self.fields = config, declared(self)
        self.knobs = {k: o for k, o in self.fields.items() if o.knob}
        moves = [matched(s["knobs"], self.knobs) for s in config["schedules"].values()]
        on = {k for k, o in self.knobs.items() if self[k] != o.off}
        self.on = frozenset(on.union(*moves))
        self.game = GAMES.make("game", config)

    def said(self, field: str) -> str:
        """Return ``field=value``, as messages show it."""
        return f"{field}={self[field]!r}"


def knobs(config: Mapping[str, Any]) -> dict[str, float]:
    """Return the knobs of a config, path -> value: numbers a step takes as data."""
    choice = Choice(config)
    return {path: float(choice[path]) for path in choice.knobs}


def resolve(stated: Mapping, overrides: Mapping[str, str] | None = None) -> ConfigDict:
    """Return the config with all fields set, locked against new fields.

    Args:
      stated: the nested values that a config file returned.
      overrides: path -> text, as on a command line.

    Raises:
      BadInput: for an unknown field or name, for a value of the wrong type or out of
        range, and for fields that contradict each other.
    """
    if not isinstance(stated, Mapping | ConfigDict):
        raise BadInput(f"config={stated!r}: expected a ConfigDict or a dict")
    overrides, flat = dict(overrides or {}), dict(flatten(stated))
    fields = declared(flat | overrides)
    # A component of the file that the command line replaces takes its options with it.
    changed = [path for path, value in overrides.items() if flat.get(path) != value]
    replaced = tuple(x.removesuffix("name") for x in changed if x.endswith(".name"))
    for path in [path for path in flat if path not in fields]:
        section = path in LABELLED or any(x.startswith(f"{path}.") for x in fields)
        empty = section and isinstance(flat[path], Mapping | ConfigDict)
        if empty or path.startswith(replaced):
            del flat[path]
    values = {path: option.default for path, option in fields.items()}
    for given, read in ((flat, "typed"), (overrides, "parsed")):
        for path, value in given.items():
            if path not in fields:
                raise no_field(path, value, fields, LABELLED)
            values[path] = getattr(fields[path], read)(path, value)
        settle_length(values, given)
    for path, field in fields.items():
        field.check(path, values[path])
    values["kimg"] = 0.0  # ``steps`` follows from it
    config = nested({x: {} for x in LABELLED} | unflatten_dict(values, sep="."))
    check(Choice(config))
    return config.lock()


def nested(tree: Mapping) -> ConfigDict:
    """Return nested mappings as a ``ConfigDict``. Its constructor takes far longer."""
    made = ConfigDict()
    for name, value in tree.items():
        made[name] = nested(value) if hasattr(value, "items") else value
    return made


def imports(config: ConfigDict) -> set[str]:
    """Return the import paths ``MODULE:ATTRIBUTE`` among a complete config's names."""
    choice = Choice(config)
    named = [choice[k] for k, o in choice.fields.items() if hasattr(o.choices, "find")]
    named = [x if isinstance(x, tuple) else (x,) for x in named]
    return {name for names in named for name in names if is_path(name)}
