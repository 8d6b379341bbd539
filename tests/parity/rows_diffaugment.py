"""DiffAugment: colour, translation and cut-out with given draws, on even and odd
sides."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.augment import AUGMENTATIONS
from tests.parity import rule
from tests.parity.row import Row

N = 6
NAMES = "colour", "translation", "cutout"
SIZES = {"even": (16, 12), "odd": (15, 9)}


def augmented(size, fixture):
    """The authors' functions got the draws of these keys, in their ranges."""
    keys = jax.random.split(jax.random.key(0), N)
    shape = (N, 3, *SIZES[size])
    x, along = (
        np.moveaxis(rule.images(f"diffaugment_{size}{name}", shape), 1, -1)
        for name in ("", ".along")
    )

    def changed(name, x):
        y = jax.vmap(AUGMENTATIONS[name], (0, 0, None))(keys, x, 1.0)
        return jnp.sum(y * along), y

    @jax.jit
    def all_of_them():
        differentiated = jax.value_and_grad(changed, 1, has_aux=True)
        return {name: differentiated(name, x) for name in NAMES}

    found = {}
    for name, ((_, y), slope) in all_of_them().items():
        found[f"output/{name}"] = np.moveaxis(y, -1, 1)
        found[f"gradient/{name}"] = np.moveaxis(slope, -1, 1)
    return found


ROWS = [
    Row(
        f"diffaugment_{size}",
        tuple(("augmentations", name) for name in NAMES),
        "data-efficient-gans",
        f"images and gradients for given draws, {height}×{width} pixels",
        functools.partial(augmented, size),
    )
    for size, (height, width) in SIZES.items()
]
