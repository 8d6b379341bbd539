"""Every game at a size that compiles in seconds."""

from ganjax.build import build
from ganjax.config import resolve

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
    # A batch mean inside a non-linearity, and a generator that sees real examples.
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
        "batch_size": 16,  # four steps fill the image pools and begin to exchange
        "networks": {
            name: {"widths": (16,)}
            for name in ("a_to_b", "b_to_a", "critic_a", "critic_b")
        },
        "loss": {"name": "least_squares"},
    },
}


def setup(name, **overrides):
    """The built game; ``overrides`` are config paths with ``__`` for dots."""
    texts = {path.replace("__", "."): str(v) for path, v in overrides.items()}
    return build(resolve({"batch_size": 8, **GAMES[name]}, texts))


def sgd(name):
    """Overrides that make every player descend plainly, so rounding stays small."""
    players = {
        "adversarial_autoencoder": ("autoencoder", "discriminator", "encoder"),
        "cyclegan": ("generators", "critic_a", "critic_b"),
    }.get(name, ("discriminator", "generator"))
    # The cycle loss, weighed by 10, is descended stably by small steps only.
    rate = 0.005 if name == "cyclegan" else 0.05
    return {
        f"optimizers__{player}__{field}": value
        for player in players
        for field, value in (("name", "sgd"), ("learning_rate", rate), ("b1", 0.0))
    }
