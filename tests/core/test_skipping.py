"""A step whose result is not finite changes only the step and the count.

One number w learns the mean of its examples by descent with the rate 1/2, so w becomes
(w + x) / 2. Step n has the examples n + 1; the average halves its distance to w. All
values are computed by hand.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.core import (
    Game,
    Network,
    Player,
    child_key,
    compile_step,
    init_state,
    make_train_step,
    stack_members,
)

CLEAN, POISONED = 0, 1  # seeds
BAD_STEP = 2


class Scalar:
    """A network that is one number."""

    def init(self, key, *, train):
        return {"params": {"w": jnp.zeros(())}}

    def apply(self, variables, *, train, mutable=()):
        w = variables["params"]["w"]
        return (w, {}) if train else w


def descent(owned, view):
    w, view = view.update("g")
    return 0.5 * view.mean(jnp.mean((w - view.batch) ** 2)), view.report()


def batch(data, key, step, axis):
    """Examples of the step. One device has nan at one step of one seed."""
    bad = jax.random.key_data(child_key(jax.random.key(POISONED), "data"))
    mine = jnp.all(jax.random.key_data(key) == bad) & (step == BAD_STEP)
    first = jax.lax.axis_index(axis) == 0
    x = jnp.full((1, 4), step + 1, jnp.float32)
    return jnp.where(mine & first, jnp.nan, x)


def game(skips=True, optimizer=None):
    made = optimizer or optax.sgd(lambda count: 0.5)
    player = Player("p", ("g",), descent, lambda knobs: made)
    return Game(
        networks={"g": Network(Scalar(), ())}, players=(player,), ema=("g",),
        ema_decay=lambda *_: 0.5, skips=skips,
    )  # fmt: skip


def trained(seeds, steps=4, of=None, **how):
    of = of or game()
    states = [init_state(of, jax.random.key(seed), {}) for seed in seeds]
    state = stack_members(states) if "population" in how else states[0]
    step = make_train_step(of, batch=batch)
    return compile_step(step, inner_steps=steps, **how)(state, ())


TWO = jax.local_devices()[:2]
ALONE = {"one device": {}, "pmap": {"devices": TWO},
         "shard_map": {"devices": TWO, "carrier": "shard_map"}}  # fmt: skip


@pytest.mark.parametrize("how", ALONE)
def test_a_step_to_nan_is_skipped(how):
    state, metrics = trained([POISONED], **ALONE[how])
    # w: 0.5, 1.25, skipped, 2.625; its average: 0.25, 0.75, skipped, 1.6875
    assert float(state.params["g"]["w"]) == 2.625
    assert float(state.ema["g"]["params"]["w"]) == 1.6875
    assert (int(state.step), int(state.memory["skipped"])) == (4, 1)
    assert jax.tree.leaves(state.optimizer) == [3]  # updates that were counted
    np.testing.assert_array_equal(metrics["skipped"], [0, 0, 1, 1])
    assert np.isnan(metrics["p/loss"]).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    "how",
    [{"population": x} for x in ("vmap", "map", "serial")]
    + [{"population": "vmap", "devices": TWO}],
)
def test_a_member_that_skips_disturbs_no_other(how):
    state, metrics = trained([CLEAN, POISONED], **how)
    # without a nan: 0.5, 1.25, 2.125, 3.0625
    np.testing.assert_array_equal(state.params["g"]["w"], [3.0625, 2.625])
    np.testing.assert_array_equal(state.memory["skipped"], [0, 1])
    np.testing.assert_array_equal(metrics["skipped"], [[0, 0, 0, 0], [0, 0, 1, 1]])


def overflowing():
    """Updates that overflow although the gradient is finite, from the second one."""

    def update(gradients, state, params=None):
        scale = jnp.where(state == 1, 3e38, -0.5)
        return jax.tree.map(lambda g: g * scale * 2, gradients), state + 1

    return optax.GradientTransformation(lambda params: jnp.zeros((), int), update)


def test_an_update_that_overflows_is_skipped():
    """The gradient of the second step is finite, so only the new state shows it."""
    state, metrics = trained([CLEAN], of=game(optimizer=overflowing()))
    assert float(state.params["g"]["w"]) == 1.0  # the first update goes to 1
    assert int(state.memory["skipped"]) == 3  # the count of the optimizer stays at 1
    assert np.isfinite(metrics["p/loss"]).all()


def infinite():
    """An optimizer that begins with an infinity, the best loss so far."""
    descent = optax.sgd(0.5)
    return optax.chain(
        optax.GradientTransformation(
            lambda params: jnp.full((), jnp.inf), lambda u, s, p=None: (u, s)
        ),
        descent,
    )


def test_what_begins_infinite_skips_nothing():
    state, _ = trained([CLEAN], of=game(optimizer=infinite()))
    assert float(state.params["g"]["w"]) == 3.0625
    assert int(state.memory["skipped"]) == 0


def test_a_game_that_skips_nothing_keeps_its_program():
    """The program of ``halt`` has no test for finite numbers."""
    state = init_state(game(skips=False), jax.random.key(0), {})
    step = make_train_step(game(skips=False), batch=batch)
    bound = jax.vmap(step, (None, None), axis_name="data", axis_size=1)
    assert "is_finite" not in str(jax.make_jaxpr(bound)(state, ()))
    assert "skipped" not in state.memory
