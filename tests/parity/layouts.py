"""The names and layouts of parameters: from torch to Flax and back.

A mapping is ``{torch name: (Flax path, layout)}``. Paths are joined by ``/``.
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict

from tests.parity import rule

# layout -> the order of Flax's axes in torch's array.
AXES = {
    "conv": (2, 3, 1, 0),  # torch [out, in, h, w], Flax [h, w, in, out]
    # torch [in, out, h, w], Flax [h, w, in, out] and turned by 180 degrees: torch adds
    # tap k of a kernel to pixel stride·i + k, and Flax to pixel stride·i − k.
    "transposed": (2, 3, 0, 1),
    "linear": (1, 0),
    "same": None,
}
Mapped = Mapping[str, tuple[str, str]]


def to_flax(array: np.ndarray, layout: str) -> np.ndarray:
    """Return an array of torch in the layout of Flax."""
    axes = AXES[layout]
    array = array if axes is None else np.transpose(array, axes)
    return np.flip(array, (0, 1)) if layout == "transposed" else array


def to_torch(array: Any, layout: str) -> np.ndarray:
    """Return an array of Flax in the layout of torch."""
    axes = AXES[layout]
    array = np.asarray(array)
    if layout == "transposed":
        array = np.flip(array, (0, 1))
    return array if axes is None else np.transpose(array, np.argsort(axes))


def filled(
    template: Any, mapping: Mapped, prefix: str = "", unit: bool = False
) -> dict[str, Any]:
    """Return parameters in the structure of ``template``, filled by ``rule.parameter``.

    Args:
      template: arrays or shapes, nested by name.
      prefix: comes before the names of torch in the rule.

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
        made[path] = to_flax(rule.parameter(prefix + name, shape, unit), layout)
    return unflatten_dict(made, sep="/")


def named(tree: Any, mapping: Mapped, kind: str, prefix: str = "") -> dict[str, Any]:
    """Return the arrays of a tree of Flax as ``KIND/PREFIX TORCH NAME`` -> array in the
    layout of torch."""
    flat = flatten_dict(jax.device_get(tree), sep="/")
    return {
        f"{kind}/{prefix}{name}": to_torch(flat[path], layout)
        for name, (path, layout) in mapping.items()
    }
