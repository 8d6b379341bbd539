"""What the rows of CycleGAN and pix2pix share: images of two domains, and defaults."""

from collections.abc import Sequence

import numpy as np

from ganjax.config import resolve
from ganjax.data.made_up import made_up
from tests.parity import rule
from tests.parity.steps import Training, resolved
from tests.parity.tensors import last

RATE, LAYERS = 2e-4, 2  # LAYERS: of the discriminators, as in the presets
EXAMPLES = "the authors' players share the examples of a step; ours draw them apart"


def domains(row: str, step: int, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return the images of both domains at a step, ``[n, C, H, W]``."""
    return {name: rule.images(f"{row}/{name}/{step}", shape) for name in ("a", "b")}


def batches(row: str, steps: int, shape: tuple[int, ...], rounds: int) -> dict:
    """Return the images of some steps as batches of ``Training.run``. All players of a
    step see the same images."""
    given = [domains(row, step, shape) for step in range(steps)]
    return {
        name: np.stack([np.stack([last(x[name])] * rounds) for x in given])
        for name in ("a", "b")
    }


def training(name: str, shape: tuple[int, ...], changes: dict) -> Training:
    """Return the training of a preset with other options, for images ``[H, W, C]``."""
    source = made_up(shape, count=1, pairs=True, drawn=False)
    return Training(resolved(name, changes), source)


def defaults(
    game: str, player: str, makes: Sequence[str], judges: Sequence[str], weights
) -> dict[str, np.ndarray]:
    """Return the defaults of a game with its published networks.

    Args:
      player: whose optimizer counts.
      makes, judges: a generator and a discriminator, ``(network, architecture)``.
      weights: names of sections ``weights.NAME``.
    """
    networks = {network: {"name": name} for network, name in (makes, judges)}
    config = resolve({"game": game, "networks": networks})
    optimizer, critic = config.optimizers[player], config.networks[judges[0]]
    numbers = {
        "rate/1e-4": optimizer.learning_rate / 1e-4,
        "beta1": optimizer.b1,
        "generator width": config.networks[makes[0]].width,
        "discriminator width": critic.width,
        "discriminator layers": critic.layers,
        **{name: config.weights[name] for name in weights},
    }
    return {f"output/{name}": np.array(float(x)) for name, x in numbers.items()}
