"""From a space to trials: each resolved, checked and named before the first starts."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.config import resolve, to_json
from ganjax.errors import BadInput


@dataclasses.dataclass(frozen=True)
class SweptConfig:
    """One point of a sweep.

    Attributes:
      id: twelve digits of the SHA-256 of its resolved config.
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
    number = -1
    for number, values in enumerate(space):
        if not isinstance(values, Mapping):
            raise BadInput(f"trial {number}: {values!r}: expected fields and values")
        point = {str(path): str(value) for path, value in values.items()}
        swept_too.update(set(point) & set(overrides))
        try:
            config = resolve(stated, {**dict(overrides), **point})
        except BadInput as error:
            raise BadInput(f"trial {number} ({named(point)}): {error}") from error
        name = trial_id(config)
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


def trial_id(config: ConfigDict) -> str:
    """The name of a resolved config."""
    return hashlib.sha256(to_json(config).encode()).hexdigest()[:12]


def named(point: Mapping[str, str]) -> str:
    """A point for reading."""
    return ", ".join(f"{path}={value}" for path, value in point.items())
