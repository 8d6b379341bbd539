"""Resolve the trials of a sweep by what differs between them.

A trial sets *numbers* (the seed, and knobs) and other fields. To resolve a whole config
takes milliseconds. So this is done once for all trials that set the same other fields,
and set the same numbers to values that the rules about configs cannot tell apart. For
each further trial only its numbers are converted and checked.
"""

from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.config import declared, flatten, resolve
from ganjax.config.resolve import nested
from ganjax.errors import BadInput
from ganjax.options import Option


class Differences:
    """The trials of a sweep as differences from a few resolved configs.

    Args:
      stated: result of the config file's ``get_config``.
      overrides: fields and values for every trial that does not set them, as text.
    """

    def __init__(self, stated: Mapping[str, Any], overrides: Mapping[str, str]):
        self._stated, self._overrides = stated, dict(overrides)
        self._given = dict(flatten(stated)) | self._overrides
        self._bases: dict[Any, ConfigDict] = {}

    def __call__(self, point: Mapping[str, str]) -> tuple[ConfigDict, dict[str, Any]]:
        """Return ``(base, values)``: a resolved config, and the numbers in which the
        trial's config can differ from it, path -> value.

        Trials with the same base are the same object ``base``. They set the same
        numbers, and their compiled programs have the same terms.

        Args:
          point: the fields that the trial sets: path -> value as text.

        Raises:
          BadInput: as ``resolve`` with the overrides and the point.
        """
        fields = declared(self._given | point)
        options = {x: fields[x] for x in point if x in fields and is_number(x, fields)}
        try:
            values = {x: _value(x, point[x], option) for x, option in options.items()}
        except BadInput:
            self._resolve(point)  # its message is about the first wrong field
            raise
        others = ((x, text) for x, text in point.items() if x not in options)
        kinds = ((x, _kind(values[x], option)) for x, option in options.items())
        key = frozenset(others), frozenset(kinds)
        if key not in self._bases:
            self._bases[key] = self._resolve(point)
        return self._bases[key], values

    def _resolve(self, point):
        return resolve(self._stated, self._overrides | point)


def is_number(path: str, fields: Mapping[str, Option]) -> bool:
    """Return whether a field can differ between trials that share a program."""
    return path == "seed" or fields[path].knob


def _value(path, text, option):
    value = option.parsed(path, text)
    option.check(path, value)
    return value


def _kind(value, option):
    """Return everything that a rule may use of a number: whether its term is on, and
    its sign. Rules do not see the seed."""
    if option.knob:
        return value == option.off, value > 0, value < 0
    return None


def with_values(config: ConfigDict, values: Mapping[str, Any]) -> ConfigDict:
    """Return a locked copy of a config with other values, path -> value."""
    made = nested(config)
    for path, value in values.items():
        section, _, field = path.rpartition(".")
        (made[section] if section else made)[field] = value
    return made.lock()
