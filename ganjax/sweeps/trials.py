"""From a space to trials: each resolved, checked and named before the first starts."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.config import declared, flatten, resolve
from ganjax.errors import BadInput


@dataclasses.dataclass(frozen=True)
class SweptConfig:
    """One point of a sweep.

    Attributes:
      id: see ``trial_id``.
      point: what it differs in, by the path of a field, as text.
      config: resolved.
    """

    id: str
    point: dict[str, str]
    config: ConfigDict


def swept(
    stated: Mapping[str, Any],
    space: Iterable[Mapping[str, Any]],
    overrides: Mapping[str, str] = (),
    say: Callable[[str], None] = print,
) -> list[SweptConfig]:
    """The trials of a sweep, in the order of its space.

    Args:
      stated: what ``get_config`` returned.
      space: what ``sweep`` returned, points of path -> value.
      overrides: of every trial, where the trial itself says nothing else.
      say: takes a line about trials that are merged because they are the same.

    Raises:
      BadInput: for a space without a point, and for any point that is no valid config,
        with its number and its fields.
    """
    if space is None:
        raise BadInput("sweep(): expected a list of points, and it returns None")
    found: dict[str, SweptConfig] = {}
    first: dict[str, int] = {}
    swept_too: set[str] = set()
    number, points = -1, list(space)
    lengths = any(isinstance(p, Mapping) and "steps" in p for p in points)
    for number, values in enumerate(points):
        if not isinstance(values, Mapping):
            raise BadInput(f"trial {number}: {values!r}: expected fields and values")
        point = {str(path): str(value) for path, value in values.items()}
        swept_too.update(set(point) & set(overrides))
        try:
            config = resolve(stated, {**dict(overrides), **point})
        except BadInput as error:
            raise BadInput(f"trial {number} ({named(point)}): {error}") from error
        name = trial_id(config, lengths=lengths)
        if name in found:
            say(
                f"trial {number} ({named(point)}) is trial {first[name]} "
                f"({named(found[name].point)}); they are one"
            )
            continue
        found[name], first[name] = SweptConfig(name, point, config), number
    if number < 0:
        raise BadInput("sweep(): expected at least one trial, and it gives none")
    for path in sorted(swept_too):
        say(f"{path}={overrides[path]} counts where a trial does not set {path} itself")
    return list(found.values())


def trial_id(config: ConfigDict, *, lengths: bool = False) -> str:
    """Return the name of a trial: twelve digits of the SHA-256 of the fields in which
    its resolved config differs from the defaults.

    A field that ganjax adds later does not change the name, and neither does a larger
    ``steps``, so a sweep can be extended.

    Args:
      lengths: whether the sweep varies ``steps``, which then counts.
    """
    flat = dict(flatten(config))
    own = {
        path: flat[path]
        for path, option in declared(flat).items()
        if flat[path] != option.default and (lengths or path != "steps")
    }
    text = json.dumps(own, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def named(point: Mapping[str, str]) -> str:
    """A point for reading."""
    return ", ".join(f"{path}={value}" for path, value in point.items())
