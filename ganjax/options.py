"""Declarations of config fields, written next to the code that uses the fields.

An ``Option`` declares a field. Validation, ``--help`` and ``ganjax describe --fields``
use it, and sweeps use it to decide which runs can share a compiled program.
"""

import contextlib
import dataclasses
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ganjax.errors import BadInput, unknown

_LIMITS = {
    "least": ("at least", operator.ge),
    "above": ("above", operator.gt),
    "most": ("at most", operator.le),
    "below": ("below", operator.lt),
}
_KINDS = {int: "whole numbers, as in 64,64", str: "names", float: "numbers"}
# The largest numbers: of a signed int of 32 bits, and of a single-precision float.
_RANGES = {
    int: (2**31 - 1, "a number below 2^31"),
    float: (float(np.finfo(np.float32).max), "a finite number of single precision"),
}


@dataclasses.dataclass(frozen=True)
class Option:
    """One field of a config.

    Attributes:
      default: the value if a config does not state the field. Its type is the type of
        the field. A tuple holds numbers, or names.
      help: one line of text.
      least, most, above, below: limits of the number, or of each number of a tuple.
      zero: the meaning of the value 0, for messages.
      choices: the names that the field accepts; a ``names.Table`` adds import paths.
      knob: whether the number is data of the compiled step: a change compiles nothing.
      off: the value of a knob at which its term is left out of the compiled step.
      item: the type of the items of a tuple.
      needs: fields that must be set too, or conditions from ``config.rules.needs``.
      whole: whether the field counts steps, in multiples of ``parallel.inner_steps``.
    """

    default: Any
    help: str = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None
    zero: str = ""
    choices: Any = None
    knob: bool = False
    off: float = 0.0
    item: type = int
    needs: tuple[str, ...] = ()
    whole: bool = False

    def typed(self, path: str, value: Any) -> Any:
        """Convert a value of a config file to the field's type. Raises ``BadInput``."""
        try:
            if type(self.default) is tuple and isinstance(value, list | tuple):
                return tuple(_converted(self.item, x) for x in value)
            return _converted(type(self.default), value)
        except (TypeError, ValueError, OverflowError):
            raise BadInput(f"{path}={value!r}: expected {self.kind}") from None

    def parsed(self, path: str, text: str) -> Any:
        """Convert command-line text to the field's type. Raises ``BadInput``."""
        if type(self.default) is not tuple:
            return self.typed(path, _read(type(self.default), text))
        # Brackets around the list, quotes around a part that has commas.
        text = re.sub(r"^\s*[(\[](.*)[)\]]\s*$", r"\1", text)
        parts = re.findall(r"\s*'([^']*)'|\s*\"([^\"]*)\"|([^,]+)", text)
        parts = ["".join(part).strip() for part in parts]
        return self.typed(path, [_read(self.item, part) for part in parts if part])

    def check(self, path: str, value: Any) -> None:
        """Raise ``BadInput`` unless the field accepts the value, which has its type."""
        for x in value if isinstance(value, tuple) else (value,):
            if hasattr(self.choices, "find"):
                self.choices.find(path, x)
            elif self.choices is not None and x not in self.choices:
                raise unknown(path, x, self.choices)
            largest, expected = _RANGES.get(type(x), (0, ""))
            too_large = expected and not abs(x) <= largest
            if too_large and (type(x) is float or self.holds(x) and not self.most):
                raise BadInput(f"{path}={value!r}: expected {expected}")
        if not self.holds(value):
            raise BadInput(f"{path}={value!r}: expected {self.expected}")

    def _limits(self):
        named = [(getattr(self, name), *said) for name, said in _LIMITS.items()]
        return [limit for limit in named if limit[0] is not None]

    def holds(self, value: Any) -> bool:
        """Return whether a number, or every number of a tuple, is within the limits."""
        many = value if isinstance(value, tuple) else (value,)
        return all(keeps(x, limit) for limit, _, keeps in self._limits() for x in many)

    @property
    def expected(self) -> str:
        """The values that the field accepts, in words."""
        zero = f" (0: {self.zero})" if self.zero else ""
        said = [f"{words} {limit}" for limit, words, _ in self._limits()]
        return " and ".join(said) + zero if said else self.kind

    @property
    def kind(self) -> str:
        """The type of the field, in words."""
        is_tuple = type(self.default) is tuple
        return _KINDS[self.item] if is_tuple else type(self.default).__name__


def _converted(kind, value):
    """Convert an equal number of another type: 5 to 5.0, 1e3 to 1000, 1 to True."""
    if type(value) is {float: int, int: float, bool: int}.get(kind):
        if kind is float or kind(value) == value:
            return kind(value)
    if type(value) is not kind:
        raise TypeError(value)
    return value


def _read(kind, text):
    words = {"true": True, "false": False}
    for meaning in () if kind is str else (words.__getitem__, int, float):
        with contextlib.suppress(KeyError, ValueError):
            return meaning(str(text).lower())
    return text


def option(default: Any, help: str = "", **more: Any) -> Any:
    """Declare a field of a dataclass, or of a Flax module, as an ``Option``."""
    declared = Option(default, help, **more)
    return dataclasses.field(default=default, metadata={"option": declared})


def section(kind: type) -> Any:
    """Declare a field of a dataclass as a section with the options of ``kind``."""
    return dataclasses.field(default_factory=kind, metadata={"section": kind})


def configured(**options: Option) -> Callable:
    """Return a decorator that declares ``options``, the keywords that a config sets."""

    def mark(function):
        function.options = options
        return function

    return mark


def options_of(component: Any) -> dict[str, Option]:
    """Return the options that a component declares, by path within its config section.

    A component is a mapping of options, has such a mapping as attribute ``options``, or
    is a dataclass with fields made by ``option`` and ``section``; else it has none.
    """
    declared = getattr(component, "options", component)
    if isinstance(declared, Mapping):
        return dict(declared)
    found = {}
    is_class = isinstance(component, type) and dataclasses.is_dataclass(component)
    for field in dataclasses.fields(component) if is_class else ():
        if "option" in field.metadata:
            found[field.name] = field.metadata["option"]
        inner = options_of(field.metadata.get("section"))
        found |= {f"{field.name}.{name}": option for name, option in inner.items()}
    return found


def own(component: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a component's options, but not of knobs (data of a step)."""
    return {k: values[k] for k, o in options_of(component).items() if not o.knob}


def read(kind: type, values: Mapping[str, Any]) -> Any:
    """Make a dataclass ``kind`` from a config section. Other values are ignored."""
    found = {}
    for field in dataclasses.fields(kind):
        if "section" in field.metadata:
            found[field.name] = read(field.metadata["section"], values[field.name])
        elif "option" in field.metadata and field.name in values:
            found[field.name] = values[field.name]
    return kind(**found)
