"""Presets have the settings of the codes that they name: launch scripts with the
defaults of their parsers, an example, and the table of a README."""

import json

import pytest

from tests.parity import steps
from tests.parity.fixture import Fixture


def read(row):
    return json.loads(str(Fixture(row).inputs["settings"]))


def of_biggan(config):
    """Return the settings of a config by their names in BigGAN-PyTorch."""
    d, g = config.optimizers.discriminator, config.optimizers.generator
    made, judge = config.networks.generator, config.networks.discriminator
    starts = {"orthogonal": "ortho", "normal": "N02"}
    return {
        "batch_size": config.batch_size,
        "dim_z": config.latents.size,
        "G_ch": made.width,
        "D_ch": judge.width,
        "G_shared": made.embedding > 0,
        "hier": made.hierarchical,
        "G_init": starts[made.initialiser],
        "D_init": starts[judge.initialiser],
        "num_D_steps": d.updates_per_step // d.accumulate,
        "num_D_accumulations": d.accumulate,
        "num_G_accumulations": g.accumulate,
        **{f"{x}_lr": o.learning_rate for x, o in (("D", d), ("G", g))},
        **{f"{x}_B1": o.b1 for x, o in (("D", d), ("G", g))},
        **{f"{x}_B2": o.b2 for x, o in (("D", d), ("G", g))},
        "adam_eps": d.eps,
        "ema_decay": config.ema.decay,
        "G_ortho": config.terms.orthogonal_generator.weight,
        "D_ortho": config.terms.orthogonal_critic.weight,
        "G_eval_mode": config.sampling.statistics == "averaged",
    }


@pytest.mark.parametrize(
    ("config", "row", "script"),
    [
        ("biggan_cifar10", "biggan_cifar10_steps", "cifar"),
        ("biggan_imagenet128", "biggan_cifar10_steps", "imagenet"),
        ("biggan_diffaugment_cifar10", "diffaugment_even", None),
    ],
)
def test_biggan(config, row, script):
    resolved, theirs = steps.resolved(config, {}), read(row)
    theirs = theirs[script] if script else theirs
    ours = of_biggan(resolved)
    assert ours == {name: theirs[name] for name in ours}
    assert resolved.optimizers.generator.eps == theirs["adam_eps"]
    assert theirs["BN_eps"] == 1e-5  # as in ganjax.networks.layers
    assert theirs["ema"] and theirs["use_ema"] and not theirs.get("split_D")
    if theirs["G_shared"]:
        assert theirs["shared_dim"] == resolved.networks.generator.embedding
    # Attention is at 64×64 for 128 pixels, and nowhere for 32.
    attention = "64" if config == "biggan_imagenet128" else "0"
    assert (theirs["G_attn"], theirs["D_attn"]) == (attention, attention)
    # The forks count updates from 0, BigGAN-PyTorch from 1.
    first = 1 if config == "biggan_diffaugment_cifar10" else 0
    assert resolved.ema.begin == theirs["ema_start"] + first


@pytest.mark.parametrize(
    ("config", "row"),
    [
        ("biggan_cifar10", "biggan_cifar10_steps"),
        ("biggan_diffaugment_cifar10", "diffaugment_even"),
    ],
)
def test_lengths_and_data_of_cifar_10(config, row):
    """A step takes the images of all turns of the discriminator, of 50,000 an epoch."""
    resolved, theirs = steps.resolved(config, {}), read(row)
    theirs = theirs.get("cifar", theirs)
    a_step = theirs["batch_size"] * theirs["num_D_steps"]
    assert resolved.steps == theirs["num_epochs"] * 50_000 // a_step
    assert resolved.data.mirror == theirs.get("mirror_augment", theirs.get("augment"))
    wanted = tuple(x for x in theirs.get("DiffAugment", "").split(",") if x)
    assert resolved.augmentation.names == wanted


@pytest.mark.parametrize(
    "config", ["sngan_cifar10", "sngan_projection_cifar10", "wgan_gp_cifar10"]
)
def test_mimicry(config):
    """The README has one line of settings for all its models on CIFAR-10. The example
    is SNGAN."""
    resolved, theirs = steps.resolved(config, {}), read("sngan_cifar10_steps")
    d, g = resolved.optimizers.discriminator, resolved.optimizers.generator
    decay = resolved.schedules.decay
    ours = {
        "batch_size": resolved.batch_size,
        "rate": d.learning_rate,
        "betas": [d.b1, d.b2],
        "n_dis": d.updates_per_step,
        "lr_decay": decay.shape,
    }
    assert ours == {name: theirs[name] for name in ours}
    assert (g.learning_rate, g.b1, g.b2) == (d.learning_rate, d.b1, d.b2)
    assert (g.updates_per_step, decay.end, decay.begin, decay.steps) == (1, 0, 0, 0)
    size, batch, rate, b1, b2, policy, turns, length = theirs["table"]
    assert size == "32 x 32" and policy == "Linear"
    assert (int(batch), int(turns)) == (resolved.batch_size, d.updates_per_step)
    assert [float(rate), float(b1), float(b2)] == [d.learning_rate, d.b1, d.b2]
    assert length == f"{resolved.steps // 1000}K"
