"""The schema of a config: what fields there are, their defaults, what they may hold.

Numbers that are knobs are data of the compiled step: a sweep over them compiles once. A
weight, a label noise, a clip or a decay of 0 leaves its term out of the program, so 0
and a positive value are two programs.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.core import DYNAMICS
from ganjax.data import SOURCES
from ganjax.errors import unknown
from ganjax.evaluation import EVALUATORS
from ganjax.games import GAMES
from ganjax.latents import LATENTS
from ganjax.networks import ARCHITECTURES
from ganjax.networks.layers import ACTIVATIONS, NORMALIZATIONS
from ganjax.objectives import LOSSES, REGULARIZERS
from ganjax.optimizers import OPTIMIZERS

# Fields whose number becomes data of the state, named by its path.
KNOBS = (
    "optimizers.*.learning_rate",
    "optimizers.*.b1",
    "optimizers.*.b2",
    "optimizers.*.weight_decay",
    "optimizers.*.clip",
    "regularizers.*.weight",
    "loss.smoothing",
    "loss.flipping",
    "ema.decay",
    "weights.*",
)

# Fields that hold names -> the names there are.
CHOICES = {
    "data.name": SOURCES,
    "data.feed": ("auto", "resident", "streamed"),
    "latents.name": LATENTS,
    "loss.name": LOSSES,
    "dynamics": DYNAMICS,
    "networks.*.name": ARCHITECTURES,
    "networks.*.activation": ACTIVATIONS,
    "networks.*.normalization": NORMALIZATIONS,
    "optimizers.*.name": OPTIMIZERS,
    "evaluation.names": EVALUATORS,
    "precision": ("float32", "bfloat16"),
    "parallel.carrier": ("pmap", "shard_map"),
}

# Fields that hold numbers -> (test, what is expected).
RANGES = {
    "seed": (lambda x: 0 <= x < 2**32, "0 to 2^32 - 1"),
    "steps": (lambda x: 1 <= x < 2**31, "1 to 2^31 - 1"),
    "batch_size": (lambda x: x >= 1, "at least 1"),
    "latents.size": (lambda x: x >= 1, "at least 1"),
    "networks.*.width": (lambda x: x >= 1, "at least 1"),
    "networks.*.embedding": (lambda x: x >= 0, "at least 0 (0: none)"),
    "networks.*.widths": (lambda x: all(w >= 1 for w in x), "widths of at least 1"),
    "optimizers.*.learning_rate": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.b1": (lambda x: 0 <= x < 1, "0 to below 1"),
    "optimizers.*.b2": (lambda x: 0 <= x < 1, "0 to below 1"),
    "optimizers.*.weight_decay": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.clip": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.updates_per_step": (lambda x: x >= 1, "at least 1"),
    "regularizers.*.weight": (lambda x: x >= 0, "at least 0"),
    "regularizers.*.interval": (lambda x: x >= 1, "at least 1"),
    "loss.smoothing": (lambda x: 0 <= x < 1, "0 to below 1"),
    "loss.flipping": (lambda x: 0 <= x < 1, "0 to below 1"),
    "ema.decay": (lambda x: 0 <= x < 1, "0 to below 1"),
    "weights.*": (lambda x: x >= 0, "at least 0"),
    "log.every": (lambda x: x >= 1, "at least 1"),
    "samples.every": (lambda x: x >= 0, "at least 0 (0: only at the end)"),
    "samples.count": (lambda x: x >= 1, "at least 1"),
    "evaluation.every": (lambda x: x >= 0, "at least 0 (0: only at the end)"),
    "evaluation.samples": (lambda x: x >= 100, "at least 100"),
    "checkpoint.every": (lambda x: x >= 1, "at least 1"),
    "checkpoint.keep": (lambda x: x >= 1, "at least 1"),
    "parallel.devices": (lambda x: x >= 0, "at least 0 (0: all there are)"),
    "parallel.inner_steps": (lambda x: x >= 1, "at least 1"),
}

# Fields in steps that a dispatch must end at.
INTERVALS = (
    "steps",
    "log.every",
    "samples.every",
    "evaluation.every",
    "checkpoint.every",
)

# Fields that two runs of one workdir may differ in: going on is their purpose.
EXTENSIBLE = ("steps",)


# Fields of a module that are no options: they follow from the rest of the config.
_FILLED_IN = ("shape", "dtype", "conditioning", "classes", "parent", "name")

EVERY_CRITIC = "critics"  # the player of a penalty that joins all of them


def defaults(game: str, architectures: Mapping[str, str]) -> ConfigDict:
    """All fields of a config for ``game``, with their defaults.

    Args:
      architectures: network name -> architecture where it is not ``'mlp'``; it decides
        which options the network's section has.
    """
    if game not in GAMES:
        raise unknown("game", game, GAMES)
    recipe = GAMES[game]
    config = ConfigDict()
    config.game = game
    config.seed = 0
    config.steps = 1000
    config.batch_size = 64  # real examples a turn, over all devices
    config.precision = "float32"  # of the networks' arithmetic; parameters are float32
    config.data = {"name": "digits", "dir": "", "feed": "auto"}
    if recipe.latents:
        config.latents = {"name": "normal", "size": 64}
    config.networks = {
        name: _network(f"networks.{name}.name", architectures.get(name, "mlp"), kind)
        for name, kind in recipe.networks.items()
    }
    config.loss = {"name": "non_saturating", "smoothing": 0.0, "flipping": 0.0}
    config.regularizers = {
        name: {"weight": 0.0, "interval": 1, "player": EVERY_CRITIC}
        for name in REGULARIZERS
    }
    if recipe.weights:
        config.weights = dict(recipe.weights)
    config.dynamics = "alternating"
    config.optimizers = {
        player: {
            "name": "adam",
            "learning_rate": 2e-4,
            "b1": 0.5,
            "b2": 0.999,
            "weight_decay": 0.0,
            "clip": 0.0,  # projection of the weights onto [-clip, clip]
            "updates_per_step": 1,
        }
        for player in recipe.players
    }
    config.ema = {"decay": 0.999}
    config.log = {"every": 100}
    config.samples = {"every": 500, "count": 64}
    config.evaluation = {"names": (), "every": 0, "samples": 1000}
    config.checkpoint = {"every": 500, "keep": 3}
    config.parallel = {"devices": 1, "carrier": "pmap", "inner_steps": 1}
    return config


def _network(path: str, architecture: str, kind: str) -> dict[str, Any]:
    if architecture not in ARCHITECTURES:
        raise unknown(path, architecture, ARCHITECTURES)
    module = getattr(ARCHITECTURES[architecture], kind.capitalize())
    options = {
        field.name: field.default
        for field in dataclasses.fields(module)
        if field.name not in _FILLED_IN
    }
    return {"name": architecture, **options}
