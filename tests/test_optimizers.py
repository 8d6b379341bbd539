"""Steps of each optimizer by hand: w = 1, gradients 0.5 and then -0.25."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.optimizers import (
    OPTIMIZERS,
    OptimizerOptions,
    clip_weights,
    decayed,
    optimizer_of,
)

SCALARS = {"learning_rate": 0.1, "b1": 0.9, "b2": 0.99, "weight_decay": 0.3}


def updates(optimizer, gradients=(0.5, -0.25), weight=1.0):
    """Return the update of the weight for each gradient in turn."""
    params = jnp.asarray(weight)
    state = optimizer.init(params)
    found = []
    for gradient in gradients:
        update, state = optimizer.update(jnp.asarray(gradient), state, params)
        params = optax.apply_updates(params, update)
        found.append(float(update))
    return found


@pytest.mark.parametrize(
    "name, b1, expected",
    [
        # -0.1 g
        ("sgd", 0.0, [-0.05, 0.025]),
        # momentum: 0.9·0.5 - 0.25 = 0.2
        ("sgd", 0.9, [-0.05, -0.02]),
        # m/(1-b1) = 0.5, √(v/(1-b2)) = 0.5; then m = 0.02, v = 0.0031:
        # (0.02/0.19) / √(0.0031/0.0199) = 0.2666994
        ("adam", 0.9, [-0.1, -0.02666994]),
        # m is the gradient: 0.5/0.5; then -0.25/√(0.0031/0.0199) = -0.6334111
        ("adam", 0.0, [-0.1, 0.06334111]),
        # v = 0.01·0.25: 0.5/0.05 = 10; then -0.25/√0.0031 = -4.490133
        ("rmsprop", 0.0, [-1.0, 0.4490133]),
        # momentum of the scaled steps: 0.5·(-1) + 0.4490133
        ("rmsprop", 0.5, [-1.0, -0.0509867]),
    ],
)
def test_two_steps_by_hand(name, b1, expected):
    found = updates(OPTIMIZERS[name]({**SCALARS, "b1": b1}))
    np.testing.assert_allclose(found, expected, rtol=2e-5)


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_a_small_gradient_is_not_lost(name):
    """A constant gradient is divided by its own size, also if it is only 1e-6. So the
    steps approach the learning rate, 0.1."""
    scalars = {**SCALARS, "b1": 0.0}
    *_, last = updates(OPTIMIZERS[name](scalars), (1e-6,) * 500)
    assert last == pytest.approx(-0.1, rel=0.02)


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_eps_is_added_to_the_root_of_the_second_moment(name):
    # A first gradient g with b1 = 0 moves Adam by lr·g/(|g| + eps), here by half the
    # rate. RMSProp's first second moment is (1 − b2)·g², whose root is g/10.
    gradient, factor = 1e-3, {"adam": 1.0, "rmsprop": 0.1}[name]
    scalars = {**SCALARS, "b1": 0.0, "eps": factor * gradient}
    (found,) = updates(OPTIMIZERS[name](scalars), (gradient,))
    assert found == pytest.approx(-0.1 / (2 * factor), rel=1e-4)


def test_a_config_sets_eps():
    options = OptimizerOptions(eps=0.5, b1=0.0)
    knobs = {"optimizers.one.learning_rate": 0.1, "optimizers.one.b1": 0.0}
    knobs["optimizers.one.b2"] = 0.99
    (found,) = updates(optimizer_of("one", options, ())(knobs), (0.5,))
    assert found == pytest.approx(-0.1 / 2, rel=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_is_decoupled_from_the_gradient(name):
    # w = 2 also loses 0.1 · 0.3 · 2 = 0.06, for every gradient.
    for gradient in (0.5, -300.0):
        plain = updates(OPTIMIZERS[name](SCALARS), (gradient,), weight=2.0)
        both = decayed(OPTIMIZERS[name](SCALARS), SCALARS)
        (found,) = updates(both, (gradient,), weight=2.0)
        assert found == pytest.approx(plain[0] - 0.06, rel=1e-5)


def test_weight_decay_alone_shrinks_by_a_factor():
    # After two steps with gradient 0, (1 - 0.03)^2 of the weight remains.
    optimizer = decayed(OPTIMIZERS["adam"](SCALARS), SCALARS)
    assert 2 + sum(updates(optimizer, (0.0, 0.0), 2.0)) == pytest.approx(2 * 0.97**2)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_traced_scalars_give_what_floats_give(name):
    gradient = {"w": jnp.array([0.5, -3.0]), "b": jnp.array(1e-3)}
    params = jax.tree.map(jnp.ones_like, gradient)

    def two_steps(scalars):
        optimizer = clip_weights(decayed(OPTIMIZERS[name](scalars), scalars), 1.05)
        state, moved = optimizer.init(params), params
        for _ in range(2):
            update, state = optimizer.update(gradient, state, moved)
            moved = optax.apply_updates(moved, update)
        return moved

    settings = [SCALARS, {**SCALARS, "learning_rate": 0.01, "b1": 0.0, "b2": 0.9}]
    floats = [two_steps(scalars) for scalars in settings]
    traced = [jax.jit(two_steps)(scalars) for scalars in settings]
    stacked = {key: jnp.array([s[key] for s in settings]) for key in SCALARS}
    mapped = jax.jit(jax.vmap(two_steps))(stacked)
    for i, one in enumerate(floats):
        for leaf in params:
            np.testing.assert_allclose(traced[i][leaf], one[leaf], rtol=1e-6)
            np.testing.assert_allclose(mapped[leaf][i], one[leaf], rtol=1e-6)
    gap = jax.tree.map(lambda a, b: np.abs(a - b).max(), *floats)
    assert min(jax.tree.leaves(gap)) > 1e-3, "the two settings differ"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_holds_no_scalar(name):
    # The state does not depend on the learning rate.
    gradient = jnp.array([0.5, -3.0])
    states = []
    for rate in (0.1, 0.2):
        optimizer = OPTIMIZERS[name]({**SCALARS, "b1": 0.0, "learning_rate": rate})
        state = optimizer.init(gradient)
        numbers = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
        assert all((leaf == 0).all() for leaf in numbers if leaf.dtype != bool)
        states.append(jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state))
    assert states[0] == states[1]


def test_clip_by_hand():
    # Without the limits ±1 the result would be 1.05, 0, -1.4, 0.7.
    params = jnp.array([1.0, 0.5, -0.9, 0.2])
    gradient = jnp.array([-0.5, 5.0, 5.0, -5.0])
    optimizer = clip_weights(OPTIMIZERS["sgd"]({**SCALARS, "b1": 0.0}), 1.0)
    update, _ = optimizer.update(gradient, optimizer.init(params), params)
    np.testing.assert_allclose(params + update, [1.0, 0.0, -1.0, 0.7], atol=1e-7)


@pytest.mark.parametrize("limit", [pytest.param(0.01, marks=pytest.mark.full), 0.5])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_clip_keeps_the_box_and_nothing_else_changes(name, limit):
    keys = jax.random.split(jax.random.key(0), 7)
    plain = decayed(OPTIMIZERS[name](SCALARS), SCALARS)
    boxed = clip_weights(plain, limit)
    params = jax.random.uniform(keys[0], (500,), minval=-1)  # some are outside
    state = boxed.init(params)
    inside = outside = 0
    for key in keys[1:]:
        gradient = 0.1 * jax.random.normal(key, params.shape)
        free, _ = plain.update(gradient, state[0], params)
        update, state = boxed.update(gradient, state, params)
        kept = np.abs(params + free) <= limit
        np.testing.assert_array_equal(update[kept], free[kept])
        params = optax.apply_updates(params, update)
        # w + (limit - w) has one rounding.
        assert np.abs(params).max() <= limit * (1 + 1e-5)
        inside, outside = inside + kept.sum(), outside + (~kept).sum()
    assert inside > 0 and outside > 0
