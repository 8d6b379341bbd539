"""The shape of JSON that a program of somebody else may have written.

A shape is a type, a tuple of types, or one of these:

- ``{"name": shape}``: an object with these entries. An entry whose name in the shape
  ends in ``?`` may be missing. Further entries have any value.
- ``{...: shape}``: an object whose entries all have this shape.
- ``[shape]``: a list whose items have this shape.

A boolean is no number.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput, one_line

NUMBER = (float, int)
_WORDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false",
          int: "a whole number", float: "a number", type(None): "null"}  # fmt: skip


def check_shape(path: Path, value: Any, shape: Any) -> None:
    """Raise ``BadInput`` unless the content of a JSON file has a shape.

    Args:
      path: the file, for the message.
      value: its content.
      shape: the shape.
    """
    if problem := misfit(value, shape):
        raise BadInput(f"{path.name}={path}: {one_line(problem)}")


def misfit(value: Any, shape: Any, place: str = "") -> str:
    """Return how a value of JSON differs from a shape, in words: the first entry that
    does not fit. Return an empty text if the value fits.

    Args:
      place: the path of the value in a larger one, for the message.
    """
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            return _expected(value, place, "an object")
        for name, inner in shape.items():
            needed = name is not ... and not name.endswith("?")
            name = name if name is ... else name.removesuffix("?")
            if needed and name not in value:
                return f"expected an entry {place}{name}"
            for own in value if name is ... else (name,) if name in value else ():
                # Most values have the one type. A sweep has thousands of them.
                if type(value[own]) is not inner:
                    if problem := misfit(value[own], inner, f"{place}{own}."):
                        return problem
        return ""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return _expected(value, place, "a list")
        found = (misfit(x, shape[0], f"{place}{i}.") for i, x in enumerate(value))
        return next(filter(None, found), "")
    kinds = shape if isinstance(shape, tuple) else (shape,)
    fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    return "" if fits else _expected(value, place, _WORDS[kinds[0]])


def _expected(value, place, words):
    said = f"{place.removesuffix('.')}=" if place else "found "
    return f"{said}{one_line(repr(value), 40)}: expected {words}"
