"""What ``ganjax describe`` shows: the components that a config can name, by kind, and
the size and the cost of a game."""

import inspect
import math
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp

from ganjax import augment, latents, masks, optimizers, schedules
from ganjax.config import knobs
from ganjax.core import DYNAMICS, Game, init_state
from ganjax.data import SOURCES
from ganjax.evaluation import EVALUATORS
from ganjax.evaluation.measures import MEASURES
from ganjax.games import GAMES
from ganjax.networks import ARCHITECTURES
from ganjax.networks.flops import multiply_adds, outputs
from ganjax.objectives import (
    CONDITIONINGS,
    LOSSES,
    REGULARIZERS,
    TERMS,
    conditioning,
    losses,
)


def _named(table: Mapping[str, Any], module: ModuleType) -> dict[str, Any]:
    """Return the function that documents each entry: it has the name of the entry."""
    return {name: getattr(module, name) for name in table}


# axis -> (config field that names an entry, entry -> its documented object or text).
AXES: dict[str, tuple[str, dict[str, Any]]] = {
    "games": ("game", {name: recipe.make for name, recipe in GAMES.items()}),
    "architectures": ("networks.NETWORK.name", dict(ARCHITECTURES)),
    "losses": ("loss.name", _named(LOSSES, losses)),
    "penalties": ("regularizers.LABEL.name", dict(REGULARIZERS)),
    "terms": (
        "terms.LABEL.name",
        {name: term.function for name, term in TERMS.items()},
    ),
    "conditionings": (
        "conditioning.discriminator",
        _named(CONDITIONINGS, conditioning),
    ),
    "augmentations": ("augmentation.names", dict(augment.AUGMENTATIONS)),
    "dynamics": (
        "dynamics.name",
        {
            name: way.joint or "Players update in order; each sees earlier updates."
            for name, way in DYNAMICS.items()
        },
    ),
    "latents": ("latents.name", dict(latents.LATENTS)),
    "masks": ("options.masks", dict(masks.MASKS)),
    "optimizers": ("optimizers.PLAYER.name", dict(optimizers.OPTIMIZERS)),
    "schedules": ("schedules.NAME.shape", dict(schedules.SHAPES)),
    "data": ("data.name", dict(SOURCES)),
    "evaluators": ("evaluation.names", {**EVALUATORS, **MEASURES}),
}


def line(entry: Any) -> str:
    """Return the first paragraph of a component's docstring, or of a text, as one
    line."""
    document = entry if isinstance(entry, str) else inspect.getdoc(entry) or ""
    return " ".join(document.split("\n\n")[0].split())


def parameters(game: Game, name: str) -> int:
    """Return the number of parameters of the network ``name``."""
    leaves = jax.tree.leaves(_variables(game, name)["params"])
    return sum(math.prod(leaf.shape) for leaf in leaves)


def flops(game: Game, name: str) -> int:
    """Return the FLOPs of a network's forward pass for one sample. A multiply-add
    counts as two."""
    n = game.networks[name].inputs[0].shape[0]
    return 2 * multiply_adds(*_pass(game, name)) // n


def memory(config, game: Game) -> dict[str, int]:
    """Return how many bytes a run needs on one device.

    ``state``: parameters, averages, optimizers and memory. ``gradients``: the gradients
    of the player with the most parameters. ``activations``: an estimate for a backward
    pass, the outputs of all products when a batch passes once through every network.
    """
    state = jax.eval_shape(lambda: init_state(game, jax.random.key(0), knobs(config)))
    owned = (
        sum(_bytes(state.params[name]) for name in player.owns)
        for player in game.players
    )
    devices = config.parallel.devices or jax.local_device_count()
    width = jnp.dtype(config.precision).itemsize
    kept = sum(
        outputs(*_pass(game, name)) // game.networks[name].inputs[0].shape[0]
        for name in game.networks
    )
    return {
        "state": _bytes(state.replace(key=None)),
        "gradients": max(owned),
        "activations": kept * width * config.batch_size // devices,
    }


def _bytes(tree):
    return sum(
        math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree)
    )


def _pass(game, name):
    """Return a network's forward pass, and the shapes of its arguments."""
    network = game.networks[name]

    def forward(variables, *inputs):
        def one(*inputs):
            return network.module.apply(variables, *inputs, train=False)

        with_axis = jax.vmap(one, axis_name="data")
        return with_axis(*jax.tree.map(lambda x: jnp.expand_dims(x, 0), inputs))

    return forward, _variables(game, name), *network.inputs


def _variables(game, name):
    return jax.eval_shape(lambda: game.networks[name].initial(jax.random.key(0)))
