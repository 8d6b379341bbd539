"""Every game at a size that compiles in seconds."""

from ganjax.build import build
from ganjax.config import resolve
from ganjax.games import GAMES as RECIPES

_SMALL = {"generator": {"widths": (16,)}, "discriminator": {"widths": (16,)}}

GAMES = {
    "gan": {
        "data": {"name": "ring8"},
        "latents": {"size": 4},
        "networks": {
            "generator": {"widths": (16,), "normalization": "batch"},
            "discriminator": {"widths": (16,), "normalization": "spectral"},
        },
        "loss": {"name": "hinge"},
    },
    # The loss has a batch mean inside a non-linearity, and the generator's loss needs
    # real examples.
    "relativistic": {
        "data": {"name": "ring8"},
        "latents": {"size": 4},
        "networks": _SMALL,
        "loss": {"name": "relativistic_average"},
        "regularizers": {"r1": {"weight": 0.1}, "dragan": {"weight": 0.1}},
        "ema": {"decay": 0.9},
    },
    "convolutional": {
        "data": {"name": "digits"},
        "latents": {"size": 4},
        "networks": {
            "generator": {"name": "dcgan", "width": 4},
            "discriminator": {"name": "dcgan", "width": 4, "normalization": "spectral"},
        },
    },
    "conditional_gan": {
        "game": "conditional_gan",
        "data": {"name": "ring8"},
        "latents": {"size": 4},
        "networks": _SMALL,
    },
    "adversarial_autoencoder": {
        "game": "adversarial_autoencoder",
        "data": {"name": "ring8"},
        "latents": {"size": 2},
        "networks": {
            name: {"widths": (16,)} for name in ("encoder", "decoder", "discriminator")
        },
    },
    "cyclegan": {
        "game": "cyclegan",
        "data": {"name": "unpaired"},
        "batch_size": 16,  # after four steps the image pools are full
        "networks": {
            name: {"widths": (16,)}
            for name in ("a_to_b", "b_to_a", "critic_a", "critic_b")
        },
        "loss": {"name": "least_squares_unhalved"},
    },
    "infogan": {
        "game": "infogan",
        "data": {"name": "ring8"},
        "latents": {"size": 4},
        "networks": {**_SMALL, "posterior": {"widths": (16,)}},
        "options": {"categories": 8, "continuous": 1},
    },
    "bigan": {
        "game": "bigan",
        "data": {"name": "ring8"},
        "latents": {"size": 2},
        "networks": {**_SMALL, "encoder": {"widths": (16,)}},
    },
    "semi_supervised": {
        "game": "semi_supervised",
        "data": {"name": "digits", "labels": 100},
        "latents": {"size": 4},
        "networks": _SMALL,
        "terms": {"feature_matching": {"weight": 1.0}},
    },
    "semi_supervised_autoencoder": {
        "game": "semi_supervised_autoencoder",
        "data": {"name": "digits", "labels": 100},
        "latents": {"size": 2},
        "networks": {
            name: {"widths": (16,)}
            for name in ("encoder", "decoder", "discriminator", "class_discriminator")
        },
    },
    "anogan": {
        "game": "anogan",
        "data": {"name": "digits", "classes": (1,)},
        "latents": {"size": 4},
        "networks": _SMALL,
    },
    "f_anogan": {
        "game": "f_anogan",
        "data": {"name": "digits", "classes": (1,)},
        "latents": {"size": 4},
        "networks": {**_SMALL, "encoder": {"widths": (16,)}},
    },
    "ganomaly": {
        "game": "ganomaly",
        "data": {"name": "digits", "classes": (1,)},
        "latents": {"size": 4},
        "networks": {
            name: {"widths": (16,)}
            for name in ("encoder", "decoder", "second_encoder", "discriminator")
        },
    },
    "pix2pix": {"game": "pix2pix", "data": {"name": "paired"}, "networks": _SMALL},
    "text_to_image": {
        "game": "text_to_image",
        "data": {"name": "scenes", "glyphs": "digits", "side": 16},
        "latents": {"size": 4},
        "networks": {
            "generator": {"width": 4, "attention": 8},
            "discriminator": {
                "width": 4,
                "attention": 4,
                "joined": 4,
                "projection": True,
            },
            "generator_text": {"width": 8},
            "discriminator_text": {"width": 8},
        },
        "options": {"wrong": "nearest"},
    },
    "molgan": {
        "game": "molgan",
        "data": {"name": "molecules", "atoms": 3},
        "latents": {"size": 4},
        "networks": {
            "generator": {"name": "molgan", "widths": (16,)},
            **{
                name: {
                    "name": "molgan",
                    "widths": (8,),
                    "pooled": 8,
                    "head_widths": (8,),
                }
                for name in ("discriminator", "reward")
            },
        },
        "regularizers": {"wgan_gp": {"weight": 10.0}},
        "loss": {"name": "wasserstein"},
        "weights": {"reward": 0.25},
    },
    "timegan": {
        "game": "timegan",
        "data": {"name": "sines", "length": 5, "variables": 2},
        "latents": {"size": 10},
        "networks": {
            name: {"name": "recurrent", "width": 4, "layers": 1}
            for name in ("embedder", "recovery", "supervisor", "discriminator")
        }
        | {"generator": {"name": "recurrent", "width": 4, "layers": 1, "noise": 2}},
        "optimizers": {"generator": {"updates_per_step": 2}},
        "weights": {"reconstruction": 1.0, "supervised": 1.0, "moments": 1.0},
        # In four steps every player plays.
        "options": {"hidden": 3, "embedding_steps": 1, "supervised_steps": 1},
    },
    "recurrent": {
        "game": "gan",
        "data": {"name": "sines", "length": 4, "variables": 2},
        "latents": {"size": 8},
        "networks": {
            "generator": {"name": "recurrent", "width": 4, "layers": 1, "noise": 1},
            "discriminator": {"name": "recurrent", "width": 4, "layers": 1},
        },
    },
    "word_gan": {
        "game": "word_gan",
        "data": {"name": "oracle_words", "words": 6, "length": 4, "sentences": 64},
        "latents": {"size": 4},
        "networks": {
            "generator": {"width": 4},
            "discriminator": {"width": 4, "windows": (2,), "filters": 4},
        },
        "options": {"likelihood_steps": 2},
    },
    "super_resolution": {
        "game": "super_resolution",
        "data": {"name": "digits"},
        "networks": _SMALL,
        "options": {"factor": 2},
        "weights": {"adversarial": 1.0},
    },
    "style_transfer": {
        "game": "style_transfer",
        "data": {"name": "tests.domains:waves"},
        "networks": {
            "encoder": {"name": "vgg16", "weights": "random", "width": 2, "blocks": 2},
            "decoder": {"name": "vgg16", "width": 2},
        },
    },
    "adversarial_style_transfer": {
        "game": "adversarial_style_transfer",
        "data": {"name": "tests.domains:waves"},
        "networks": {
            "encoder": {"name": "vgg16", "weights": "random", "width": 2, "blocks": 2},
            "decoder": {"name": "vgg16", "width": 2},
            "discriminator": {"widths": (8,)},
        },
    },
    "ctgan": {
        "game": "ctgan",
        "data": {"name": "table_iris"},
        "latents": {"size": 4},
        "networks": {
            "generator": {"name": "tabular", "widths": (16,)},
            "discriminator": {"name": "tabular", "widths": (16,), "dropout": 0.0},
        },
        "packing": 2,
    },
    "gain": {
        "game": "gain",
        "data": {"name": "table_iris", "encoding": "range", "hide": 0.2},
        "networks": _SMALL,
    },
    "private_gan": {
        "game": "private_gan",
        "data": {"name": "digits", "feed": "poisson"},
        "latents": {"size": 4},
        "networks": _SMALL,
    },
    "pate_gan": {
        "game": "pate_gan",
        "data": {"name": "digits", "feed": "poisson"},
        "latents": {"size": 4},
        "networks": {**_SMALL, "teachers": {"widths": (8,)}},
        "options": {"teachers": 4, "labels": 8},
    },
    "inpainting": {
        "game": "inpainting",
        "data": {"name": "digits"},
        "networks": _SMALL,
    },
}

# Two players with one network each, a player with two networks, and a network that
# belongs to two players.
PLAIN = ("gan", "infogan", "adversarial_autoencoder")


def setup(name, **overrides):
    """Return the built game. ``overrides`` are config paths with ``__`` for dots."""
    texts = {path.replace("__", "."): str(v) for path, v in overrides.items()}
    return build(resolve({"batch_size": 8, **GAMES[name]}, texts))


def sgd(name):
    """Return overrides to plain SGD for every player, so rounding stays small."""
    players = RECIPES[GAMES[name].get("game", "gan")].players
    # The cycle loss and the style loss have the weight 10, so only small steps are
    # stable.
    rate = 0.005 if name.endswith(("cyclegan", "style_transfer")) else 0.05
    return {
        f"optimizers__{player}__{field}": value
        for player in players
        for field, value in (("name", "sgd"), ("learning_rate", rate), ("b1", 0.0))
    }
