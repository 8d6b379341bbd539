"""Every architecture in a game: with the hinge loss, and with relativistic pairs and
both penalties."""

import dataclasses

import jax
import pytest

from ganjax.data import open_source
from ganjax.networks import ARCHITECTURES, KINDS, conv, network_class
from tests.domains import two_domains
from tests.test_matrix import QUICK, moved_and_finite, step_of

# Options for small networks.
SMALL = {
    "mlp": {"widths": (4,)},
    "dcgan": {"width": 2},
    "deep_conv": {"width": 2, "normalization": "spectral"},
    "sn_dcgan": {"width": 2},
    "sngan_resnet": {"width": 2},
    "sagan": {"width": 3},
    "biggan": {"width": 2},
    "progressive": {"channel_base": 1024, "channel_max": 4, "updates_per_phase": 2},
    "transformer": {"width": 4, "depth": 1, "heads": 2},
    "stylegan2": {
        "channel_base": 1024,
        "channel_max": 4,
        "mapping_layers": 2,
        "intermediate": 8,
    },
    "r3gan": {"width": 8, "group": 4},
    "unet": {"width": 2},
    "cyclegan_resnet": {"width": 2, "blocks": 1},
    "srresnet": {"width": 2, "blocks": 1, "normalization": "none"},
    "gated_unet": {"width": 2, "depth": 1, "blocks": 1},
    "vgg16": {"width": 2, "blocks": 2},
    "patchgan": {"width": 2, "layers": 1, "normalization": "spectral"},
    "gru": {"width": 4},
    "captioned": {"width": 2, "joined": 2},
    "tabular": {"widths": (4,)},
    "molgan": {"widths": (4,), "pooled": 4, "head_widths": (4,)},
    "recurrent": {"width": 4, "layers": 1},
    "lstm": {"width": 4, "windows": (2,), "filters": 4},
}
TEXT = {
    "generator": "generator_from_text",
    "discriminator": "discriminator_with_text",
    "generator_text": "text_encoder",
    "discriminator_text": "text_encoder",
}
# Data of networks that take neither images nor points.
DATA = {
    "molgan": {"name": "molecules", "atoms": 2},
    "recurrent": {"name": "sines", "length": 4, "variables": 2},
}
# Slow to trace. By default test_config.py traces a published config of each instead.
NEEDS_32 = ("sngan_resnet", "sagan", "biggan", "stylegan2", "r3gan")
GAMES = {
    "hinge": {"loss": {"name": "hinge"}},
    "relativistic": {
        "loss": {"name": "relativistic_pairing"},
        "regularizers": {"r1": {"weight": 0.1}, "r2": {"weight": 0.1}},
    },
}


def of_kind(name, kind, option):
    module = network_class("", name, kind)
    known = {field.name for field in dataclasses.fields(module)}
    return {"name": name} | {k: v for k, v in option.items() if k in known}


def config(name, game):
    """Return a small config with ``name`` for both players.

    Networks of captions play text to image, and networks of maps style transfer. If
    ``name`` has no generator, the generator is an ``mlp``. A network from image to
    image plays CycleGAN. A network that adds pixels plays super-resolution."""
    architecture, small = ARCHITECTURES[name], SMALL[name]
    makes, judges = (
        hasattr(architecture, "Generator"),
        hasattr(architecture, "Discriminator"),
    )
    size = 32 if name in NEEDS_32 else 8
    stated = {"batch_size": 4, "data": {"name": f"gratings{size}"}, **GAMES[game]}
    if name in ("gru", "captioned"):
        networks = {
            network: of_kind(known, kind, SMALL[known])
            for network, kind in TEXT.items()
            for known in [KINDS[kind]]
        }
        text = {"game": "text_to_image", "data": {"name": "scenes"}}
        return stated | text | {"networks": networks, "latents": {"size": 4}}
    if name == "vgg16":
        networks = {
            "encoder": {"weights": "random", **small},
            "decoder": {"corrects": True, "width": small["width"]},
            "discriminator": {"widths": (4,)},
        }
        style = {"game": "adversarial_style_transfer", "data": {"name": "unpaired"}}
        return stated | style | {"networks": networks, "options": {"corrections": 2}}
    if name == "lstm":
        kinds = {x: f"word_{x}" for x in ("generator", "discriminator")}
        networks = {x: of_kind(name, kind, small) for x, kind in kinds.items()}
        data = {"name": "oracle_words", "words": 6, "length": 4, "sentences": 16}
        words = {"game": "word_gan", "data": data, "options": {"likelihood_steps": 1}}
        return stated | words | {"networks": networks, "latents": {"size": 4}}
    if name in DATA:
        stated["data"] = DATA[name]
    if name == "srresnet":
        networks = {"generator": of_kind(name, "generator", small)}
        networks["discriminator"] = {"widths": (4,)}
        return stated | {
            "game": "super_resolution",
            "networks": networks,
            "options": {"factor": 2},
        }
    if makes and not judges:
        translators = ("a_to_b", "b_to_a")
        return stated | {
            "game": "cyclegan",
            "data": {"name": "unpaired"},
            "networks": {t: of_kind(name, "generator", small) for t in translators},
        }
    networks = {
        "generator": of_kind(name, "generator", small) if makes else {"widths": (4,)},
        "discriminator": of_kind(name, "discriminator", small),
    }
    return stated | {"latents": {"size": 8}, "networks": networks}


def opened(stated):
    """The source of a config, if ``step_of`` would not open it with its options."""
    name = stated["data"]["name"]
    if stated.get("game") in ("cyclegan", "adversarial_style_transfer"):
        return two_domains()
    if stated.get("game") == "text_to_image":
        return open_source("scenes", glyphs="digits", side=16)
    options = {k: v for k, v in stated["data"].items() if k != "name"}
    return open_source(name, **options) if options else None


def played(name, game, **options):
    stated = config(name, game)
    return step_of(stated, opened(stated), **options)


@pytest.mark.parametrize(
    "game", [pytest.param("hinge", marks=pytest.mark.full), "relativistic"]
)
@pytest.mark.parametrize(
    "name",
    [
        # Slow to trace. tests/test_config.py traces R3GAN's own config.
        pytest.param(
            name,
            marks=pytest.mark.full
            if name in (*NEEDS_32, "r3gan", "unet", "cyclegan_resnet", "gated_unet")
            else (),
        )
        for name in ARCHITECTURES
    ],
)
def test_a_step_has_the_shapes_of_its_state(name, game):
    step, before, data = played(name, game, compute=jax.eval_shape)
    with conv.form("stock"):  # fastest to trace, same shapes
        after, _ = jax.eval_shape(step, before, data)
    same = jax.tree.map(
        lambda a, b: (a.shape, a.dtype) == (b.shape, b.dtype), before, after
    )
    assert all(jax.tree.leaves(same))


@pytest.mark.full
@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_step(name, game):
    step, before, data = played(name, game)
    after, metrics = jax.jit(step).lower(before, data).compile(QUICK)(before, data)
    moved_and_finite(before, after, metrics, ("encoder",) if name == "vgg16" else ())


@pytest.mark.full
def test_path_length_is_by_the_style_of_a_latent_with_its_label():
    """StyleGAN2 maps the latent together with its label."""
    stated = config("stylegan2", "hinge") | {
        "game": "conditional_gan",
        "terms": {"path_length": {"weight": 2.0}},
    }
    step, before, data = step_of(stated)
    with conv.form("stock"):
        _, metrics = jax.eval_shape(step, before, data)
    assert "generator/path_length" in metrics
