"""The estimator of clipped and perturbed gradients, against loops and by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.core import (
    ClippedExamples,
    Game,
    Network,
    Player,
    View,
    init_state,
    make_train_step,
)
from ganjax.core.dynamics import DYNAMICS
from ganjax.errors import BadInput

N, D = 6, 3
EXAMPLES = np.random.default_rng(0).standard_normal((N, D)).astype(np.float32)
PRESENT = np.array([1, 1, 0, 1, 1, 1], np.float32)


class Square:
    """A module with the parameters w ``[D, D]`` and b ``[D]``: f(x) = ½ ‖W x + b‖²."""

    def init(self, key, *inputs, train):
        w = jax.random.normal(key, (D, D))
        return {"params": {"w": w, "b": jnp.arange(1.0, D + 1)}}

    def apply(self, variables, x, *, train, mutable=(), method=None):
        p = variables["params"]
        y = x @ p["w"].T + p["b"].reshape(1, -1)
        out = 0.5 * jnp.sum(y * y, axis=1)
        return (out, {}) if train else out


def of_one(owned, view, example):
    return view.apply("net", jnp.expand_dims(example["x"], 0))[0]


def nothing(owned, view):
    return 0.0 * jnp.sum(owned["net"]["b"]), view.report()


def game(clip, noise, expected=4, dynamics=None):
    estimator = ClippedExamples(of_one, "clip", "noise", expected, "present")
    player = Player(
        "player", ("net",), nothing, lambda knobs: optax.sgd(1.0), estimator=estimator
    )
    shape = jax.ShapeDtypeStruct((2, D), jnp.float32)
    made = Game({"net": Network(Square(), (shape,))}, (player,), dynamics=dynamics)
    return made, {"clip": clip, "noise": noise}


def gradient(clip, noise, devices=1, expected=4, seed=0):
    """Return the gradient of one step, which plain descent with rate 1 subtracts."""
    made, knobs = game(clip, noise, expected)

    def batch(data, key, step, axis):
        n = N // jax.lax.axis_size(axis)
        first = jax.lax.axis_index(axis) * n
        own = {
            name: jax.lax.dynamic_slice_in_dim(x, first, n) for name, x in data.items()
        }
        return {name: x[None] for name, x in own.items()}

    step = make_train_step(made, batch=batch)
    state = init_state(made, jax.random.key(seed), knobs)
    data = {"x": jnp.asarray(EXAMPLES), "present": jnp.asarray(PRESENT)}
    carried = jax.vmap(step, (0, None), 0, axis_name="data")
    if devices > 1:
        carried = jax.vmap(step, (None, None), 0, axis_name="data", axis_size=devices)
        after, metrics = jax.jit(carried)(state, data)
    else:
        one = jax.tree.map(lambda x: x[None], state)
        after, metrics = jax.jit(carried)(one, data)
    before = state.params["net"]
    moved = jax.tree.map(lambda a, b: np.asarray(a - b[0]), before, after.params["net"])
    return before, moved, {name: float(x[0]) for name, x in metrics.items()}


def looped(params, clip, expected=4):
    """Clip the gradient of each example in a Python loop, by ∂/∂W = y·xᵀ, ∂/∂b = y."""
    w, b = np.asarray(params["w"], np.float64), np.asarray(params["b"], np.float64)
    total = {"w": np.zeros((D, D)), "b": np.zeros(D)}
    over = 0
    for x, counts in zip(EXAMPLES.astype(np.float64), PRESENT, strict=True):
        if not counts:
            continue
        y = w @ x + b
        norm = np.sqrt((np.outer(y, x) ** 2).sum() + (y**2).sum())
        factor = min(1, clip / norm)
        over += norm > clip
        total["w"] += factor * np.outer(y, x)
        total["b"] += factor * y
    return {name: g / expected for name, g in total.items()}, over


@pytest.mark.parametrize("clip", [0.5, 5.0, 1e6])
def test_clipped_gradients_are_equal_to_a_loop(clip):
    before, found, metrics = gradient(clip, 0.0)
    wanted, over = looped(before, clip)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6)
    assert metrics["player/examples"] == 5
    assert metrics["player/clipped"] == pytest.approx(over / 5)


def test_two_devices_give_the_same_gradient():
    _, one, _ = gradient(2.0, 1.5)
    _, two, metrics = gradient(2.0, 1.5, devices=2)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert metrics["player/examples"] == 5


def test_the_perturbation_has_the_deviation_of_the_clip():
    """The difference of two gradients with and without it is σ·C/B times a standard
    normal number, in 12 entries. Over 200 keys the mean square is 1 ± 5·√(2/n).
    """
    clip, noise, expected = 2.0, 1.5, 4
    squares = []
    made, knobs = game(clip, noise, expected)
    estimator = made.players[0].estimator
    state = init_state(made, jax.random.key(0), knobs)

    def at(key, multiplier):
        def turn(_):
            batch = {"x": jnp.asarray(EXAMPLES), "present": jnp.asarray(PRESENT)}
            knobs = {"clip": jnp.float32(clip), "noise": multiplier}
            view = View(
                made.networks, "data", state.params, state.variables, {}, knobs, batch,
                key, state.step,
            )  # fmt: skip

            def view_at(owned):
                return dataclasses.replace(view, params={**view.params, **owned})

            return estimator(view_at, state.params)[0]

        return jax.vmap(turn, axis_name="data")(jnp.zeros(1))

    keys = jax.random.split(jax.random.key(7), 200)
    draw = jax.jit(jax.vmap(at, (0, None)))
    with_it, without = draw(keys, jnp.float32(noise)), draw(keys, jnp.float32(0.0))
    for a, b in zip(jax.tree.leaves(with_it), jax.tree.leaves(without), strict=True):
        squares.append(np.asarray((a - b) * expected / (noise * clip)).ravel() ** 2)
    squares = np.concatenate(squares)
    assert len(squares) == 200 * (D * D + D)
    assert abs(squares.mean() - 1) < 5 * np.sqrt(2 / len(squares))


def test_a_joint_dynamics_is_refused():
    entry = DYNAMICS.make("dynamics.name", {"name": "simultaneous"})
    with pytest.raises(BadInput, match="dynamics.name: expected 'alternating'"):
        game(1.0, 1.0, dynamics=entry.chosen(strength=0.1, steps=1))
