"""Tensors of torch, and the arrays of Flax that hold their values.

A tensor is one array in another layout. Gains and shifts of a conditional batch
normalisation are one tensor and two arrays. All layouts are linear, so that gradients
and movements have the layouts of values.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from tests.parity import rule

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


Tensors = Mapping[str, Tensor]


def _of_one(path, to_torch, to_flax):
    return Tensor((path,), lambda arrays: to_torch(arrays[0]), lambda x: [to_flax(x)])


def _ordered(path, *order):
    """Return a tensor with other axes. ``order``: torch's axes in the order of Flax."""
    back = np.argsort(order)
    return _of_one(
        path, lambda x: np.transpose(x, back), lambda x: np.transpose(x, order)
    )


def _turned(tensor):
    """Return a convolution's tensor whose kernel in Flax is turned by 180°."""
    return Tensor(
        tensor.paths,
        lambda arrays: tensor.to_torch([x[::-1, ::-1] for x in arrays]),
        lambda x: [array[::-1, ::-1] for array in tensor.to_flax(x)],
    )


def plain(path: str) -> Tensor:
    return _of_one(path, lambda x: x, lambda x: x)


def linear(path: str) -> Tensor:
    """Torch has ``[out, in]``, Flax ``[in, out]``."""
    return _ordered(path, 1, 0)


def conv(path: str) -> Tensor:
    """Torch has ``[out, in, h, w]``, Flax ``[h, w, in, out]``."""
    return _ordered(path, 2, 3, 1, 0)


def flipped(path: str) -> Tensor:
    """As ``conv``, but turned by 180°."""
    return _turned(conv(path))


def transposed(path: str) -> Tensor:
    """Torch has ``[in, out, h, w]``, Flax ``[h, w, in, out]`` and turned by 180°: torch
    adds tap k of a kernel to pixel stride·i + k, and Flax to pixel stride·i − k."""
    return _turned(_ordered(path, 2, 3, 0, 1))


def maps(path: str) -> Tensor:
    """Torch has ``[C, h, w]``, Flax ``[h, w, C]``."""
    return _ordered(path, 1, 2, 0)


def depthwise(path: str) -> Tensor:
    """Torch has ``[C, 1, h, w]``, Flax ``[h, w, C]``."""
    return _of_one(
        path,
        lambda x: np.moveaxis(x, -1, 0)[:, None],
        lambda x: np.moveaxis(x[:, 0], 0, -1),
    )


def linear_to_maps(path: str) -> Tensor:
    """A linear map to 4×4 maps, or its bias: torch has ``[C·16, in]``, Flax
    ``[in, 16·C]``."""

    def moved(x, shape, source, place):
        parts = np.moveaxis(x.reshape(*x.shape[:-1], *shape), source, place)
        return parts.reshape(x.shape)

    return _of_one(
        path,
        lambda x: moved(x, (4, 4, -1), -1, -3).T,
        lambda x: moved(x.T, (-1, 4, 4), -3, -1),
    )


def linear_of_maps(path: str) -> Tensor:
    """A linear map of 4×4 maps: torch has ``[out, C·16]``, Flax ``[16·C, out]``."""

    def to_torch(kernel):
        parts = kernel.reshape(4, 4, -1, kernel.shape[-1])
        return parts.transpose(3, 2, 0, 1).reshape(kernel.shape[::-1])

    def to_flax(x):
        parts = x.reshape(len(x), -1, 4, 4)
        return parts.transpose(2, 3, 1, 0).reshape(x.shape[::-1])

    return _of_one(path, to_torch, to_flax)


def gains_and_shifts(path: str) -> Tensor:
    """Torch has ``[classes, 2·C]``. In Flax 1 is added to the output of the map to
    gains. The values of the rule are those before this 1."""
    return Tensor(
        (f"{path}/scale/kernel", f"{path}/shift/kernel"),
        lambda arrays: np.concatenate(arrays, axis=1),
        lambda x: np.split(x, 2, axis=1),
    )


def with_bias(
    name: str, path: str, kind: Callable[[str], Tensor], ending: str = ""
) -> dict[str, Tensor]:
    """Return the kernel and the bias of a layer. ``ending`` follows torch's name of the
    kernel."""
    bias = kind if kind is linear_to_maps else plain
    return {
        f"{name}.weight{ending}": kind(f"{path}/kernel"),
        f"{name}.bias": bias(f"{path}/bias"),
    }


def batch_norm(name: str, path: str) -> dict[str, Tensor]:
    """Return the gain and the shift of a batch normalisation."""
    return {
        f"{name}.weight": plain(f"{path}/norm/scale"),
        f"{name}.bias": plain(f"{path}/norm/bias"),
    }


def filled(
    template: Mapping[str, Any],
    tensors: Tensors,
    prefix: str = "",
    values: Callable = rule.parameter,
) -> dict[str, Any]:
    """Return the variables of a network. Parameters and vectors of spectral norm follow
    rules. Averages of variances are 1, and all else is 0.

    Args:
      template: collection -> arrays or shapes, nested by name.
      prefix: comes before the names of torch in the rules.
      values: the rule of parameters, with the arguments of ``rule.parameter``.

    Raises:
      ValueError: unless the tensors hold each parameter of the template once.
    """
    flat = flatten_dict(template["params"], sep="/")
    paths = sorted(path for tensor in tensors.values() for path in tensor.paths)
    if paths != sorted(flat):
        wrong = sorted(set(paths) ^ set(flat))
        raise ValueError(f"the tensors and the parameters differ in {wrong}")
    params = {}
    for name, tensor in tensors.items():
        empty = [np.empty(flat[path].shape, np.int8) for path in tensor.paths]
        made = values(prefix + name, tensor.to_torch(empty).shape)
        params |= dict(zip(tensor.paths, tensor.to_flax(made), strict=True))
    found = {"params": unflatten_dict(params, sep="/")}
    for kind, tree in template.items():
        if kind != "params":
            made = {
                path: _vector(path, x, tensors, prefix)
                if kind == "spectral"
                else np.full(x.shape, path.endswith("/var"), x.dtype)
                for path, x in flatten_dict(tree, sep="/").items()
            }
            found[kind] = unflatten_dict(made, sep="/")
    return found


def _vector(path, like, tensors, prefix):
    name, outputs = _of_vector(path, tensors)
    u = rule.numbers(f"{prefix}{name}", like.shape)
    return outputs.to_flax(u / np.linalg.norm(u))[0]


def _of_vector(path, tensors):
    """Return torch's name of a vector of spectral norm, and the tensor of the layer's
    bias: the vector has the order of the outputs."""
    kernel, bias = (path.removesuffix("u") + name for name in ("kernel", "bias"))
    name = next(name for name, tensor in tensors.items() if kernel in tensor.paths)
    found = [tensor for tensor in tensors.values() if tensor.paths == (bias,)]
    return f"{name.removesuffix('_orig')}_u", found[0] if found else plain(bias)


def named(
    tree: Any, tensors: Tensors, kind: str, prefix: str = ""
) -> dict[str, np.ndarray]:
    """Return the arrays of a tree like the parameters as ``KIND/PREFIX TORCH NAME`` ->
    tensor."""
    flat = flatten_dict(jax.device_get(tree), sep="/")
    return {
        f"{kind}/{prefix}{name}": tensor.to_torch([flat[path] for path in tensor.paths])
        for name, tensor in tensors.items()
    }


def vectors(
    tree: Any, tensors: Tensors, kind: str, prefix: str = ""
) -> dict[str, np.ndarray]:
    """Return the vectors of a collection ``spectral`` as ``KIND/PREFIX TORCH NAME``."""
    made = {}
    for path, value in flatten_dict(jax.device_get(tree), sep="/").items():
        name, outputs = _of_vector(path, tensors)
        made[f"{kind}/{prefix}{name}"] = outputs.to_torch([value])
    return made


def last(images: Any) -> np.ndarray:
    """Return images of torch with the channels last."""
    return np.moveaxis(np.asarray(images), -3, -1)


def first(images: Any) -> np.ndarray:
    """Return images of Flax with the channels where torch has them."""
    return np.moveaxis(np.asarray(images), -1, -3)
