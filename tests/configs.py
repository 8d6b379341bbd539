"""A config file for tests: ``tests/configs.py:NAME`` is a game of ``tests/tiny.py``."""

from ml_collections import ConfigDict

from ganjax.space import grid, product, seeds
from tests import tiny


def get_config(name):
    return ConfigDict({"batch_size": 8, "samples": {"count": 4}, **tiny.GAMES[name]})


# Three losses, each with its own program, and a member whose numbers overflow.
RATE = "optimizers.generator.learning_rate"
SPACES = {
    "gan": [
        *product(grid({"loss.name": ("hinge",)}), seeds(2)),
        {"loss.name": "hinge", "seed": 2, RATE: 1e38},
        *grid({"loss.name": ("wasserstein", "least_squares")}),
    ],
    "relativistic": product(
        grid({"optimizers.discriminator.b1": (0.0, 0.5)}), seeds(2)
    ),
}


def sweep(name):
    return SPACES[name]
