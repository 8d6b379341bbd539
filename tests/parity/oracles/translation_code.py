"""What the oracles of CycleGAN and pix2pix share: options, steps and defaults."""

import argparse
import ast
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from tests.parity.oracles.torch_side import copied, moved, tensor
from tests.parity.rows_translation_networks import WIDTH
from tests.parity.translation import LAYERS


def _defaults(repository: Path, *files: str) -> argparse.Namespace:
    """Return the defaults of the authors' command line, read from their files."""
    values = {}
    for file in files:
        for node in ast.walk(ast.parse((repository / file).read_text())):
            called = getattr(getattr(node, "func", None), "attr", "")
            given = {x.arg: x.value for x in getattr(node, "keywords", ())}
            literal = {k: x.value for k, x in given.items() if hasattr(x, "value")}
            if called == "set_defaults":
                values |= literal
            elif called == "add_argument":
                name = node.args[0].value.lstrip("-")
                values[name] = literal.get("default", False)
    values |= {"isTrain": True, "gpu_ids": []}
    return argparse.Namespace(**values)


_OPTIONS = "options/base_options.py", "options/train_options.py"


def options(repository, model, **own):
    found = _defaults(repository, *_OPTIONS, f"models/{model}_model.py")
    small = {"input_nc": 1, "output_nc": 1, "ngf": WIDTH, "ndf": WIDTH,
             "netD": "n_layers", "n_layers_D": LAYERS}  # fmt: skip
    return argparse.Namespace(**{**vars(found), **small, **own})


def step(model, images):
    model.set_input({"A": tensor(images["a"]), "B": tensor(images["b"]), "A_paths": []})
    model.optimize_parameters()


def followed(
    networks: Mapping[str, torch.nn.Module], names: Mapping, advance: Callable
) -> dict[str, np.ndarray]:
    """Return how far the parameters move during ``advance()``. ``networks``: prefix ->
    module; ``names``: prefix -> the parameters that count."""
    before = copied(networks)
    advance()
    after = copied(networks)
    counted = {f"{prefix}{name}" for prefix, own in names.items() for name in own}
    return moved(before, {name: x for name, x in after.items() if name in counted})


def numbers(repository, model, **weights):
    found = _defaults(repository, *_OPTIONS, f"models/{model}_model.py")
    numbers = {
        "rate/1e-4": found.lr / 1e-4,
        "beta1": found.beta1,
        "generator width": found.ngf,
        "discriminator width": found.ndf,
        "discriminator layers": found.n_layers_D,
        **{name: weight(found) for name, weight in weights.items()},
    }
    return {f"output/{name}": np.array(float(x)) for name, x in numbers.items()}
