"""Training steps of presets against PyTorch-StudioGAN's worker."""

import numpy as np

from tests.parity import rule, studiogan_names
from tests.parity.given import PLAYERS
from tests.parity.row import Row
from tests.parity.steps import Training, moved, resolved
from tests.parity.tensors import last

STEPS, DCGAN_N, REACGAN_N, CLASSES = 5, 2, 4, 10
# Of ReACGAN: the first step whose average is not a copy, from 0.
WIDTH, EMBEDDING, AVERAGED = 8, 16, 2
# With these latents no ReLU of ReACGAN reads a number so near zero that rounding
# changes its sign: torch moves parameters in float32 as in float64, up to 1.3e-4.
LATENTS = {"DCGAN": "z", "ReACGAN": "b z"}


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


def latents(
    name: str, step: int, player: str, turn: int, shape: tuple[int, int]
) -> np.ndarray:
    """Return the latents ``[n, d]`` of a turn, for a name in ``LATENTS``."""
    return rule.numbers(f"{name} {step} {player} {turn}", shape)


def images(step: int, turn: int, n: int) -> np.ndarray:
    """Return the images ``[n, 3, 32, 32]`` of a turn of the discriminator."""
    return rule.images(f"images {step} {turn}", (n, 3, 32, 32))


def labels(step: int, turn: int, n: int) -> np.ndarray:
    """Return the labels ``[n]`` of a turn, of real and of generated samples. The turn
    of the generator comes last."""
    return rule.labels(f"labels {step} {turn}", n, CLASSES)


def _stacked(of, turns, *more):
    """Return ``of(step, turn, *more)`` as an array ``[STEPS, turns, …]``."""
    rows = [[of(step, turn, *more) for turn in range(turns)] for step in range(STEPS)]
    return np.array(rows)


def _moved(name, config, tensors, labelled=False, **begin):
    """Return how far the networks of a config move in some steps. ``tensors``: of the
    generator and of the discriminator; ``name``: of the latents."""
    ours, n = Training(config), config.batch_size
    turns = {player: config.optimizers[player].updates_per_step for player in PLAYERS}
    draws = {
        player: {
            "latents": _stacked(
                lambda step, turn, player=player: latents(
                    LATENTS[name], step, player, turn, (n, config.latents.size)
                ),
                turns[player],
            )
        }
        for player in PLAYERS
    }
    rounds = ours.game.rounds  # with labels, the generator's turn has one
    batches = {"data": last(_stacked(images, rounds, n))}
    if labelled:
        batches["label"] = _stacked(labels, rounds, n)
    players = "generator", "discriminator"
    own = {x: (own, f"{x}.") for x, own in zip(players, tensors, strict=True)}
    before, after, _ = ours.run(own, batches, draws, **begin)
    return moved(before, after, own, {x: f"{x}." for x in before})


def dcgan(fixture):
    changes = {"data.name": "gratings32", "batch_size": DCGAN_N}
    tensors = (
        studiogan_names.deep_conv_generator(),
        studiogan_names.deep_conv_discriminator(),
    )
    config = resolved("dcgan_cifar10", changes)
    return _moved("DCGAN", config, tensors, values=softened)


def reacgan(fixture):
    changes = {
        "batch_size": REACGAN_N,
        "networks.generator.width": WIDTH,
        "networks.discriminator.width": WIDTH // 2,
        "networks.discriminator.embedding": EMBEDDING,
        "ema.begin": AVERAGED + 1,
    }
    tensors = (
        studiogan_names.residual_generator(shared=True),
        studiogan_names.residual_discriminator(compares=True),
    )
    config = resolved("reacgan_cifar10:tiny", changes)
    return _moved("ReACGAN", config, tensors, labelled=True)


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
    Row(
        "studiogan_reacgan_steps",
        (("configs", "reacgan_cifar10"),),
        "PyTorch-StudioGAN",
        "five steps of the worker with five turns of the discriminator and batches of "
        "4: how far parameters, spectral vectors and the average from step 3 move",
        reacgan,
        differs="the labels of generated samples are drawn there; here both sides use "
        "the labels of the real examples. Biases before batch normalisation are not "
        "compared",
        slow=True,
    ),
]
