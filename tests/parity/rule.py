"""The rule by which both sides fill parameters and draw inputs, from names alone."""

import math
import zlib

import numpy as np


def _generator(name: str) -> np.random.Generator:
    # Philox gives the same numbers on every machine, in every version of NumPy.
    return np.random.Generator(np.random.Philox(zlib.crc32(name.encode())))


def numbers(name: str, shape: tuple[int, ...], scale: float = 1.0) -> np.ndarray:
    """Return normal numbers for a name, as float32."""
    return (scale * _generator(name).standard_normal(shape)).astype(np.float32)


def images(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return images ``[n, C, H, W]`` in [-1, 1] for a name, as float32."""
    return _generator(name).uniform(-1, 1, shape).astype(np.float32)


def labels(name: str, n: int, classes: int) -> np.ndarray:
    """Return labels ``[n]`` for a name, as int32."""
    return _generator(name).integers(0, classes, n).astype(np.int32)


def parameter(name: str, shape: tuple[int, ...], unit: bool = False) -> np.ndarray:
    """Return the values of a parameter for its name and shape in torch.

    Kernels have the deviation 1/√inputs, or 1 with ``unit`` (for layers that scale
    their kernels). A vector named ``weight`` is the gain of a normalisation, near 1.
    Other vectors are near 0.
    """
    if len(shape) > 1:
        inputs = math.prod(shape[1:])
        return numbers(name, shape, 1.0 if unit else 1 / math.sqrt(inputs))
    near = 1.0 if name.rpartition(".")[2] == "weight" else 0.0
    return np.float32(near) + numbers(name, shape, 0.1)
