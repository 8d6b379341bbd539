"""Training steps of presets against PyTorch-StudioGAN's worker."""

import numpy as np

from tests.parity import rule, studiogan_names
from tests.parity.given import PLAYERS
from tests.parity.row import Row
from tests.parity.steps import Training, moved, resolved
from tests.parity.tensors import last

STEPS = 5


def softened(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the values of a parameter of ``deep_conv``, such that rounding does not
    grow.

    Adam divides a gradient by its size. So a gradient that is rounding moves a
    parameter as far as any other, unless the rounding is far below ``eps``. Gradients
    are small if the last kernel of the discriminator is. And few ReLUs read a number
    near zero if the shifts of batch normalisation are large.
    """
    made = rule.parameter(name, shape)
    if name == "discriminator.linear1.weight":
        return made * np.float32(1e-2)
    if ".bn" in name and name.endswith(".bias"):
        shift = 1 if name == "discriminator.bn1.bias" else 2.5
        return made + np.resize(np.float32([shift, -shift]), shape)
    return made


def latents(step: int, player: str, turn: int, shape: tuple[int, int]) -> np.ndarray:
    """Return the latents ``[n, d]`` of a turn."""
    return rule.numbers(f"z {step} {player} {turn}", shape)


def images(step: int, turn: int, n: int) -> np.ndarray:
    """Return the images ``[n, 3, 32, 32]`` of a turn of the discriminator."""
    return rule.images(f"images {step} {turn}", (n, 3, 32, 32))


def _stacked(of, turns):
    """Return ``of(step, turn)`` as an array ``[STEPS, turns, …]``."""
    rows = [[of(step, turn) for turn in range(turns)] for step in range(STEPS)]
    return np.array(rows)


def dcgan(fixture):
    n, turns = 2, {"discriminator": 2, "generator": 1}
    changes = {"data.name": "gratings32", "batch_size": n}
    draws = {
        player: {
            "latents": _stacked(
                lambda step, turn, player=player: latents(step, player, turn, (n, 128)),
                turns[player],
            )
        }
        for player in PLAYERS
    }
    real = _stacked(lambda step, turn: last(images(step, turn, n)), 2)
    names = {
        "generator": (studiogan_names.deep_conv_generator(), "generator."),
        "discriminator": (studiogan_names.deep_conv_discriminator(), "discriminator."),
    }
    ours = Training(resolved("dcgan_cifar10", changes))
    before, after, _ = ours.run(names, {"data": real}, draws, values=softened)
    return moved(before, after, names, {player: f"{player}." for player in PLAYERS})


ROWS = [
    Row(
        "studiogan_dcgan_steps",
        (("configs", "dcgan_cifar10"),),
        "PyTorch-StudioGAN",
        "five steps of the worker with batches of 2: how far parameters move",
        dcgan,
        differs="biases before batch normalisation are not compared: they change no "
        "output, and their gradients are rounding",
        slow=True,
    ),
]
