"""A penalty with a separate update in a game with two critics."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build_game
from ganjax.config import knobs, resolve
from ganjax.core import compile_step, init_state, make_train_step
from ganjax.data import source_of
from tests import tiny

RATE, WEIGHT = 0.1, 0.3
CRITICS = ("critic_a", "critic_b")


def after_one_step(examples, regularizers):
    """Return the game, its parameters and the metrics after a step of CycleGAN, where
    all players move by plain descent."""
    descent = {"name": "sgd", "learning_rate": RATE, "b1": 0.0}
    config = resolve(
        {
            **tiny.GAMES["cyclegan"],
            "batch_size": 16,
            "optimizers": {name: descent for name in ("generators", *CRITICS)},
            "regularizers": regularizers,
        }
    )
    game, _ = build_game(config, source_of(config.data))
    step = make_train_step(game, batch=lambda data, key, step, axis: data)
    state = init_state(game, jax.random.key(0), knobs(config))
    state, metrics = compile_step(step)(state, examples)
    return game, state.params, metrics


@pytest.fixture(scope="module")
def examples():
    """Return examples of each domain, others for each player, ``[3, 16, 2]``."""
    keys = jax.random.split(jax.random.key(1))
    return {
        x: jax.random.normal(k, (3, 16, 2)) for x, k in zip("ab", keys, strict=True)
    }


@pytest.fixture(scope="module")
def plain(examples):
    return after_one_step(examples, {})


def descended(game, params, critic, real):
    """Return R1 = ½E‖∇D(x)‖² of a critic, and its parameters after descent on it."""

    def r1(params):
        def judge(x):
            module = game.networks[critic].module
            return module.apply({"params": params}, x[None], train=True)[0]

        return 0.5 * jnp.mean(jnp.sum(jax.vmap(jax.grad(judge))(real) ** 2, 1))

    value, slope = jax.jit(jax.value_and_grad(r1))(params)
    return value, jax.tree.map(lambda w, g: w - RATE * WEIGHT * g, params, slope)


@pytest.mark.parametrize("owners", [CRITICS, ("critic_b",)])
def test_it_moves_the_critics_that_it_belongs_to(examples, plain, owners):
    """Each of them descends on the penalty of the examples in its turn, from where the
    loss has moved it. Everything else moves as without the penalty."""
    penalty = {"weight": WEIGHT, "apart": True}
    if owners != CRITICS:
        (penalty["player"],) = owners
    _, found, metrics = after_one_step(examples, {"r1": penalty})
    game, wanted, _ = plain
    wanted = dict(wanted)
    turns = [player.name for player in game.players]
    for critic in owners:
        real = examples[critic[-1]][turns.index(critic)]
        start = wanted[critic]
        value, wanted[critic] = descended(game, start, critic, real)
        np.testing.assert_allclose(metrics[f"{critic}/r1"][0], value, rtol=1e-5)
        moved = jax.tree.map(lambda a, b: jnp.abs(a - b).max(), wanted[critic], start)
        assert max(jax.tree.leaves(moved)) > 1e-4
    assert set(found) == set(wanted)
    for network, params in wanted.items():
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7),
            found[network],
            params,
        )
