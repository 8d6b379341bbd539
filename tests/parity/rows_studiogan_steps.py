"""Training steps of presets against PyTorch-StudioGAN's worker."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from configs import dcgan_cifar10
from ganjax.build import build_game
from ganjax.config import knobs, resolve
from ganjax.core import compile_step, init_state, make_train_step
from ganjax.data import open_source
from ganjax.networks import conv
from tests.parity import rule, studiogan_layouts
from tests.parity.row import Row

STEPS = 5
PLAYERS = "generator", "discriminator"


def _stacked(of, turns, player):
    """Return ``of(step, turn)`` of a player as an array [steps, turns, …]."""
    return np.stack(
        [np.stack([of(step, player, turn) for turn in turns]) for step in range(STEPS)]
    )


def _softened(path, x):
    """Change a parameter as the oracle does, so that rounding does not grow."""
    names = [key.key for key in path]
    if names == ["discriminator", "Linear_0", "kernel"]:
        return x * np.float32(1e-2)
    if names[-2:] == ["norm", "bias"]:
        shift = 1 if names[:2] == ["discriminator", "BatchNorm_6"] else 2.5
        return x + np.resize(np.float32([shift, -shift]), x.shape)
    return x


def steps(stated, n, mappings, soft, fixture):
    """Return how far the parameters of a config move in some steps.

    Args:
      stated: the config.
      n: the size of a batch.
      mappings: player -> the parameters of its network.
      soft: whether parameters are changed as in the oracle's ``_soften``.
    """
    stated.data, stated.batch_size = {"name": "gratings32"}, n
    config = resolve(stated)
    game, _ = build_game(config, open_source("gratings32"))
    size = config.latents.size
    turns = {name: range(config.optimizers[name].updates_per_step) for name in PLAYERS}

    def latents(step, player, turn):
        return rule.numbers(f"z {step} {player} {turn}", (n, size))

    def images(step, player, turn):
        x = rule.images(f"images {step} {turn}", (n, 3, 32, 32))
        return np.moveaxis(x, 1, -1)

    data = {
        "z": {name: _stacked(latents, turns[name], name) for name in PLAYERS},
        "examples": {"data": _stacked(images, turns["discriminator"], "")},
    }
    step = make_train_step(
        game,
        batch=lambda data, key, step, axis: jax.tree.map(
            lambda x: x[step], data["examples"]
        ),
        draws=lambda data, step: {
            name: {"latents": z[step]} for name, z in data["z"].items()
        },
    )
    state = init_state(game, jax.random.key(0), knobs(config))
    before = {
        name: studiogan_layouts.filled(name, state.params[name], mappings[name])
        for name in PLAYERS
    }
    if soft:
        before = jax.tree_util.tree_map_with_path(_softened, before)
    state = state.replace(params=jax.tree.map(jnp.array, before))
    # Compiled quickly. tests/networks/test_conv_forms.py compares the convolutions.
    advance = compile_step(step, compiler_options={"xla_backend_optimization_level": 0})
    with conv.form("stock"):
        for _ in range(STEPS):
            state, _ = advance(state, data)
    moved = jax.tree.map(lambda a, b: a - b, jax.device_get(state.params), before)
    found = {}
    for name in PLAYERS:
        found |= studiogan_layouts.named(
            name, moved[name], mappings[name], "moved", f"{name}."
        )
    return found


ROWS = [
    Row(
        "studiogan_dcgan_steps",
        (("configs", "dcgan_cifar10"),),
        "PyTorch-StudioGAN",
        "five steps of the worker with batches of 2: how far parameters move",
        functools.partial(
            lambda *arguments: steps(dcgan_cifar10.get_config(), *arguments),
            2,
            {
                "generator": studiogan_layouts.deep_conv_generator(),
                "discriminator": studiogan_layouts.deep_conv_discriminator(),
            },
            True,
        ),
        differs="biases before batch normalisation are not compared: they change no "
        "output, and their gradients are rounding",
        slow=True,
    ),
]
