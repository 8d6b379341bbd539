"""DiffAugment: colour, translation and cut-out with given draws, on even and odd
sides."""

import functools

import jax
import jax.numpy as jnp

from ganjax.augment import AUGMENTATIONS
from tests.parity import rule
from tests.parity.networks import on_one_device
from tests.parity.row import Row
from tests.parity.tensors import first, last

N = 6
NAMES = "colour", "translation", "cutout"
SIZES = {"even": (16, 12), "odd": (15, 9)}


def augmented(size, fixture):
    """The authors' functions got the draws of these keys, in their ranges."""
    keys = jax.random.split(jax.random.key(0), N)
    shape = (N, 3, *SIZES[size])
    x, along = (
        last(rule.images(f"diffaugment_{size}{name}", shape)) for name in ("", ".along")
    )

    def changed(name, x):
        y = jax.vmap(AUGMENTATIONS[name], (0, 0, None))(keys, x, 1.0)
        return jnp.sum(y * along), y

    def all_of_them(x):
        differentiated = jax.value_and_grad(changed, 1, has_aux=True)
        return {name: differentiated(name, x) for name in NAMES}

    found = {}
    for name, ((_, y), slope) in on_one_device(all_of_them, x).items():
        found[f"output/{name}"] = first(y)
        found[f"gradient/{name}"] = first(slope)
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
