"""From what a config file states to a full, checked config, and back to text.

A config file states only what differs from the declared defaults.
"""

import json
from collections.abc import Mapping
from typing import Any

from flax.traverse_util import unflatten_dict
from ml_collections import ConfigDict

from ganjax.config.rules import check
from ganjax.config.schema import LABELLED, declared, flatten
from ganjax.errors import BadInput, no_field
from ganjax.names import Table, is_path


def resolve(stated: Mapping[str, Any], overrides: Mapping[str, str] = ()) -> ConfigDict:
    """Return the full, locked config.

    Args:
      stated: what a config file returned, nested.
      overrides: path -> text, as on a command line.

    Raises:
      BadInput: for a field that is not there, a value of the wrong type, out of range,
        or not among the names, and for fields that contradict each other.
    """
    if not isinstance(stated, Mapping | ConfigDict):
        raise BadInput(f"config={stated!r}: expected a ConfigDict or a dict")
    overrides, flat = dict(overrides), dict(flatten(stated))
    fields = declared(flat | overrides)
    # Options of the component that the file chose mean nothing to another one that the
    # command line chose.
    replaced = tuple(
        path.removesuffix("name")
        for path, name in overrides.items()
        if path.endswith(".name") and flat.get(path) != name
    )
    values = {path: option.default for path, option in fields.items()}
    for path, value in flat.items():
        if path in fields:
            values[path] = fields[path].typed(path, value)
        elif not path.startswith(replaced) and not _states_nothing(path, value, fields):
            raise no_field(path, value, fields, LABELLED)
    for path, text in overrides.items():
        if path not in fields:
            raise no_field(path, text, fields, LABELLED)
        values[path] = fields[path].parsed(path, text)
    for path, value in values.items():
        option = fields[path]
        option.check(path, value)
        if option.needs and value and not values[option.needs]:
            raise BadInput(f"{path}={value!r}: expected {option.needs} with it")
        if option.whole and value % (inner := values["parallel.inner_steps"]):
            raise BadInput(
                f"{path}={value}: expected a multiple of parallel.inner_steps={inner}"
            )
    nested = unflatten_dict(values, sep=".")
    config = ConfigDict({section: {} for section in LABELLED} | nested)
    check(config)
    return config.lock()


def _states_nothing(path, value, fields):
    section = path in LABELLED or any(name.startswith(f"{path}.") for name in fields)
    return section and isinstance(value, Mapping | ConfigDict) and not value


def to_json(config: ConfigDict) -> str:
    """Return the config as JSON; ``resolve(json.loads(…))`` gives it back."""
    return json.dumps(config.to_dict(), indent=2, sort_keys=True) + "\n"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return ``'field: old -> new'`` for each field in which two configs differ. Either
    may be resolved, or read from JSON."""
    a, b = (
        {k: tuple(v) if isinstance(v, list) else v for k, v in flatten(config)}
        for config in (old, new)
    )
    return [
        f"{path}: {a.get(path, 'absent')} -> {b.get(path, 'absent')}"
        for path in sorted(a | b)
        if a.get(path, ...) != b.get(path, ...)
    ]


def imports(config: ConfigDict) -> set[str]:
    """Return the import paths that a resolved config names."""
    flat = dict(flatten(config))
    return {
        name
        for path, option in declared(flat).items()
        if isinstance(option.choices, Table) and path in flat
        for name in (flat[path] if option.words else (flat[path],))
        if is_path(name)
    }
