"""The schema of a config: what fields there are, their defaults, what they may hold.

Numbers that are knobs are data of the compiled step: a sweep over them compiles once. A
weight, a label noise, a clip or a decay of 0 leaves its term out of the program, so 0
and a positive value are two programs.
"""

import dataclasses
import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ml_collections import ConfigDict

from ganjax.augment import AUGMENTATIONS
from ganjax.core import DYNAMICS
from ganjax.data import SOURCES
from ganjax.errors import BadInput, unknown
from ganjax.evaluation import EVALUATORS
from ganjax.games import GAMES
from ganjax.latents import LATENTS
from ganjax.metrics.features import EXTRACTORS, FILTERS
from ganjax.networks import ARCHITECTURES
from ganjax.networks.layers import ACTIVATIONS, MODULATIONS, NORMALIZATIONS
from ganjax.networks.residual import POOLINGS
from ganjax.objectives import CONDITIONINGS, LOSSES, REGULARIZERS, TERMS
from ganjax.optimizers import OPTIMIZERS
from ganjax.schedules import SHAPES

# Fields whose number becomes data of the state, named by its path.
KNOBS = (
    "optimizers.*.learning_rate",
    "optimizers.*.b1",
    "optimizers.*.b2",
    "optimizers.*.weight_decay",
    "optimizers.*.clip",
    "optimizers.*.gradient_clip",
    "regularizers.*.weight",
    *(f"terms.{name}.{n}" for name, t in TERMS.items() for n in ("weight", *t.numbers)),
    "conditioning.weight",
    "latents.optimisation",
    "latents.damping",
    "loss.smoothing",
    "loss.flipping",
    "loss.top_k",
    "augmentation.probability",
    "augmentation.target",
    "augmentation.speed",
    "augmentation.noise",
    "dynamics.strength",
    "ema.decay",
    "ema.half_life",
    "ema.ramp",
    "weights.*",
)

PRECISIONS = ("float32", "bfloat16")

# How a generator may be told a label, or of its latent a second time.
TOLD = ("none", "concatenation", "embedding", *MODULATIONS)

# Fields that hold names -> the names there are.
CHOICES = {
    "data.name": SOURCES,
    "data.feed": ("auto", "resident", "streamed"),
    "latents.name": LATENTS,
    "loss.name": LOSSES,
    "dynamics.name": DYNAMICS,
    "conditioning.generator": TOLD,
    "conditioning.discriminator": CONDITIONINGS,
    "augmentation.names": AUGMENTATIONS,
    "schedules.*.shape": SHAPES,
    "sampling.statistics": ("averaged", "standing"),
    "networks.*.name": ARCHITECTURES,
    "networks.*.activation": ACTIVATIONS,
    "networks.*.normalization": (*NORMALIZATIONS, "instance"),  # of each its own
    "networks.*.pooling": POOLINGS,
    "optimizers.*.name": OPTIMIZERS,
    "evaluation.names": EVALUATORS,
    "evaluation.extractor": ("", *EXTRACTORS),
    "evaluation.resize": ("", *FILTERS),
    "checkpoint.best_is": ("least", "greatest"),
    "precision": PRECISIONS,
    "parallel.carrier": ("pmap", "shard_map"),
}

# Fields that hold numbers -> (test, what is expected).
RANGES = {
    "seed": (lambda x: 0 <= x < 2**32, "0 to 2^32 - 1"),
    "steps": (lambda x: 1 <= x < 2**31, "1 to 2^31 - 1"),
    "batch_size": (lambda x: x >= 1, "at least 1"),
    "data.classes": (lambda x: all(k >= 0 for k in x), "labels of at least 0"),
    "data.labels": (lambda x: x >= 0, "at least 0 (0: all are known)"),
    "data.limit": (lambda x: x >= 0, "at least 0 (0: all)"),
    "data.subset": (lambda x: x >= 0, "at least 0"),
    "options.categories": (lambda x: x >= 0, "at least 0 (0: no category)"),
    "options.continuous": (lambda x: x >= 0, "at least 0"),
    "options.factor": (lambda x: x >= 2, "at least 2"),
    "latents.size": (lambda x: x >= 1, "at least 1"),
    "networks.*.width": (lambda x: x >= 1, "at least 1"),
    "networks.*.weight_std": (lambda x: x >= 0, "at least 0 (0: He's)"),
    "networks.*.minibatch_discrimination": (
        lambda x: x >= 0,
        "at least 0 (0: none)",
    ),
    "networks.*.depth": (lambda x: x >= 0, "at least 0"),
    "networks.*.heads": (lambda x: x >= 1, "at least 1"),
    "networks.*.patch": (lambda x: x >= 1, "at least 1"),
    "networks.*.layers": (lambda x: x >= 0, "at least 0"),
    "networks.*.blocks": (lambda x: x >= 0, "at least 0 (0: the paper's)"),
    "networks.*.channel_*": (lambda x: x >= 1, "at least 1"),
    "networks.*.updates_per_phase": (lambda x: 1 <= x < 2**30, "1 to 2^30 - 1"),
    "networks.*.embedding": (lambda x: x >= 0, "at least 0 (0: none)"),
    "networks.*.mapping_layers": (lambda x: x >= 1, "at least 1"),
    "networks.*.intermediate": (lambda x: x >= 1, "at least 1"),
    "networks.*.channel_base": (lambda x: x >= 1024, "at least 1024"),
    "networks.*.channel_max": (lambda x: x >= 1, "at least 1"),
    "networks.*.mixing": (lambda x: 0 <= x <= 1, "0 to 1"),
    "networks.*.minibatch_std_group": (lambda x: x >= 1, "at least 1 (1: none)"),
    "networks.*.expansion": (lambda x: x >= 1, "at least 1"),
    "networks.*.group": (lambda x: x >= 1, "at least 1"),
    "networks.*.widths": (lambda x: all(w >= 1 for w in x), "widths of at least 1"),
    "optimizers.*.learning_rate": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.b1": (lambda x: 0 <= x < 1, "0 to below 1"),
    "optimizers.*.b2": (lambda x: 0 <= x < 1, "0 to below 1"),
    "optimizers.*.weight_decay": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.clip": (lambda x: x >= 0, "at least 0"),
    "optimizers.*.gradient_clip": (lambda x: x >= 0, "at least 0 (0: none)"),
    "optimizers.*.accumulate": (lambda x: x >= 1, "at least 1"),
    "optimizers.*.updates_per_step": (lambda x: x >= 1, "at least 1"),
    "regularizers.*.weight": (lambda x: x >= 0, "at least 0"),
    "regularizers.*.interval": (lambda x: x >= 1, "at least 1"),
    "terms.*.weight": (lambda x: x >= 0, "at least 0"),
    "terms.*.interval": (lambda x: x >= 1, "at least 1"),
    "terms.*.decay": (lambda x: 0 <= x < 1, "0 to below 1"),
    "terms.*.std": (lambda x: x >= 0, "at least 0"),
    "conditioning.weight": (lambda x: x >= 0, "at least 0"),
    "latents.optimisation": (lambda x: x >= 0, "at least 0 (0: none)"),
    "latents.damping": (lambda x: x > 0, "above 0"),
    "packing": (lambda x: x >= 1, "at least 1"),
    "augmentation.probability": (lambda x: 0 <= x <= 1, "0 to 1"),
    "augmentation.target": (lambda x: -1 < x < 1, "between -1 and 1"),
    "augmentation.speed": (lambda x: x > 0, "above 0"),
    "augmentation.noise": (lambda x: x >= 0, "at least 0"),
    "dynamics.strength": (lambda x: x >= 0, "at least 0"),
    "dynamics.steps": (lambda x: x >= 1, "at least 1"),
    "schedules.*.begin": (lambda x: x >= 0, "at least 0"),
    "schedules.*.steps": (lambda x: x >= 0, "at least 0 (0: up to the last step)"),
    "sampling.truncation": (lambda x: x >= 0, "at least 0 (0: none)"),
    "loss.top_k": (lambda x: 0 < x <= 1, "above 0, at most 1"),
    "loss.smoothing": (lambda x: 0 <= x < 1, "0 to below 1"),
    "loss.flipping": (lambda x: 0 <= x < 1, "0 to below 1"),
    "ema.decay": (lambda x: 0 <= x < 1, "0 to below 1"),
    "ema.half_life": (lambda x: x >= 0, "at least 0 (0: ema.decay instead)"),
    "ema.ramp": (lambda x: x >= 0, "at least 0 (0: none)"),
    "weights.*": (lambda x: x >= 0, "at least 0"),
    "log.every": (lambda x: x >= 1, "at least 1"),
    "samples.every": (lambda x: x >= 0, "at least 0 (0: only at the end)"),
    "samples.count": (lambda x: x >= 1, "at least 1"),
    "evaluation.every": (lambda x: x >= 0, "at least 0 (0: only at the end)"),
    "evaluation.samples": (lambda x: x >= 100, "at least 100"),
    "evaluation.real": (lambda x: x >= 100, "at least 100"),
    "checkpoint.every": (lambda x: x >= 1, "at least 1"),
    "checkpoint.keep": (lambda x: x >= 1, "at least 1"),
    "parallel.devices": (lambda x: x >= 0, "at least 0 (0: all there are)"),
    "parallel.inner_steps": (lambda x: x >= 1, "at least 1"),
}

# Fields that hold several words; other tuples hold whole numbers.
WORDS = (
    "evaluation.names",
    "augmentation.names",
    "optimizers.*.frozen",
    "start.networks",
)

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
_FILLED_IN = (
    "shape", "dtype", "conditioning", "classes", "truncation", "parent", "name"
)  # fmt: skip

EVERY_CRITIC = "critics"  # the player of a penalty that joins all of them


def defaults(
    game: str, architectures: Mapping[str, str], schedules: Iterable[str] = ()
) -> ConfigDict:
    """All fields of a config for ``game``, with their defaults.

    Args:
      architectures: network name -> architecture where it is not ``'mlp'``; it decides
        which options the network's section has.
      schedules: their names, which are free.
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
    config.data = {
        "name": "digits",
        "dir": "",
        "feed": "auto",
        "classes": (),  # those that training samples are of; all if empty
        "labels": 0,  # how many of them are known; 0: all
        "limit": 0,  # how many there are to learn from; 0: all; scores are of all
        "subset": 0,  # seeds which
        "mirror": False,  # each image and its mirror image, as often
    }
    if recipe.latents:
        config.latents = {"name": "normal", "size": 64}
    if recipe.from_latents:
        # A step towards what the critic likes, before a latent is used (LOGAN).
        config.latents.update({"optimisation": 0.0, "damping": 5.0})
    config.networks = {
        name: _network(f"networks.{name}.name", architectures.get(name, "mlp"), kind)
        for name, kind in recipe.networks.items()
    }
    if recipe.from_latents:
        config.conditioning = {"generator": "none"}
    if "label" in recipe.reads:
        config.conditioning = {
            "generator": "concatenation",
            "discriminator": "concatenation",
            "weight": 1.0,  # of what players pay for a label
        }
    config.loss = {
        "name": "non_saturating",
        "smoothing": 0.0,
        "flipping": 0.0,
        "top_k": 1.0,  # share of samples, the best, that the generator learns from
    }
    config.packing = 1  # samples that a critic judges as one (PacGAN)
    config.regularizers = {
        name: {"weight": 0.0, "interval": 1, "player": EVERY_CRITIC}
        for name in REGULARIZERS
    }
    config.terms = {
        name: {"weight": 0.0, "interval": 1, **term.numbers}
        for name, term in TERMS.items()
    }
    config.augmentation = {
        "names": (),
        "probability": 1.0,
        "pseudo": False,  # generated samples among the real ones (APA)
        "adaptive": False,  # the probability follows the critic (ADA)
        "target": 0.6,  # of the mean sign of the logits of real samples
        "speed": 500.0,  # thousands of real samples from probability 0 to 1
        "noise": 0.0,  # standard deviation of noise on what critics are shown
    }
    if recipe.weights:
        config.weights = dict(recipe.weights)
    if recipe.options:
        config.options = dict(recipe.options)
    config.dynamics = {"name": "alternating"}
    for way in DYNAMICS.values():
        config.dynamics.update({**way.numbers, **way.counts})
    config.optimizers = {
        player: {
            "name": "adam",
            "learning_rate": 2e-4,
            "b1": 0.5,
            "b2": 0.999,
            "weight_decay": 0.0,
            "clip": 0.0,  # projection of the weights onto [-clip, clip]
            "gradient_clip": 0.0,  # the largest norm of all gradients together
            "accumulate": 1,  # turns whose gradients make one update
            "frozen": (),  # beginnings of the paths of parameters that do not move
            "updates_per_step": 1,
        }
        for player in recipe.players
    }
    # half_life in thousands of images, at most ramp times those seen; 0: decay a step.
    config.ema = {"decay": 0.999, "half_life": 0.0, "ramp": 0.05}
    config.schedules = {
        name: {"knobs": "", "shape": "linear", "end": 0.0, "begin": 0, "steps": 0}
        for name in schedules
    }
    config.start = {"workdir": "", "networks": ()}  # whose parameters to begin with
    config.log = {"every": 100}
    config.samples = {"every": 500, "count": 64}
    config.sampling = {"truncation": 0.0, "statistics": "averaged"}
    config.evaluation = {
        "names": (),
        "every": 0,
        "samples": 1000,
        "real": 10_000,  # at most so many of each split
        "extractor": "",  # of features; none: pixels, or points
        "weights": "",  # a file of them, where the extractor ships none
        "resize": "",  # another filter than the extractor's own
    }
    # best: a score whose best checkpoint is kept beside the newest ones.
    config.checkpoint = {"every": 500, "keep": 3, "best": "", "best_is": "least"}
    config.parallel = {"devices": 1, "carrier": "pmap", "inner_steps": 1}
    return config


def _network(path: str, architecture: str, kind: str) -> dict[str, Any]:
    if architecture not in ARCHITECTURES:
        raise unknown(path, architecture, ARCHITECTURES)
    module = getattr(ARCHITECTURES[architecture], kind.capitalize(), None)
    if module is None:
        there = [n for n, a in ARCHITECTURES.items() if hasattr(a, kind.capitalize())]
        raise BadInput(
            f"{path}='{architecture}': expected an architecture with a {kind}, one of "
            f"{', '.join(sorted(there))}"
        )
    options = {
        field.name: field.default
        for field in dataclasses.fields(module)
        if field.name not in _FILLED_IN
    }
    return {"name": architecture, **options}


def flatten(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``('a.b', value)`` for every leaf of a nested config; an empty section is one."""
    for name, value in config.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping | ConfigDict) and len(value):
            yield from flatten(value, f"{path}.")
        else:
            yield path, value


def knobs(config: ConfigDict) -> dict[str, float]:
    """The numbers of a config that are data, by path."""
    return {
        path: float(value)
        for path, value in flatten(config)
        if any(fnmatch.fnmatch(path, pattern) for pattern in KNOBS)
    }
