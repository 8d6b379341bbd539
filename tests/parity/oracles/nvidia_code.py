"""What the oracles of StyleGAN2 and R3GAN share: R3GAN's trainer is NVIDIA's."""

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tests.parity.given import CLASSES
from tests.parity.oracles.torch_side import copied, moved


@contextlib.contextmanager
def small_data() -> Iterator[str]:
    """Yield a folder with two images of 32 pixels and their labels, which the command
    lines read."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a.png", "b.png"):
            Image.new("RGB", (32, 32)).save(Path(folder, name))
        labels = {"labels": [["a.png", 0], ["b.png", CLASSES - 1]]}
        Path(folder, "dataset.json").write_text(json.dumps(labels), "utf-8")
        yield folder


def adam(network, options: Mapping, **changes) -> torch.optim.Adam:
    """Return the optimizer of a player with the options of their command line."""
    assert options["class_name"] == "torch.optim.Adam"
    numbers = {k: x for k, x in options.items() if k != "class_name"} | changes
    # Newer torch takes no integers here.
    numbers["betas"] = tuple(map(float, numbers["betas"]))
    return torch.optim.Adam(network.parameters(), **numbers)


def freed(networks: Mapping[str, torch.nn.Module], player: str) -> None:
    """Let only the networks of a player have gradients, as their loops do."""
    for name, network in networks.items():
        network.requires_grad_(name == player)
        network.zero_grad(set_to_none=True)


def average(held, network, n: int, images: float) -> None:
    """Update the average of a generator after ``n`` images, with a half-life of this
    many ``images``, as their loops do."""
    decay = 0.5 ** (n / max(images, 1e-8))
    with torch.no_grad():
        for old, new in zip(held.parameters(), network.parameters(), strict=True):
            old.copy_(new.lerp(old, decay))


def states(networks, held) -> dict[str, np.ndarray]:
    """Return all parameters, with the average ``held``, by names with ``/``."""
    named = {f"{name}/": network for name, network in networks.items()}
    return copied({**named, "average/": held})


def results(before, after, numbers: Mapping, augmentations: Mapping) -> dict:
    """Return how far parameters moved, and the numbers of a preset that a test compares
    with ours, as inputs."""
    changes = {k: x for k, x in augmentations.items() if k != "class_name"}
    numbers = {**numbers, **{f"augment {k}": x for k, x in changes.items()}}
    inputs = {f"input/preset {k}": np.float64(x) for k, x in numbers.items()}
    return inputs | moved(before, after, np.float64)
