"""DiffAugment's functions, with ganjax's draws in place of torch's."""

import json
from unittest import mock

import jax
import numpy as np
import torch

from tests.parity import rule
from tests.parity.oracles import biggan
from tests.parity.oracles.torch_side import array, imported, tensor

SOURCE = "data-efficient-gans"
N = 6
NAMES = {"color": "colour", "translation": "translation", "cutout": "cutout"}
SIZES = {"even": (16, 12), "odd": (15, 9)}


class Draws:
    """Draws for each sample, in the order in which the code asks for them. The code
    gives the ranges. The keys are ganjax's, in the order of its draws. There the first
    key decides whether an augmentation happens."""

    def __init__(self, calls: int):
        keys = jax.random.split(jax.random.key(0), N)
        split = jax.vmap(lambda key: jax.random.split(key, 1 + calls))(keys)
        self.keys = iter([split[:, 1 + i] for i in range(calls)])

    def rand(self, *size, **how):
        drawn = jax.vmap(jax.random.uniform)(next(self.keys))
        return tensor(np.asarray(drawn)).reshape(size)

    def randint(self, low, high, size, **how):
        keys = next(self.keys)
        drawn = jax.vmap(lambda key: jax.random.randint(key, (), low, high))(keys)
        # A shift, of as much to each side, moves an image the other way there.
        drawn = -drawn if low == 1 - high else drawn
        return tensor(np.asarray(drawn).astype(np.int64)).reshape(size)


def settings(repository) -> np.ndarray:
    """Return the settings of the script that trains BigGAN on CIFAR-10, as JSON."""
    folder = repository / "DiffAugment-biggan-cifar"
    (utils,) = biggan.modules(folder, "utils")
    script = folder / "scripts/DiffAugment-biggan-cifar10.sh"
    return np.array(json.dumps(biggan.settings_of(utils, script)))


def augmented(size: str):
    def made(repository):
        found = {"input/settings": settings(repository)} if size == "even" else {}
        module = imported(repository, "DiffAugment_pytorch")
        shape = (N, 3, *SIZES[size])
        for theirs, ours in NAMES.items():
            x = tensor(rule.images(f"diffaugment_{size}", shape)).requires_grad_()
            draws = Draws(3 if theirs == "color" else 2)
            changes = mock.patch.multiple(torch, rand=draws.rand, randint=draws.randint)
            with changes:
                y = module.DiffAugment(x, policy=theirs)
            along = tensor(rule.images(f"diffaugment_{size}.along", shape))
            (y * along).sum().backward()
            found[f"output/{ours}"] = array(y)
            found[f"gradient/{ours}"] = array(x.grad)
        return found

    return made


FIXTURES = {f"diffaugment_{size}": augmented(size) for size in SIZES}
