"""A fixture: numbers of the authors' code, and how far ours are from them.

A fixture is an ``.npz`` file. Each array has a name ``KIND/NAME``. The kinds are
``input`` (given to both sides), ``output``, ``loss``, ``gradient``, and ``moved`` (a
parameter after some steps, less the parameter before). ``about`` is JSON: the
repository, the commit, and facts about the case.

An array of more than 1,024 numbers is reduced to 64 projections. Each number of the
array enters one of them, with a sign; the name decides which.
"""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "fixtures"
DIRECTIONS, WHOLE = 64, 1024
# The largest error of each kind, relative to the largest number of the authors' array.
# Of ``moved`` it is the distance over the distance moved.
LIMITS = {"output": 1e-5, "loss": 1e-4, "gradient": 1e-4, "moved": 1e-3}
# An array that is smaller than this share of the largest one of its kind is zero but
# for rounding, such as the gradient of a bias before batch normalisation.
ZERO = 1e-5


def reduced(name: str, array: Any) -> np.ndarray:
    """Return a small array as it is, and the projections of a large one. Numbers are
    added in float64."""
    flat = np.asarray(array, np.float64).ravel()
    if flat.size <= WHOLE:
        return np.asarray(array, np.float64)
    rng = np.random.Generator(np.random.Philox(zlib.crc32(name.encode())))
    place = rng.integers(0, DIRECTIONS, flat.size)
    sign = rng.integers(0, 2, flat.size) * 2 - 1
    return np.bincount(place, sign * flat, DIRECTIONS)


def write(path: Path, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write a fixture. Inputs are stored whole, all else reduced."""
    stored = {
        name: np.asarray(x) if name.startswith("input/") else reduced(name, x)
        for name, x in arrays.items()
    }
    # float64 only where the projections are sums of many numbers.
    stored = {
        name: x.astype(np.float32) if name.startswith("output/") else x
        for name, x in stored.items()
    }
    np.savez_compressed(path, about=json.dumps(dict(about)), **stored)


class Fixture:
    """The content of a fixture.

    Attributes:
      about: facts about the case.
      inputs: name -> array that both sides are given.
      expected: ``KIND/NAME`` -> array of the authors' code, reduced.
    """

    def __init__(self, name: str):
        with np.load(FOLDER / f"{name}.npz") as file:
            held = {key: file[key] for key in file.files}
        self.about = json.loads(str(held.pop("about")))
        inputs = {k: x for k, x in held.items() if k.startswith("input/")}
        self.inputs = {k.removeprefix("input/"): x for k, x in inputs.items()}
        self.expected = {k: x for k, x in held.items() if k not in inputs}


def errors(found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, float]:
    """Return the error of each array, relative as in ``LIMITS``.

    Args:
      found: ``KIND/NAME`` -> array of ganjax, whole or reduced.
      expected: the arrays of a fixture.

    Raises:
      KeyError: if ``found`` lacks an array of the fixture.
    """
    pairs = {
        name: (_same_size(name, found[name], x), x) for name, x in expected.items()
    }
    largest: dict[str, float] = {}
    for name, (_, wanted) in pairs.items():
        kind = name.partition("/")[0]
        largest[kind] = max(largest.get(kind, 0.0), float(np.abs(wanted).max()))
    result = {}
    for name, (ours, wanted) in pairs.items():
        kind = name.partition("/")[0]
        size = np.linalg.norm if kind == "moved" else lambda x: np.abs(x).max()
        if np.abs(wanted).max() <= ZERO * largest[kind]:
            small = np.abs(ours).max() <= ZERO * largest[kind]
            result[name] = 0.0 if small else np.inf
        else:
            result[name] = float(size(ours - wanted) / size(wanted))
    return result


def _same_size(name, ours, wanted):
    ours = reduced(name, ours)
    if ours.size != wanted.size:
        raise ValueError(f"{name}: {ours.size} numbers, expected {wanted.size}")
    return ours.reshape(wanted.shape)
