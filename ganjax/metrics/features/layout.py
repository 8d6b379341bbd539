"""Convert the named tensors of a file to Flax variables, and check names and shapes."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import traverse_util

from ganjax.errors import BadInput

# Flax name of a leaf of a layer -> torch name. Biases have the same name in both.
TORCH_NAMES = {
    "kernel": "weight", "scale": "weight", "mean": "running_mean", "var": "running_var"
}  # fmt: skip
TORCH_COUNTER = "num_batches_tracked"


def shapes(module: nn.Module, image_shape: tuple[int, ...]) -> dict:
    """Return the shapes of a module's variables for images ``[H, W, C]``. Nothing is
    computed: JAX only traces the module."""
    images = jax.ShapeDtypeStruct((1, *image_shape), jnp.float32)
    return jax.eval_shape(module.init, jax.random.key(0), images)


def from_torch(expected: dict, tensors: dict, field: str, ignored=()) -> dict:
    """Return Flax variables from the tensors of a torch file.

    The submodules of the Flax module must have the names of the torch modules. Kernels
    are transposed from torch's order (outputs, inputs, height, width) to Flax's order.

    Args:
      expected: the variables' shapes, from `shapes`.
      tensors: name -> tensor, the torch state dict. Batch counters and the names in
        ``ignored`` are skipped.
      field: the name of the file in errors, such as ``evaluation.weights='x.pth'``.
      ignored: names of tensors that the module does not use.

    Raises:
      BadInput: a tensor is missing, unknown, or of another shape than expected.
    """
    tensors = {
        name: tensor
        for name, tensor in tensors.items()
        if name not in ignored and name.split(".")[-1] != TORCH_COUNTER
    }
    return _fit(expected, tensors, field, _torch_name, _from_torch_order)


def from_flat(expected: dict, tensors: dict[str, np.ndarray], field: str) -> dict:
    """Return Flax variables from tensors with paths as names: ``params.Conv_0.kernel``.

    Args:
      expected: the variables' shapes, from `shapes`.
      tensors: name -> tensor.
      field: the name of the file in errors, such as ``evaluation.weights='x'``.

    Raises:
      BadInput: a tensor is missing, unknown, or of another shape than expected.
    """
    return _fit(expected, tensors, field, ".".join, lambda tensor, leaf: tensor)


def flat(variables: dict) -> dict[str, np.ndarray]:
    """Return Flax variables as tensors with paths as names: ``params.Conv_0.kernel``.
    It is the inverse of `from_flat`."""
    return {
        ".".join(path): np.asarray(value)
        for path, value in traverse_util.flatten_dict(variables).items()
    }


def _torch_name(path):
    collection, *modules, leaf = path
    return ".".join([*modules, TORCH_NAMES.get(leaf, leaf)])


def _from_torch_order(tensor, leaf):
    if leaf == "kernel":
        return tensor.transpose((2, 3, 1, 0) if tensor.ndim == 4 else (1, 0))
    return tensor


def _fit(expected, tensors, field, name_of, ordered):
    expected = traverse_util.flatten_dict(expected)
    names = {path: name_of(path) for path in expected}
    missing = sorted(set(names.values()) - set(tensors))
    extra = sorted(set(tensors) - set(names.values()))
    for problem, found in (("lacks", missing), ("has an unknown", extra)):
        if found:
            more = f" and {len(found) - 1} more" if len(found) > 1 else ""
            raise _wrong(field, f"{problem} tensor '{found[0]}'{more}")
    variables = {}
    for path, name in names.items():
        shape, tensor = expected[path].shape, tensors[name]
        if tensor.ndim == len(shape):
            tensor = ordered(tensor, path[-1])
        if tensor.shape != shape:
            raise _wrong(field, f"tensor '{name}' has shape {tensors[name].shape}")
        variables[path] = np.asarray(tensor, np.float32, order="C")
    return traverse_util.unflatten_dict(variables)


def _wrong(field, problem):
    return BadInput(
        f"{field}: {problem}, so it is not the file of this extractor; give the "
        "right file by evaluation.weights=PATH"
    )
