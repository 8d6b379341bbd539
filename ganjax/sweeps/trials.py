"""The trials of a sweep. All are resolved, checked and named before one starts."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.config import declared, flatten
from ganjax.errors import BadInput
from ganjax.resumption import CHANGEABLE
from ganjax.sweeps.differences import Differences, with_values


@dataclasses.dataclass(frozen=True)
class SweptConfig:
    """One trial of a sweep.

    Attributes:
      id: the trial's name, a hash of its config; see ``trial_id``.
      point: the config fields that the sweep sets for this trial: path -> value as
        text.
      base: a resolved config, with a value for every field. Many trials share it, so it
        must not be changed.
      values: the numbers in which the trial can differ from ``base``: path -> value of
        the seed and of knobs. They decide no term of the compiled step, so trials with
        the same ``base`` can share a program.
    """

    id: str
    point: dict[str, str]
    base: ConfigDict
    values: dict[str, Any]

    @property
    def config(self) -> ConfigDict:
        """Return the trial's config, with a value for every field. Each call makes a
        new one."""
        return with_values(self.base, self.values)


def swept(
    stated: Mapping[str, Any],
    space: Iterable[Mapping[str, Any]],
    overrides: Mapping[str, str] = (),
    say: Callable[[str], None] = print,
) -> list[SweptConfig]:
    """Return the trials of a sweep, in the order of its space. A trial that equals an
    earlier one is left out.

    Args:
      stated: result of the config file's ``get_config``.
      space: result of the config file's ``sweep``: for each trial, the fields that it
        sets, as a dict path -> value.
      overrides: fields and values for every trial that does not set them.
      say: receives a line for each trial that is left out, and for each override that
        some trials replace.

    Raises:
      BadInput: the space has no trial, or the config of a trial is invalid. The message
        has the number and the fields of the trial.
    """
    if space is None:
        raise BadInput(
            "sweep(): expected a list of dicts, field -> value, but it returns None"
        )
    found: dict[str, SweptConfig] = {}
    first: dict[str, int] = {}
    swept_too: set[str] = set()
    number, points = -1, list(space)
    lengths = any(isinstance(p, Mapping) and {"steps", "kimg"} & {*p} for p in points)
    resolved, named_bases = Differences(stated, dict(overrides)), {}
    for number, values in enumerate(points):
        if not isinstance(values, Mapping):
            raise BadInput(
                f"trial {number}: {values!r}: expected a dict, field -> value"
            )
        point = {str(path): str(value) for path, value in values.items()}
        swept_too.update(set(point) & set(overrides))
        try:
            base, numbers = resolved(point)
        except BadInput as error:
            raise BadInput(f"trial {number} ({named(point)}): {error}") from error
        if id(base) not in named_bases:
            named_bases[id(base)] = _Named(base, lengths)
        name = named_bases[id(base)].id(numbers)
        if name in found:
            say(
                f"trial {number} ({named(point)}) equals trial {first[name]} "
                f"({named(found[name].point)}) and is skipped"
            )
            continue
        found[name] = SweptConfig(name, point, base, numbers)
        first[name] = number
    if number < 0:
        raise BadInput("sweep(): expected at least one trial, but it gives none")
    for path in sorted(swept_too):
        say(f"{path}={overrides[path]} applies only to trials that do not set {path}")
    return list(found.values())


def trial_id(config: ConfigDict, *, lengths: bool = False) -> str:
    """Return the id of a trial: 12 digits of the SHA-256 of the fields in which its
    resolved config differs from the defaults.

    A field that ganjax adds later does not change the id, and the fields of
    ``CHANGEABLE``, such as ``steps``, do not change it either. So a sweep can be
    extended.

    Args:
      lengths: whether the sweep varies ``steps``; then ``steps`` is part of the id.
    """
    return _Named(config, lengths).id({})


class _Named:
    """Gives ids to trials that differ from a config in a few numbers."""

    def __init__(self, config, lengths):
        flat = dict(flatten(config))
        self._fields = declared(flat)
        left = {*CHANGEABLE} - ({"steps"} if lengths else set())
        self._own = {
            path: flat[path]
            for path, option in self._fields.items()
            if flat[path] != option.default and path not in left
        }

    def id(self, values):
        own = {
            path: value
            for path, value in (self._own | values).items()
            if path not in values or value != self._fields[path].default
        }
        text = json.dumps(own, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def named(point: Mapping[str, str]) -> str:
    """Return the fields and values of a trial as text for messages."""
    return ", ".join(f"{path}={value}" for path, value in point.items())
