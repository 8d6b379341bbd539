"""The schema of a config: what fields there are, their defaults, what they may hold.

A config file states only what differs from the defaults. Numbers that are knobs are
data of the compiled step: a sweep over them compiles once. A weight, a label noise, a
clip or a decay of 0 leaves its term out of the program, so 0 and a positive value are
two programs.
"""

import dataclasses
import fnmatch
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.core import DYNAMICS
from ganjax.data import SOURCES
from ganjax.errors import BadInput, closest, unknown
from ganjax.evaluation import EVALUATORS
from ganjax.games import GAMES
from ganjax.latents import LATENTS
from ganjax.networks import ARCHITECTURES
from ganjax.networks.layers import ACTIVATIONS, NORMALIZATIONS
from ganjax.objectives import LOSSES, REGULARIZERS
from ganjax.optimizers import OPTIMIZERS

# Fields whose number becomes data of the state, named by its path.
KNOBS = (
    "optimizers.*.learning_rate",
    "optimizers.*.b1",
    "optimizers.*.b2",
    "optimizers.*.weight_decay",
    "optimizers.*.clip",
    "regularizers.*.weight",
    "loss.smoothing",
    "loss.flipping",
    "ema.decay",
    "weights.*",
)

_CHOICES = {
    "data.name": SOURCES,
    "data.feed": ("auto", "resident", "streamed"),
    "latents.name": LATENTS,
    "loss.name": LOSSES,
    "dynamics": DYNAMICS,
    "networks.*.name": ARCHITECTURES,
    "networks.*.activation": ACTIVATIONS,
    "networks.*.normalization": NORMALIZATIONS,
    "optimizers.*.name": OPTIMIZERS,
    "evaluation.names": EVALUATORS,
    "parallel.carrier": ("pmap", "shard_map"),
}

# path -> (test, what was expected)
_RANGES = {
    "seed": (lambda x: 0 <= x < 2**32, "0 to 2^32 - 1"),
    "steps": (lambda x: 1 <= x < 2**31, "1 to 2^31 - 1"),
    "batch_size": (lambda x: x >= 1, "at least 1"),
    "latents.size": (lambda x: x >= 1, "at least 1"),
    "networks.*.width": (lambda x: x >= 1, "at least 1"),
    "networks.*.widths": (lambda x: all(w >= 1 for w in x), "widths of at least 1"),
    "optimizers.*.learning_rate": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.b1": (lambda x: 0 <= x < 1, "0 to below 1"),
    "optimizers.*.b2": (lambda x: 0 <= x < 1, "0 to below 1"),
    "optimizers.*.weight_decay": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.clip": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.updates_per_step": (lambda x: x >= 1, "at least 1"),
    "regularizers.*.weight": (lambda x: x >= 0, "at least 0"),
    "regularizers.*.interval": (lambda x: x >= 1, "at least 1"),
    "loss.smoothing": (lambda x: 0 <= x < 1, "0 to below 1"),
    "loss.flipping": (lambda x: 0 <= x < 1, "0 to below 1"),
    "ema.decay": (lambda x: 0 <= x < 1, "0 to below 1"),
    "weights.*": (lambda x: x >= 0, "at least 0"),
    "log.every": (lambda x: x >= 1, "at least 1"),
    "samples.every": (lambda x: x >= 0, "at least 0 (0: only at the end)"),
    "samples.count": (lambda x: x >= 1, "at least 1"),
    "evaluation.every": (lambda x: x >= 0, "at least 0 (0: only at the end)"),
    "evaluation.samples": (lambda x: x >= 100, "at least 100"),
    "checkpoint.every": (lambda x: x >= 1, "at least 1"),
    "checkpoint.keep": (lambda x: x >= 1, "at least 1"),
    "parallel.devices": (lambda x: x >= 0, "at least 0 (0: all there are)"),
    "parallel.inner_steps": (lambda x: x >= 1, "at least 1"),
}

_INTERVALS = (
    "steps",
    "log.every",
    "samples.every",
    "evaluation.every",
    "checkpoint.every",
)

# Fields that two runs of one workdir may differ in: going on is their purpose.
EXTENSIBLE = ("steps",)


def defaults(game: str, architectures: Mapping[str, str]) -> ConfigDict:
    """All fields of a config for ``game``, with their defaults.

    Args:
      architectures: network name -> architecture where it is not ``'mlp'``; it decides
        which options the network's section has.
    """
    if game not in GAMES:
        raise unknown("game", game, GAMES)
    recipe = GAMES[game]
    config = ConfigDict()
    config.game = game
    config.seed = 0
    config.steps = 1000
    config.batch_size = 64  # real examples a turn, over all devices
    config.data = {"name": "digits", "dir": "", "feed": "auto"}
    if recipe.latents:
        config.latents = {"name": "normal", "size": 64}
    config.networks = {
        name: _network(f"networks.{name}.name", architectures.get(name, "mlp"), kind)
        for name, kind in recipe.networks.items()
    }
    config.loss = {"name": "non_saturating", "smoothing": 0.0, "flipping": 0.0}
    config.regularizers = {
        name: {"weight": 0.0, "interval": 1, "player": recipe.critics[0]}
        for name in REGULARIZERS
    }
    if recipe.weights:
        config.weights = dict(recipe.weights)
    config.dynamics = "alternating"
    config.optimizers = {
        player: {
            "name": "adam",
            "learning_rate": 2e-4,
            "b1": 0.5,
            "b2": 0.999,
            "weight_decay": 0.0,
            "clip": 0.0,  # projection of the weights onto [-clip, clip]
            "updates_per_step": 1,
        }
        for player in recipe.players
    }
    config.ema = {"decay": 0.999}
    config.log = {"every": 100}
    config.samples = {"every": 500, "count": 64}
    config.evaluation = {"names": (), "every": 0, "samples": 1000}
    config.checkpoint = {"every": 500, "keep": 3}
    config.parallel = {"devices": 1, "carrier": "pmap", "inner_steps": 1}
    return config


def _network(path: str, architecture: str, kind: str) -> dict[str, Any]:
    if architecture not in ARCHITECTURES:
        raise unknown(path, architecture, ARCHITECTURES)
    module = getattr(ARCHITECTURES[architecture], kind.capitalize())
    options = {
        field.name: field.default
        for field in dataclasses.fields(module)
        if field.name not in ("shape", "parent", "name")
    }
    return {"name": architecture, **options}


def resolve(stated: Mapping[str, Any], overrides: Mapping[str, str] = ()) -> ConfigDict:
    """The full, locked config.

    Args:
      stated: what a config file returned, nested.
      overrides: path -> text, as on a command line.

    Raises:
      BadInput: for a field that is not there, a value of the wrong type, out of range,
        or not among the names, and for fields that contradict each other.
    """
    if not isinstance(stated, Mapping | ConfigDict):
        raise BadInput(f"config={stated!r}: expected a ConfigDict or a dict")
    overrides = dict(overrides)
    flat = dict(flatten(stated))
    chosen = {path: x for path, x in (flat | overrides).items() if isinstance(x, str)}
    config = defaults(
        chosen.get("game", "gan"),
        {
            path.split(".")[1]: name
            for path, name in chosen.items()
            if fnmatch.fnmatch(path, "networks.*.name")
        },
    )
    fields = dict(flatten(config))
    # Options of the architecture that the file chose mean nothing to another one that
    # was chosen on the command line.
    replaced = [
        path.removesuffix("name")
        for path in overrides
        if fnmatch.fnmatch(path, "networks.*.name") and flat.get(path) != chosen[path]
    ]
    for path, value in flat.items():
        if path not in fields and path.startswith(tuple(replaced)):
            continue
        _set(config, fields, path, value)
    for path, text in overrides.items():
        if path in fields:
            _set(config, fields, path, _parse(path, text, fields[path]))
        else:
            _set(config, fields, path, text)
    _validate(config)
    return config.lock()


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``('a.b', value)`` for every leaf of a nested config; an empty section is one."""
    for name, value in config.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping | ConfigDict) and len(value):
            yield from flatten(value, f"{path}.")
        else:
            yield path, value


def knobs(config: ConfigDict) -> dict[str, float]:
    """The numbers of a config that are data, by path."""
    return {
        path: float(value)
        for path, value in flatten(config)
        if any(fnmatch.fnmatch(path, pattern) for pattern in KNOBS)
    }


def to_json(config: ConfigDict) -> str:
    """The config as JSON; ``resolve(json.loads(…))`` gives it back."""
    return json.dumps(config.to_dict(), indent=2, sort_keys=True) + "\n"


def differences(old: ConfigDict, new: ConfigDict) -> list[str]:
    """``'field: old -> new'`` for each field in which the two differ."""
    a, b = dict(flatten(old)), dict(flatten(new))
    return [
        f"{path}: {a.get(path, 'absent')} -> {b.get(path, 'absent')}"
        for path in sorted(a | b)
        if a.get(path, ...) != b.get(path, ...)
    ]


def _set(config, fields, path, value):
    if path not in fields:
        if isinstance(value, Mapping | ConfigDict) and _names_in(path, fields):
            return  # an empty section states nothing
        raise _no_field(path, value, fields)
    section, _, name = path.rpartition(".")
    target = config
    for part in filter(None, section.split(".")):
        target = target[part]
    with target.ignore_type():
        target[name] = _typed(path, value, fields[path])


def _names_in(section, fields):
    start = f"{section}." if section else ""
    inside = [path.removeprefix(start) for path in fields if path.startswith(start)]
    return list(dict.fromkeys(path.partition(".")[0] for path in inside))


def _no_field(path, value, fields):
    if names := _names_in(path, fields):
        return BadInput(
            f"{path}={value!r}: expected a section with {', '.join(names)}"
        )
    for field, default in fields.items():
        if path.startswith(f"{field}."):
            kind = _kind(field, default)
            return BadInput(f"{path}={value!r}: {field} is no section, expected {kind}")
    parts = path.split(".")
    depth = 0
    while _names_in(".".join(parts[: depth + 1]), fields):
        depth += 1
    section, names = ".".join(parts[:depth]), _names_in(".".join(parts[:depth]), fields)
    elsewhere = [field for field in fields if field.split(".")[-1] == parts[-1]]
    if name := closest(parts[depth], names):
        meant = ".".join([*parts[:depth], name, *parts[depth + 1 :]])
        meant = meant if meant in fields else ".".join([*parts[:depth], name])
    else:
        meant = closest(path, elsewhere) or next(iter(elsewhere), None)
    hint = f"; did you mean '{meant}'?" if meant else ""
    return BadInput(
        f"{path}={value!r}: there is no such field, expected one of "
        f"{', '.join(names)}{' in ' + section if section else ''}{hint}"
    )


def _typed(path, value, default):
    kind = type(default)
    if kind is float and type(value) is int:
        return float(value)
    if kind is tuple and isinstance(value, list | tuple):
        item = str if path == "evaluation.names" else int
        if all(type(x) is item for x in value):
            return tuple(value)
    elif type(value) is kind:
        return value
    raise BadInput(f"{path}={value!r}: expected {_kind(path, default)}")


def _kind(path, default):
    if type(default) is not tuple:
        return type(default).__name__
    return "names" if path == "evaluation.names" else "whole numbers, as in 64,64"


def _parse(path, text, default):
    kind = type(default)
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        if kind is tuple:
            parts = [part.strip(" '\"") for part in text.strip("()[] ").split(",")]
            item = str if path == "evaluation.names" else int
            return tuple(item(part) for part in parts if part)
        return kind(text)
    except (ValueError, KeyError):
        raise BadInput(f"{path}={text!r}: expected {_kind(path, default)}") from None


def _validate(config):
    fields = dict(flatten(config))
    for path, value in fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise BadInput(f"{path}={value!r}: expected a finite number")
        for pattern, table in _CHOICES.items():
            if fnmatch.fnmatch(path, pattern):
                for name in value if isinstance(value, tuple) else (value,):
                    if name not in table:
                        raise unknown(path, name, table)
        for pattern, (holds, expected) in _RANGES.items():
            if fnmatch.fnmatch(path, pattern) and not holds(value):
                raise BadInput(f"{path}={value!r}: expected {expected}")
    inner = config.parallel.inner_steps
    for path in _INTERVALS:
        if fields[path] % inner:
            raise BadInput(
                f"{path}={fields[path]}: expected a multiple of "
                f"parallel.inner_steps={inner}"
            )
    for name, term in config.regularizers.items():
        critics = GAMES[config.game].critics
        if term.player not in critics:
            raise unknown(f"regularizers.{name}.player", term.player, critics)
    if not LOSSES[config.loss.name].separable:
        for field in ("smoothing", "flipping"):
            if config.loss[field]:
                raise BadInput(
                    f"loss.{field}={config.loss[field]}: expected 0, as "
                    f"loss.name='{config.loss.name}' has no label of a single sample"
                )
    if DYNAMICS[config.dynamics] is not None:
        for player, optimizer in config.optimizers.items():
            if optimizer.updates_per_step != 1:
                raise BadInput(
                    f"optimizers.{player}.updates_per_step="
                    f"{optimizer.updates_per_step}: expected 1 with "
                    f"dynamics='{config.dynamics}'"
                )
