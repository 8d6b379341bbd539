"""Small fully connected networks with tanh, and samples for them."""

import numpy as np

from tests.parity import rule
from tests.parity.tensors import Tensor, linear, with_bias

BATCH = 6  # samples of a batch
SIZE = 5  # numbers of a sample
HIDDEN = {"generator": (8,), "discriminator": (8, 6), "posterior": (7,)}


def tensors_of(layers: int, last: str = "") -> dict[str, Tensor]:
    """Return the tensors of a network. ``last`` is the path of its last layer."""
    paths = [f"Linear_{i}" for i in range(layers)]
    paths[-1] = last or paths[-1]
    made = {}
    for i, path in enumerate(paths):
        made |= with_bias(str(i), path, linear)
    return made


def samples(name: str) -> np.ndarray:
    """Return samples ``[BATCH, SIZE]``."""
    return rule.numbers(f"samples/{name}", (BATCH, SIZE))


def uniform(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers in [0, 1]."""
    return (rule.images(name, shape) + 1) / 2
