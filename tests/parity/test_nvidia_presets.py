"""The presets of StyleGAN2 and R3GAN have the numbers of the authors' command lines.

The numbers are inputs of the fixtures. The oracle reads them from the authors' code.
"""

import importlib

import numpy as np
import pytest

from ganjax.config import resolve
from tests.parity.fixture import Fixture


def preset(name):
    config = resolve(importlib.import_module(f"configs.{name}").get_config())
    return config


def theirs(fixture):
    numbers = Fixture(fixture).inputs
    return {
        name.removeprefix("preset "): x
        for name, x in numbers.items()
        if name.startswith("preset ")
    }


@pytest.mark.parametrize("name", ["stylegan2_cifar10", "stylegan2_ada_cifar10"])
def test_stylegan2(name):
    config, wanted = preset(name), theirs("stylegan2_cifar10")
    generator, critic = config.networks.generator, config.networks.discriminator
    r1 = config.regularizers.r1
    ours = {
        "kimg": config.steps * config.batch_size / 1000,
        "batch_size": config.batch_size,
        "ema_kimg": config.ema.half_life,
        "ema_rampup": config.ema.ramp,
        "r1_gamma": r1.weight,
        "r1_interval": r1.interval,
        "path_length": config.terms.path_length.weight,
        "mixing": generator.mixing,
        "latent": config.latents.size,
        "style": generator.intermediate,
        "mapping_layers": generator.mapping_layers,
        "generator channels": [generator.channel_base, generator.channel_max],
        "discriminator channels": [critic.channel_base, critic.channel_max],
        "residual": critic.residual,
        "group": critic.minibatch_std_group,
        "mirror": config.data.mirror,
        "ada_target": config.augmentation.target,
        "ada_interval": config.augmentation.interval,
        "ada_kimg": config.augmentation.speed,
        "eps": 1e-8,  # of ``ganjax.optimizers``
    }
    for player in ("generator", "discriminator"):
        optimizer = config.optimizers[player]
        assert optimizer.name == "adam"
        ours[f"{player} rate"] = optimizer.learning_rate
        ours[f"{player} betas"] = [optimizer.b1, optimizer.b2]
    augments = {x for x in wanted if x.startswith("augment ")}
    assert set(ours) == set(wanted) - augments
    for number, value in ours.items():
        np.testing.assert_allclose(value, wanted[number], rtol=1e-6, err_msg=number)
    assert r1.apart and config.conditioning.discriminator == "projection"
    # Each of their changes has the factor 1, and belongs to one of our augmentations.
    assert {x: float(wanted[x]) for x in augments} == dict.fromkeys(augments, 1.0)
    adaptive = name == "stylegan2_ada_cifar10"
    assert config.augmentation.adaptive == adaptive
    names = ("blit", "geometric", "colour_transform") if adaptive else ()
    assert config.augmentation.names == names
    assert not config.augmentation.factors


# Our augmentation -> the authors' changes that it has.
CHANGES = {
    "blit": ("xflip", "rotate90", "xint"),
    "geometric": ("scale", "rotate", "aniso", "xfrac"),
    "colour_transform": ("brightness", "contrast", "lumaflip", "hue", "saturation"),
    "cutout": ("cutout",),
}


def test_r3gan():
    config, wanted = preset("r3gan_cifar10"), theirs("r3gan_cifar10")
    generator, critic = config.networks.generator, config.networks.discriminator
    stages = 4  # of 32 pixels
    ours = {
        "batch_size": config.batch_size,
        "mirror": config.data.mirror,
        "latent": config.latents.size,
        "generator_embedding": config.latents.size,
        "discriminator_embedding": critic.width,
        "eps": 1e-8,  # of ``ganjax.optimizers``
    }
    for network in (generator, critic):
        inside = network.expansion * network.width
        ours |= {
            "widths": [network.width] * stages,
            "cardinalities": [inside // network.group] * stages,
            "blocks": [network.blocks] * stages,
            "expansion": network.expansion,
        }
        assert network.widest == 32
    for player in ("generator", "discriminator"):
        optimizer = config.optimizers[player]
        assert optimizer.name == "adam"
        ours["b1"] = optimizer.b1
        starts = {"rate": optimizer.learning_rate, "memory": optimizer.b2}
    starts |= {
        "average": 1000 * config.ema.half_life,
        "augmentation": config.augmentation.probability,
        "penalty": config.regularizers.r1.weight,
    }
    assert config.regularizers.r2.weight == config.regularizers.r1.weight
    for schedule, number in {
        "rate": "lr", "memory": "beta2", "average": "ema", "augmentation": "aug",
        "penalty": "gamma",
    }.items():  # fmt: skip
        moved = config.schedules[schedule]
        assert (moved.shape, moved.begin) == ("cosine", 0)
        end = moved.end * (1000 if schedule == "average" else 1)
        ours[number] = [starts[schedule], end, moved.steps * config.batch_size]
    assert config.augmentation.names == tuple(CHANGES)
    for name, factor in zip(CHANGES, config.augmentation.factors, strict=True):
        ours |= {f"augment {change}": factor for change in CHANGES[name]}
    assert set(ours) == set(wanted)
    for number, value in ours.items():
        # The burn-in of 39,062.5 steps is a whole number of steps.
        rtol = 2e-5 if number in ("lr", "beta2", "ema", "aug", "gamma") else 1e-6
        np.testing.assert_allclose(value, wanted[number], rtol=rtol, err_msg=number)
