"""DCGAN as its paper describes it: losses and gradients of both players."""

import numpy as np

from ganjax.config import resolve
from ganjax.data.made_up import made_up
from tests.parity import rule
from tests.parity.row import Row
from tests.parity.rows_games import DESCENT, GRADIENT
from tests.parity.steps import Training, moved
from tests.parity.tensors import (
    Tensor,
    batch_norm,
    conv,
    last,
    linear,
    plain,
    transposed,
)

BATCH, SIZE, WIDTH, LATENT = 4, 64, 2, 6


def tensors_of() -> dict[str, dict[str, Tensor]]:
    """Return the tensors of both networks. Layer i of 4 is a convolution, with a
    normalisation if it is not the first or the last next to the image."""
    generator = {"project.weight": linear("Linear_0/kernel")}
    discriminator = {
        "score.weight": linear("Linear_0/kernel"),
        "score.bias": plain("Linear_0/bias"),
    }
    for i in range(4):
        generator[f"up.{i}.weight"] = transposed(f"Conv_{i}/kernel")
        discriminator[f"down.{i}.weight"] = conv(f"Conv_{i}/kernel")
        # The projection and all but the last layer of the generator are normalised.
        generator |= batch_norm(f"norm.{i}", f"BatchNorm_{i}")
        if i < 3:
            discriminator |= batch_norm(f"norm.{i}", f"BatchNorm_{i}")
    generator["up.3.bias"] = plain("Conv_3/bias")
    discriminator["down.0.bias"] = plain("Conv_0/bias")
    return {"generator": generator, "discriminator": discriminator}


def inputs() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return real images ``[n, 3, H, W]``, and the latents of each player."""
    real = rule.images("dcgan/real", (BATCH, 3, SIZE, SIZE))
    z = {
        player: rule.images(f"dcgan/latents/{player}", (BATCH, LATENT))
        for player in ("discriminator", "generator")
    }
    return real, z


def dcgan(fixture):
    network = {"name": "dcgan", "width": WIDTH, "normalization": "batch"}
    config = resolve(
        {
            "batch_size": BATCH,
            "data": {"name": "ring8"},
            "latents": {"name": "uniform", "size": LATENT},
            "networks": {"generator": network, "discriminator": network},
            **DESCENT,
        }
    )
    names = {player: (own, f"dcgan.{player}.") for player, own in tensors_of().items()}
    real, z = inputs()
    training = Training(config, made_up((SIZE, SIZE, 3), count=1, drawn=False))
    draws = {player: {"latents": x[None, None]} for player, x in z.items()}
    before, after, metrics = training.run(
        names, {"data": last(real)[None, None]}, draws
    )
    found = {f"loss/{player}": metrics[f"{player}/loss"][0] for player in names}
    prefixes = {player: f"{player}." for player in names}
    return found | moved(before, after, names, prefixes, **GRADIENT)


ROWS = [
    Row(
        "dcgan_paper",
        (("architectures", "dcgan"),),
        "arXiv 1511.06434, section 3 and figure 1, in torch",
        "losses and gradients of both players at 64 pixels with batch normalisation",
        dcgan,
        "kernels are 4×4; the authors' Theano code has 5×5",
    ),
]
