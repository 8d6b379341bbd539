"""Tensors of torch whose values are one or two arrays of Flax, in other layouts.

``layouts.py`` permutes axes. Three tensors need more: the first linear map of a
generator, whose outputs are feature maps, its bias, and an embedding that holds gains
and shifts of a conditional batch normalisation side by side.
"""

import dataclasses
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from tests.parity import layouts, rule

Arrays = Sequence[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Where a tensor of torch is in a tree of Flax.

    Attributes:
      paths: of its arrays, with ``/``.
      to_torch, to_flax: from arrays to the tensor, and back.
    """

    paths: tuple[str, ...]
    to_torch: Callable[[Arrays], np.ndarray]
    to_flax: Callable[[np.ndarray], Arrays]


def plain(path: str, layout: str = "same") -> Tensor:
    """Return a tensor that is one array in a layout of ``layouts.LAYOUTS``."""
    return Tensor(
        (path,),
        lambda arrays: layouts.to_torch(arrays[0], layout),
        lambda tensor: [layouts.to_flax(tensor, layout)],
    )


def conv(path: str) -> Tensor:
    return plain(path, "conv")


def linear(path: str) -> Tensor:
    return plain(path, "linear")


def maps(path: str, side: int = 4) -> Tensor:
    """Return the tensor of a linear map ``[d] -> [C, side, side]``, or of its bias. In
    Flax its outputs are ``[side, side, C]``."""

    def to_torch(arrays):
        kernel = arrays[0].reshape(*arrays[0].shape[:-1], side, side, -1)
        moved = np.moveaxis(kernel, -1, -3)
        flat = moved.reshape(*arrays[0].shape[:-1], -1)
        return flat.T

    def to_flax(tensor):
        flat = tensor.T
        kernel = flat.reshape(*flat.shape[:-1], -1, side, side)
        return [np.moveaxis(kernel, -3, -1).reshape(flat.shape)]

    return Tensor((path,), to_torch, to_flax)


def gains_and_shifts(path: str) -> Tensor:
    """Return the tensor ``[classes, 2·C]`` of gains and shifts. In Flax 1 is added to
    the output of the map to gains. The values of the rule are those before this 1."""

    def to_flax(tensor):
        return np.split(tensor, 2, axis=1)

    return Tensor(
        (f"{path}/scale/kernel", f"{path}/shift/kernel"),
        lambda arrays: np.concatenate([arrays[0] + 1, arrays[1]], axis=1),
        to_flax,
    )


Mapped = Mapping[str, Tensor]


def filled(template: Any, tensors: Mapped, prefix: str = "") -> dict[str, Any]:
    """Return parameters in the structure of ``template``, filled by ``rule.parameter``.

    Args:
      template: arrays or shapes, nested by name.
      prefix: comes before the names of torch in the rule.

    Raises:
      ValueError: unless the tensors hold each parameter of the template once.
    """
    flat = flatten_dict(template, sep="/")
    paths = sorted(path for tensor in tensors.values() for path in tensor.paths)
    if paths != sorted(flat):
        wrong = sorted(set(paths) ^ set(flat))
        raise ValueError(f"the tensors and the parameters differ in {wrong}")
    made = {}
    for name, tensor in tensors.items():
        empty = [np.empty(flat[path].shape, np.float32) for path in tensor.paths]
        values = rule.parameter(prefix + name, tensor.to_torch(empty).shape)
        made |= dict(zip(tensor.paths, tensor.to_flax(values), strict=True))
    return unflatten_dict(made, sep="/")


def spectral(template: Any, tensors: Mapped, prefix: str = "") -> dict[str, Any]:
    """Return the collection ``spectral`` in the structure of ``template``, each vector
    filled by ``vector`` with the name of its kernel in torch."""
    flat = flatten_dict(template, sep="/")
    made = {}
    for path, value in flat.items():
        name, outputs = _of_vector(path, tensors)
        made[path] = outputs.to_flax(vector(prefix + name, value.shape[0]))[0]
    return unflatten_dict(made, sep="/")


def vectors(tree: Any, tensors: Mapped) -> dict[str, np.ndarray]:
    """Return the vectors of a collection ``spectral`` by the name of the kernel in
    torch."""
    made = {}
    for path, value in flatten_dict(jax.device_get(tree), sep="/").items():
        name, outputs = _of_vector(path, tensors)
        made[name] = outputs.to_torch([np.asarray(value)])
    return made


def _of_vector(path, tensors):
    """Return the kernel's name in torch, and the tensor of its bias: the vector has the
    order of the outputs."""
    kernel, bias = (path.removesuffix("u") + name for name in ("kernel", "bias"))
    name = next(name for name, tensor in tensors.items() if kernel in tensor.paths)
    found = [tensor for tensor in tensors.values() if tensor.paths == (bias,)]
    return name, found[0] if found else plain(bias)


def vector(name: str, size: int) -> np.ndarray:
    """Return the first vector of the power iteration for a kernel's name."""
    u = rule.numbers(f"u of {name}", (size,))
    return u / np.linalg.norm(u)


def named(tree: Any, tensors: Mapped, kind: str, prefix: str = "") -> dict[str, Any]:
    """Return the arrays of a tree of Flax as ``KIND/PREFIX TORCH NAME`` -> tensor.
    Gradients have no constants, such as the 1 of gains."""
    flat = flatten_dict(jax.device_get(tree), sep="/")
    made = {}
    for name, tensor in tensors.items():
        # In float64 the constant leaves no rounding.
        arrays = [np.asarray(flat[path], np.float64) for path in tensor.paths]
        value = tensor.to_torch(arrays)
        if kind == "gradient":
            value = value - tensor.to_torch([np.zeros_like(x) for x in arrays])
        made[f"{kind}/{prefix}{name}"] = value
    return made


def small(arrays: Mapping[str, Any], most: int = 48) -> dict[str, np.ndarray]:
    """Return ``KIND/NAME`` -> array, where an array of more than ``most`` numbers is
    its projections on ``most / 2`` directions. Each number enters one of them, with a
    sign. Inputs stay as they are."""
    made = {}
    for name, array in arrays.items():
        if name.startswith("input/") or np.size(array) <= most:
            made[name] = np.asarray(array)
            continue
        flat = np.asarray(array, np.float64).ravel()
        rng = np.random.Generator(np.random.Philox(zlib.crc32(name.encode())))
        place = rng.integers(0, most // 2, flat.size)
        sign = rng.integers(0, 2, flat.size) * 2 - 1
        made[name] = np.bincount(place, sign * flat, most // 2)
    return made
