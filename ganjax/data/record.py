"""The record of a data set that a run keeps: enough to sample, and to notice changes.

A finished run needs only the specification of its data. The splits are opened when
something reads them, such as a score.
"""

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.captions import Captions
from ganjax.data.forms import KINDS, TABLE, Form
from ganjax.data.source import Source, Spec, Split
from ganjax.data.tables.record import TABLE_SHAPE, table_of
from ganjax.errors import BadInput, one_line
from ganjax.json_shapes import NUMBER, check_shape
from ganjax.names import flatten
from ganjax.run_files import read_json

# Entry of ``Source.about`` with lines for the user. It is not compared.
SHOWN = "shown"
MOST_NAMED = 6
_RECORD = {
    "spec": {
        "name": str,
        "shape": [int],
        "classes?": [str],
        "modes?": (list, type(None)),
        "std?": (*NUMBER, type(None)),
        "stacked?": bool,
        "domains?": [str],
        "paired?": bool,
        "test_paired?": bool,
        "labels?": str,
        "normal?": [int],
        "captions?": (dict, type(None)),
        "form?": (dict, type(None)),
    },
    "sizes?": dict,
    "about?": dict,
}
_CAPTIONS = {"words": [str], "longest": int, "shown": [str]}
_FORM = {"kind": str, "names": [str], "valences": [int], "ranges": [[NUMBER]]}


def record_of(source: Source) -> dict[str, Any]:
    """Return the record of a data set, with values that JSON can hold: ``spec``, the
    ``sizes`` of its splits if they are finite, and ``about``."""
    splits = {"train": source.train, "test": source.test}
    sizes = {k: len(x) for k, x in splits.items() if hasattr(x, "__len__")}
    spec = dataclasses.asdict(source.spec)
    found = {"spec": spec, "sizes": sizes, "about": dict(source.about)}
    return json.loads(json.dumps(found, default=_plain))


def read_record(path: Path) -> dict[str, Any] | None:
    """Return the record in a file; ``None`` if there is no such file.

    Raises:
      BadInput: if the file does not hold a record of data.
    """
    if (held := read_json(path)) is None:
        return None
    check_shape(path, held, _RECORD)
    if (captions := held["spec"].get("captions")) is not None:
        check_shape(path, captions, _CAPTIONS)
    if (form := held["spec"].get("form")) is not None:
        check_shape(path, form, TABLE_SHAPE if form.get("kind") == TABLE else _FORM)
        if form["kind"] not in KINDS:
            raise BadInput(
                f"{path.name}={path}: spec.form.kind={one_line(form['kind'])}: "
                f"expected one of {', '.join(KINDS)}"
            )
    try:
        spec_of(held)
    # Modes of several lengths or without numbers, or a column that does not fit itself.
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path.name}={path}: spec: {one_line(error)}") from None
    return held


def spec_of(record: Mapping[str, Any]) -> Spec:
    """Return the specification in a record, equal to the specification of the recorded
    data."""
    known = {field.name for field in dataclasses.fields(Spec)}
    values = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in record["spec"].items()
        if name in known
    }
    if values.get("modes") is not None:
        values["modes"] = np.asarray(values["modes"], np.float64)
    if (held := values.get("captions")) is not None:
        words, shown = (tuple(held[name]) for name in ("words", "shown"))
        values["captions"] = Captions(words, held["longest"], shown)
    if (form := values.get("form")) is not None:
        values["form"] = _form(form)
    return Spec(**values)


def _form(held):
    if held["kind"] == TABLE:
        return table_of(held)
    return Form(**{name: _tuples(held[name]) for name in _FORM})


def _tuples(value):
    """Return a value with tuples in the place of lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def form_of(path: Path) -> Any:
    """Return the form of the samples in the record in a file; ``None`` for images and
    points, or if there is no such file."""
    held = read_record(path)
    return None if held is None else spec_of(held).form


def differences(held: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return how a data set has changed, in words: at most ``MOST_NAMED`` differences,
    then the number of the others.

    Args:
      held: the record of the data when the run began.
      now: the record of the data now.
    """
    found = [*_of_specs(held["spec"], now["spec"]), *_of_facts(held, now)]
    more = len(found) - MOST_NAMED
    return [*found[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])]


def spec_differences(held: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the differences of two records that change the meaning of samples, such as
    shape and classes. Sizes and other facts are not compared.

    Args:
      held: the record of the data when the run began.
      now: the record of the data now.
    """
    return differences({"spec": held["spec"]}, {"spec": now["spec"]})


def _of_specs(held, now) -> Iterator[str]:
    for name in dict.fromkeys([*held, *now]):
        then, here = held.get(name), now.get(name)
        if then == here or name not in held:
            continue
        if name == "captions":
            yield "other words or other captions are shown"
        elif name == "form":
            yield "samples of another form: other names, or other numbers of them"
        elif name != "classes":
            yield f"{name}: {then} -> {here}"
        elif len(then) != len(here):
            yield f"{len(then)} classes -> {len(here)}"
            yield from (f"class '{x}' is gone" for x in then if x not in here)
            yield from (f"class '{x}' is new" for x in here if x not in then)
        else:
            for label, (old, new) in enumerate(zip(then, here, strict=True)):
                if old != new:
                    yield f"class {label} is '{new}', not '{old}'"


def _of_facts(held, now) -> Iterator[str]:
    facts = []
    for record in (held, now):
        about = {k: v for k, v in record.get("about", {}).items() if k != SHOWN}
        facts.append(dict(flatten({"sizes": record.get("sizes", {}), **about})))
    for path in dict.fromkeys([*facts[0], *facts[1]]):
        then, here = (values.get(path, "absent") for values in facts)
        if then != here:
            yield f"{path}: {then} -> {here}"


def _plain(value):
    """Return an array, or a number of NumPy, as JSON holds it."""
    return value.tolist()


class RecordedSource(Source):
    """A data set whose specification is known, and whose splits are opened when they
    are first used.

    Args:
      spec: the specification.
      opener: opens the data set.
    """

    def __init__(self, spec: Spec, opener: Callable[[], Source]):
        object.__setattr__(self, "spec", spec)
        object.__setattr__(self, "_opened", functools.cache(opener))

    @property
    def train(self) -> Split:  # type: ignore[override]
        return self._opened().train

    @property
    def test(self) -> Split:  # type: ignore[override]
        return self._opened().test

    @property
    def about(self) -> Mapping[str, Any]:  # type: ignore[override]
        return self._opened().about
