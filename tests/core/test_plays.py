"""The steps during which a player plays."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.core import (
    Game,
    Network,
    Player,
    compile_step,
    init_state,
    make_train_step,
)
from ganjax.core.dynamics import simultaneous
from ganjax.errors import BadInput
from tests.core.test_step import Scalar, play


def countdown(plays):
    """Two players with one number each, whose gradients are 1 and whose rate is 1. So a
    number is its start minus the number of turns. Adam counts the turns of "late"."""

    def objective(name):
        def loss(owned, view):
            value, view = view.update(name)
            return value, view.report(value=value)

        return loss

    sgd, adam = optax.sgd(1.0), optax.adam(1.0)
    return Game(
        networks={name: Network(Scalar(100.0), ()) for name in ("always", "late")},
        players=(
            Player("always", ("always",), objective("always"), lambda knobs: sgd,
                   reads_data=False),
            Player("late", ("late",), objective("late"), lambda knobs: adam,
                   updates_per_step=2, reads_data=False, plays=plays),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("plays", "turns"),
    [
        (None, [2, 2, 2, 2, 2]),
        ((0, None), [2, 2, 2, 2, 2]),
        ((3, None), [0, 0, 0, 2, 2]),
        ((0, 2), [2, 2, 0, 0, 0]),
        ((1, 3), [0, 2, 2, 0, 0]),
        ((2, 2), [0, 0, 0, 0, 0]),
    ],
    ids=str,
)
def test_a_player_plays_only_at_its_steps(plays, turns):
    """Its optimizer and its variables count only turns that were played, and its
    metrics are 0 at the other steps."""
    state, metrics = play(countdown(plays), len(turns))
    assert float(state.params["always"]["w"]) == 100 - 5
    assert int(state.optimizer["late"][0].count) == sum(turns)
    assert float(state.variables["late"]["count"]["n"]) == sum(turns)
    played = np.asarray(metrics["late/value"]) != 0
    np.testing.assert_array_equal(played, np.array(turns) > 0)
    np.testing.assert_array_equal(
        np.asarray(metrics["late/gradient_norm"]), np.array(turns) / 2
    )


def test_a_player_of_every_step_computes_the_same_bits():
    always, _ = play(countdown(None), 5)
    windowed, _ = play(countdown((0, None)), 5)
    jax.tree.map(
        np.testing.assert_array_equal,
        (always.params, always.optimizer, always.variables),
        (windowed.params, windowed.optimizer, windowed.variables),
    )


def test_single_steps_devices_and_scans_agree():
    game = countdown((1, 3))
    step = make_train_step(game, batch=lambda data, key, step, axis: None)
    state = init_state(game, jax.random.key(0), {})
    scanned, _ = compile_step(step, inner_steps=4)(state, ())
    single = compile_step(step)
    state = init_state(game, jax.random.key(0), {})
    for _ in range(4):
        state, _ = single(state, ())
    assert jax.tree.all(
        jax.tree.map(lambda a, b: bool(jnp.all(a == b)), scanned.params, state.params)
    )


def test_joint_dynamics_move_all_players():
    game = countdown((1, None))
    single = tuple(dataclasses.replace(p, updates_per_step=1) for p in game.players)
    with pytest.raises(BadInput, match="dynamics.name: expected 'alternating'.*late"):
        dataclasses.replace(game, players=single, dynamics=simultaneous)
