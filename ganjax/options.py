"""What a component declares about the fields of its config section.

A field is declared once, beside the code that uses it: its default, the values it
takes, whether it is a knob, and one line of help. Validation, ``--help``,
``scripts/describe.py --fields``, knobs, sweep groups and trial ids follow from that.
"""

import dataclasses
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ganjax.errors import BadInput, unknown

LARGEST = float(np.finfo(np.float32).max)

_LARGE = 2**20  # a limit above this is shown as a power of two


@dataclasses.dataclass(frozen=True)
class Option:
    """One field of a config.

    Attributes:
      default: the value of a config that does not state the field; its type is the
        type of the field. A tuple holds whole numbers, or names if ``words``.
      help: one line.
      least, most, above, below: limits of the number, or of each number of a tuple.
      zero: what 0 means, for messages.
      choices: the names that the field takes, and import paths for a ``names.Table``.
      knob: the number is data of the compiled step: sweeps over it compile once.
      off: the value of a knob that leaves its term out of the program.
      words: the tuple holds names.
      needs: the field that must be stated with it.
      whole: the field counts steps and is a multiple of ``parallel.inner_steps``.
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
    words: bool = False
    needs: str = ""
    whole: bool = False

    def typed(self, path: str, value: Any) -> Any:
        """Return a value of a config file as the field's type. Raises ``BadInput``."""
        kind = type(self.default)
        if kind is float and type(value) is int and abs(value) <= LARGEST:
            return float(value)
        if kind is tuple and isinstance(value, list | tuple):
            if all(type(x) is (str if self.words else int) for x in value):
                return tuple(value)
        elif type(value) is kind:
            return value
        raise BadInput(f"{path}={value!r}: expected {self.kind}")

    def parsed(self, path: str, text: str) -> Any:
        """Return a command line's text as the field's type. Raises ``BadInput``."""
        kind = type(self.default)
        try:
            if kind is bool:
                return {"true": True, "false": False}[text.lower()]
            if kind is tuple:
                parts = [part.strip(" '\"") for part in text.strip("()[] ").split(",")]
                item = str if self.words else int
                return tuple(item(part) for part in parts if part)
            return kind(text)
        except (ValueError, KeyError):
            raise BadInput(f"{path}={text!r}: expected {self.kind}") from None

    def check(self, path: str, value: Any) -> None:
        """Raise ``BadInput`` unless the field takes a value of its type."""
        many = value if isinstance(value, tuple) else (value,)
        for x in many:
            if hasattr(self.choices, "find"):
                self.choices.find(path, x)
            elif self.choices is not None and x not in self.choices:
                raise unknown(path, x, self.choices)
        if isinstance(value, str | bool) or self.words:
            return
        if isinstance(value, float) and not abs(value) <= LARGEST:
            raise BadInput(
                f"{path}={value!r}: expected a finite number, of single precision"
            )
        if not self.holds(value):
            raise BadInput(f"{path}={value!r}: expected {self.expected}")
        if self.most is None and any(type(x) is int and abs(x) >= 2**31 for x in many):
            raise BadInput(f"{path}={value!r}: expected a number below 2^31")

    def holds(self, value: Any) -> bool:
        """Return whether a number, or every number of a tuple, is within the limits."""
        limits = (
            (self.least, operator.ge),
            (self.most, operator.le),
            (self.above, operator.gt),
            (self.below, operator.lt),
        )
        many = value if isinstance(value, tuple) else (value,)
        given = [(limit, keeps) for limit, keeps in limits if limit is not None]
        return all(keeps(x, limit) for x in many for limit, keeps in given)

    @property
    def expected(self) -> str:
        """The values that the field takes, in words."""
        low = self.least if self.above is None else self.above
        high = self.most if self.below is None else self.below
        zero = f" (0: {self.zero})" if self.zero else ""
        if low is None and high is None:
            return self.kind
        if high is None:
            return f"{'at least' if self.above is None else 'above'} {low:g}{zero}"
        if low is None:
            return f"{'at most' if self.below is None else 'below'} {high:g}{zero}"
        if self.above is not None:
            if self.below is not None:
                return f"between {low:g} and {high:g}{zero}"
            return f"above {low:g}, at most {high:g}{zero}"
        return f"{low:g} to {'below ' * (self.below is not None)}{_shown(high)}{zero}"

    @property
    def kind(self) -> str:
        """The type, in words."""
        if type(self.default) is not tuple:
            return type(self.default).__name__
        return "names" if self.words else "whole numbers, as in 64,64"


def _shown(limit):
    power = round(math.log2(limit + 1)) if limit > _LARGE else 0
    return f"2^{power} - 1" if power and limit == 2**power - 1 else f"{limit:g}"


def option(default: Any, help: str = "", **more: Any) -> Any:
    """Declare a field of a dataclass, or of a Flax module, as an ``Option``."""
    return dataclasses.field(
        default=default, metadata={"option": Option(default, help, **more)}
    )


def knob(default: float, help: str = "", **more: Any) -> Option:
    """Return the option of a number that is data of the compiled step."""
    return Option(default, help, knob=True, **more)


def section(kind: type) -> Any:
    """Declare a field of a dataclass as a section with the options of ``kind``."""
    return dataclasses.field(default_factory=kind, metadata={"section": kind})


def configured(**options: Option) -> Callable:
    """Mark a function as a component with these options, which it takes by keyword."""

    def mark(function):
        function.options = options
        return function

    return mark


def options_of(component: Any) -> dict[str, Option]:
    """Return what a component declares, by path within its section.

    A component declares options as a mapping ``options``, or as fields of a dataclass
    made by ``option`` and ``section``. Anything else has none.
    """
    declared = getattr(component, "options", None)
    if isinstance(declared, Mapping):
        return dict(declared)
    found = {}
    for field in dataclasses.fields(component) if _is_class(component) else ():
        if "option" in field.metadata:
            found[field.name] = field.metadata["option"]
        for name, inner in options_of(field.metadata.get("section")).items():
            found[f"{field.name}.{name}"] = inner
    return found


def _is_class(component):
    return isinstance(component, type) and dataclasses.is_dataclass(component)


def own(component: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a component's options that are no knobs."""
    declared = options_of(component).items()
    return {name: values[name] for name, o in declared if not o.knob}


def read(kind: type, values: Mapping[str, Any]) -> Any:
    """Make a dataclass from the section of a config; other values are passed over."""
    found = {}
    for field in dataclasses.fields(kind):
        if "section" in field.metadata:
            found[field.name] = read(field.metadata["section"], values[field.name])
        elif "option" in field.metadata and field.name in values:
            found[field.name] = values[field.name]
    return kind(**found)


def described(options: Mapping[str, Option], values: Mapping[str, Any]) -> str:
    """Return a line for every field, path -> option: a ``*`` for a knob, the path, the
    value, what the field takes, and its help."""
    lines = []
    for path, option in options.items():
        value, names = values[path], option.choices
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        takes = option.expected if names is None else ", ".join(map(repr, names))
        mark = "*" if option.knob else " "
        lines.append(f"{mark} {path} = {shown}  [{takes}]  {option.help}")
    return "\n".join(lines)
