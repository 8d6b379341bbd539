"""The names and layouts of parameters: from torch to Flax and back.

A mapping is ``{torch name: (Flax path, layout)}``. Paths are joined by ``/``.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from tests.parity import rule

# layout -> the order of Flax's axes in torch's array.
AXES = {
    "conv": (2, 3, 1, 0),  # torch [out, in, h, w], Flax [h, w, in, out]
    "transposed": (2, 3, 0, 1),  # torch [in, out, h, w], Flax [h, w, in, out]
    "linear": (1, 0),
    "same": None,
}
Mapped = Mapping[str, tuple[str, str]]


def _torch_of_4x4(array):
    channels = array.shape[0] // 16
    return (
        array.reshape(4, 4, channels, -1).transpose(3, 2, 0, 1).reshape(-1, len(array))
    )


# Layouts that are more than an order of axes: (to Flax, to torch).
OTHER = {
    # A convolution whose kernel is turned by 180°.
    "flipped": (
        lambda x: np.transpose(x, (2, 3, 1, 0))[::-1, ::-1],
        lambda x: np.transpose(x[::-1, ::-1], (3, 2, 0, 1)),
    ),
    # Torch [C, 4, 4] and [C, 1, 4, 4], Flax [4, 4, C].
    "maps": (lambda x: np.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, -1, 0)),
    "depthwise": (
        lambda x: np.moveaxis(x[:, 0], 0, -1),
        lambda x: np.moveaxis(x, -1, 0)[:, None],
    ),
    # A linear map of flattened 4×4 maps: torch [out, C·16], Flax [16·C, out].
    "of_4x4": (
        lambda x: np.transpose(
            x.reshape(len(x), -1, 4, 4), (2, 3, 1, 0)
        ).reshape(-1, len(x)),
        _torch_of_4x4,
    ),
}  # fmt: skip


def to_flax(array: np.ndarray, layout: str) -> np.ndarray:
    """Return an array of torch in the layout of Flax."""
    if layout in OTHER:
        return OTHER[layout][0](array)
    axes = AXES[layout]
    return array if axes is None else np.transpose(array, axes)


def to_torch(array: Any, layout: str) -> np.ndarray:
    """Return an array of Flax in the layout of torch."""
    array = np.asarray(array)
    if layout in OTHER:
        return OTHER[layout][1](array)
    axes = AXES[layout]
    return array if axes is None else np.transpose(array, np.argsort(axes))


def filled(
    template: Any,
    mapping: Mapped,
    prefix: str = "",
    unit: bool = False,
    values: Callable = rule.parameter,
) -> dict[str, Any]:
    """Return parameters in the structure of ``template``, filled by a rule.

    Args:
      template: arrays or shapes, nested by name.
      prefix: comes before the names of torch in the rule.
      values: the rule, with the arguments of ``rule.parameter``.

    Raises:
      ValueError: unless the mapping names each parameter of the template once.
    """
    flat = flatten_dict(template, sep="/")
    paths = sorted(path for path, _ in mapping.values())
    if paths != sorted(flat):
        wrong = sorted(set(paths) ^ set(flat))
        raise ValueError(f"the mapping and the parameters differ in {wrong}")
    made = {}
    for name, (path, layout) in mapping.items():
        shape = to_torch(np.empty(flat[path].shape, np.int8), layout).shape
        made[path] = to_flax(values(prefix + name, shape, unit), layout)
    return unflatten_dict(made, sep="/")


def named(tree: Any, mapping: Mapped, kind: str, prefix: str = "") -> dict[str, Any]:
    """Return the arrays of a tree of Flax as ``KIND/PREFIX TORCH NAME`` -> array in the
    layout of torch."""
    flat = flatten_dict(jax.device_get(tree), sep="/")
    return {
        f"{kind}/{prefix}{name}": to_torch(flat[path], layout)
        for name, (path, layout) in mapping.items()
    }
