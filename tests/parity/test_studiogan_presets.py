"""The presets that follow PyTorch-StudioGAN, field by field, against its YAML files.

The fixtures of the networks hold the values of these files, with the defaults of
``src/config.py``.
"""

import inspect

import pytest

from configs import dcgan_cifar10, reacgan_cifar10, sagan_cifar10
from ganjax.config import resolve
from ganjax.objectives import conditioning
from tests.parity.fixture import Fixture

PRESETS = {
    "dcgan": (dcgan_cifar10, "studiogan_deep_conv_generator"),
    "sagan": (sagan_cifar10, "studiogan_resnet_generator"),
    "reacgan": (reacgan_cifar10, "studiogan_big_resnet_generator"),
}
ARCHITECTURES = {"deep_conv": "deep_conv", "resnet": "sagan", "big_resnet": "biggan"}
LOSSES = {"vanilla": "non_saturating", "hinge": "hinge"}
CRITICS = {"PD": "projection", "D2DCE": "data_to_data"}


@pytest.fixture(params=PRESETS)
def preset(request):
    """Return ``(resolved preset, {SECTION.FIELD: value of StudioGAN})``."""
    module, row = PRESETS[request.param]
    inputs = Fixture(row).inputs.items()
    theirs = {k.removeprefix("config/"): x.tolist() for k, x in inputs if "/" in k}
    return resolve(module.get_config()), theirs


def test_training(preset):
    ours, theirs = preset
    assert ours.batch_size == theirs["OPTIMIZATION.batch_size"]
    assert ours.steps == theirs["OPTIMIZATION.total_steps"]
    assert ours.data.mirror == theirs["PRE.apply_rflip"]
    assert ours.latents.name == "normal" and theirs["MODEL.z_prior"] == "gaussian"
    assert ours.latents.size == theirs["MODEL.z_dim"]
    assert ours.loss.name == LOSSES[theirs["LOSS.adv_loss"]]
    for player, short in (("generator", "g"), ("discriminator", "d")):
        own = ours.optimizers[player]
        assert own.name == theirs["OPTIMIZATION.type_"].lower() == "adam"
        assert own.learning_rate == theirs[f"OPTIMIZATION.{short}_lr"]
        turns = theirs[f"OPTIMIZATION.{short}_updates_per_step"]
        assert own.updates_per_step == turns
        assert own.b1 == theirs["OPTIMIZATION.beta1"]
        assert own.b2 == theirs["OPTIMIZATION.beta2"]
        assert own.eps == theirs["adam.eps"]
        assert own.weight_decay == theirs.get(f"OPTIMIZATION.{short}_weight_decay", 0)
    assert ours.ema.decay == theirs.get("MODEL.g_ema_decay", 0)
    if "MODEL.g_ema_start" in theirs:  # the first step that averages, from 0
        assert ours.ema.begin == theirs["MODEL.g_ema_start"] + 1
    assert theirs["OPTIMIZATION.d_first"]


def test_networks(preset):
    ours, theirs = preset
    generator, discriminator = ours.networks.generator, ours.networks.discriminator
    name = ARCHITECTURES[theirs["MODEL.backbone"]]
    assert generator.name == discriminator.name == name
    assert generator.epsilon == theirs["batch_norm.eps"]
    assert theirs["MODEL.g_init"] == theirs["MODEL.d_init"] == "ortho"
    spectral = "MODEL.apply_d_sn" in theirs
    assert discriminator.normalization == ("spectral" if spectral else "batch")
    assert spectral == ("MODEL.apply_g_sn" in theirs) == (name != "deep_conv")
    if not spectral:
        assert generator.width == discriminator.width == 64  # fixed in deep_conv.py
        assert discriminator.epsilon == theirs["batch_norm.eps"]
        return
    assert theirs["MODEL.d_act_fn"] == "ReLU"  # made in place
    assert discriminator.rectified_shortcut
    assert generator.width == theirs["MODEL.g_conv_dim"]
    # The discriminator has twice the width in channels. Ours: 2 (sagan), 4 (biggan).
    multiple = {"sagan": 2, "biggan": 4}[name]
    assert multiple * discriminator.width == 2 * theirs["MODEL.d_conv_dim"]
    # The places count blocks: the second makes 16×16, the first leaves 16×16.
    assert generator.attention == 4 << theirs["MODEL.attn_g_loc"][0]
    assert discriminator.attention == 32 >> theirs["MODEL.attn_d_loc"][0]
    if name == "sagan":
        assert generator.initialiser == discriminator.initialiser == "orthogonal"
        assert generator.spectral and generator.spectral_conditions
    else:
        assert generator.hierarchical
        assert generator.embedding == theirs["MODEL.g_shared_dim"]


def test_labels(preset):
    ours, theirs = preset
    if "MODEL.d_cond_mtd" not in theirs:
        assert ours.game == "gan"
        return
    assert theirs["MODEL.g_cond_mtd"] == "cBN"
    assert ours.conditioning.generator == "conditional_batch_norm"
    critic = CRITICS[theirs["MODEL.d_cond_mtd"]]
    assert ours.conditioning.discriminator == critic
    if critic == "data_to_data":
        assert ours.conditioning.weight == theirs["LOSS.cond_lambda"]
        assert ours.conditioning.shift_negatives
        assert theirs["MODEL.normalize_d_embed"]
        assert ours.networks.discriminator.embedding == theirs["MODEL.d_embed_dim"]
        taken = inspect.signature(conditioning.data_to_data).parameters
        assert taken["temperature"].default == theirs["LOSS.temperature"]
        assert taken["positive"].default == theirs["LOSS.m_p"]
        assert taken["negative"].default == pytest.approx(1 - theirs["LOSS.m_p"])
