"""From what a config file states to a full, checked config, and back to text.

A config file states only what differs from the defaults of ``ganjax.schema``.
"""

import fnmatch
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from ml_collections import ConfigDict

from ganjax.combinations import CONFIGS
from ganjax.errors import BadInput, closest, unknown
from ganjax.schema import (
    CHOICES,
    INTERVALS,
    RANGES,
    WORDS,
    defaults,
    flatten,
    knobs,
)

LARGEST = float(np.finfo(np.float32).max)

__all__ = ["differences", "flatten", "knobs", "resolve", "to_json"]


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
        dict.fromkeys(
            path.split(".")[1]
            for path in (*flat, *overrides)
            if fnmatch.fnmatch(path, "schedules.*.*")
        ),
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
    if isinstance(value, Mapping | ConfigDict) and isinstance(
        fields.get(path), ConfigDict
    ):
        return  # two empty sections
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
        return BadInput(f"{path}={value!r}: expected a section with {', '.join(names)}")
    for field, default in fields.items():
        if path.startswith(f"{field}."):
            if isinstance(default, ConfigDict):
                return BadInput(
                    f"{path}={value!r}: expected fields in it, {field}.NAME.FIELD"
                )
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
    if kind is float and type(value) is int and abs(value) <= LARGEST:
        return float(value)
    if kind is tuple and isinstance(value, list | tuple):
        item = _item(path)
        if all(type(x) is item for x in value):
            return tuple(value)
    elif type(value) is kind:
        return value
    raise BadInput(f"{path}={value!r}: expected {_kind(path, default)}")


def _kind(path, default):
    if type(default) is not tuple:
        return type(default).__name__
    return "names" if _item(path) is str else "whole numbers, as in 64,64"


def _item(path):
    """The type of what a tuple holds."""
    return str if any(fnmatch.fnmatch(path, words) for words in WORDS) else int


def _parse(path, text, default):
    kind = type(default)
    if kind is ConfigDict:
        raise BadInput(f"{path}={text!r}: expected fields in it, {path}.NAME.FIELD")
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        if kind is tuple:
            parts = [part.strip(" '\"") for part in text.strip("()[] ").split(",")]
            return tuple(_item(path)(part) for part in parts if part)
        return kind(text)
    except (ValueError, KeyError):
        raise BadInput(f"{path}={text!r}: expected {_kind(path, default)}") from None


def _validate(config):
    fields = dict(flatten(config))
    for path, value in fields.items():
        if isinstance(value, float) and not abs(value) <= LARGEST:
            raise BadInput(
                f"{path}={value!r}: expected a finite number, of single precision"
            )
        for pattern, table in CHOICES.items():
            if fnmatch.fnmatch(path, pattern):
                for name in value if isinstance(value, tuple) else (value,):
                    if name not in table:
                        raise unknown(path, name, table)
        for pattern, (holds, expected) in RANGES.items():
            if fnmatch.fnmatch(path, pattern) and not holds(value):
                raise BadInput(f"{path}={value!r}: expected {expected}")
        for number in value if isinstance(value, tuple) else (value,):
            large = isinstance(number, int) and abs(number) >= 2**31
            if large and path != "seed":  # which has a range of its own
                raise BadInput(f"{path}={value!r}: expected a number below 2^31")
    inner = config.parallel.inner_steps
    for path in INTERVALS:
        if fields[path] % inner:
            raise BadInput(
                f"{path}={fields[path]}: expected a multiple of "
                f"parallel.inner_steps={inner}"
            )
    for check in CONFIGS:
        if reason := check(config):
            raise BadInput(reason)
