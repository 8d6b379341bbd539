"""Penalties of critics with known gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.networks.conv import convolve
from ganjax.objectives import REGULARIZERS
from ganjax.objectives.regularizers import CriticPass

W = jnp.array([1.0, -2.0, 2.0])  # ‖W‖ = 3
KEYS = jax.random.split(jax.random.key(0), 4)
REAL = jax.random.normal(jax.random.key(1), (4, 3))
FAKE = jax.random.normal(jax.random.key(2), (4, 3)) + 3


def linear(x):
    return x @ W


def quadratic(x):
    return 0.5 * jnp.sum(x**2, axis=1)  # its gradient at x is x


@pytest.mark.parametrize(
    ("name", "value"), [("r1", 4.5), ("r2", 4.5), ("wgan_gp", 4.0), ("dragan", 4.0)]
)
def test_linear_critic(name, value):
    """The penalties are ½‖w‖² and (‖w‖ − 1)² for all samples."""
    penalty = REGULARIZERS[name](linear, REAL, FAKE, KEYS)
    np.testing.assert_allclose(penalty, value, rtol=1e-6)


def test_r1_is_taken_at_real_and_r2_at_fake_samples():
    for name, x in (("r1", REAL), ("r2", FAKE)):
        penalty = REGULARIZERS[name](quadratic, REAL, FAKE, KEYS)
        np.testing.assert_allclose(penalty, 0.5 * np.mean(np.sum(x**2, 1)), rtol=1e-5)


def test_norms_run_over_all_pixels_and_channels():
    def total(x):
        return jnp.sum(x, axis=(1, 2, 3))  # gradient 1 in each of 2·3·5 entries

    x = jnp.zeros((4, 2, 3, 5))
    np.testing.assert_allclose(REGULARIZERS["r1"](total, x, x, KEYS), 15, rtol=1e-6)


def test_wgan_gp_looks_between_real_and_fake():
    """For the quadratic critic the gradient norm at x̂ is ‖x̂‖. Here x̂ is between 2
    and 4 on one axis, and the mean of (t − 1)² over t ~ U[2, 4] is 13/3."""
    n = 20_000
    real = jnp.tile(jnp.array([[2.0, 0.0, 0.0]]), (n, 1))
    keys = jax.random.split(jax.random.key(3), n)
    penalty = REGULARIZERS["wgan_gp"](quadratic, real, 2 * real, keys)
    np.testing.assert_allclose(penalty, 13 / 3, rtol=0.02)


def test_dragan_moves_real_samples_by_half_a_standard_deviation_at_most():
    """x̂ = x + ½·α·std·u: entries increase, on average by ⅛ of the deviation."""
    n = 5_000
    real = jnp.where(jnp.arange(n)[:, None] % 2 == 0, 10.0, 14.0) * jnp.ones((n, 3))
    keys = jax.random.split(jax.random.key(4), n)
    seen = []

    def critic(x):
        jax.debug.callback(lambda x: seen.append(np.asarray(x)), x)
        return jnp.sum(x, axis=1)

    REGULARIZERS["dragan"](critic, real, None, keys)
    jax.effects_barrier()
    moved = seen[0] - np.asarray(real)  # the standard deviation is 2
    assert moved.min() >= 0 and moved.max() <= 1
    np.testing.assert_allclose(moved.mean(), 0.25, rtol=0.03)


def test_recorded_draws_are_where_the_penalties_look():
    """The norm of the quadratic critic's gradient at x̂ is ‖x̂‖. Halfway between the
    samples x̂ is (3, 4). DRAGAN moves the first sample from 1 by half a standard
    deviation, and leaves the second."""
    real, fake = jnp.array([[0.0, 4.0]]), jnp.array([[6.0, 4.0]])
    penalty = REGULARIZERS["wgan_gp"](quadratic, real, fake, jnp.array([0.5]))
    np.testing.assert_allclose(penalty, 16, rtol=1e-6)
    real, draw = jnp.array([[0.0, 1.0], [4.0, 5.0]]), jnp.array([[0, 1.0], [0, 0]])
    std = np.std(real)
    penalty = REGULARIZERS["dragan"](quadratic, real, None, draw)
    moved = [1 + std / 2, np.hypot(4, 5)]
    np.testing.assert_allclose(penalty, np.mean((np.array(moved) - 1) ** 2), rtol=1e-6)


@pytest.mark.parametrize("name", REGULARIZERS)
def test_gradient_reaches_the_critics_weights(name):
    """The gradients of ½‖w‖², (‖w‖ − 1)² and ‖w‖² are w, 2(‖w‖ − 1)w/‖w‖ and 2w."""

    def penalty(w):
        return REGULARIZERS[name](lambda x: x @ w, REAL, FAKE, KEYS)

    one_centred = 2 * (3 - 1) * W / 3
    expected = {"r1": W, "r2": W, "max_gp": 2 * W}.get(name, one_centred)
    np.testing.assert_allclose(jax.grad(penalty)(W), expected, rtol=1e-5)


@pytest.mark.parametrize("name", REGULARIZERS)
def test_a_dead_critic_has_a_finite_gradient(name):
    def penalty(w):
        return REGULARIZERS[name](lambda x: x @ w, REAL, FAKE, KEYS)

    assert np.isfinite(jax.grad(penalty)(jnp.zeros(3))).all()


@pytest.mark.parametrize("name", ["r1", "r2"])
def test_a_penalty_shares_the_losss_pass(name):
    """The program has as many products as one pass for both logits and gradients."""
    x = jax.random.normal(jax.random.key(1), (4, 8, 8, 3))
    weights = (
        jax.random.normal(jax.random.key(2), (4, 4, 3, 16)),
        jax.random.normal(jax.random.key(3), (4, 4, 16, 16)),
    )

    def critic(weights, x):
        for kernel in weights:
            x = jnp.tanh(convolve(x, kernel, stride=2))
        return jnp.sum(x, (1, 2, 3))

    def judged(weights):
        logits, pull = jax.vjp(lambda x: critic(weights, x), x)

        def slope():
            return pull(jnp.ones_like(logits))[0]

        own = CriticPass(lambda x: critic(weights, x), ((x, slope),))
        penalty = REGULARIZERS[name](own, x, x, KEYS)
        return jnp.mean(jax.nn.softplus(-logits)) + penalty

    def apart(weights):
        penalty = REGULARIZERS[name](lambda x: critic(weights, x), x, x, KEYS)
        return jnp.mean(jax.nn.softplus(-critic(weights, x))) + penalty

    def jointly(weights):
        logits, pull = jax.vjp(lambda x: critic(weights, x), x)
        (gradient,) = pull(jnp.ones_like(logits))
        penalty = jnp.mean(0.5 * jnp.sum(gradient**2, (1, 2, 3)))
        return jnp.mean(jax.nn.softplus(-logits)) + penalty

    compiled = [
        jax.jit(jax.value_and_grad(loss)).lower(weights).compile()
        for loss in (judged, jointly, apart)
    ]
    products = [c.as_text().count(" dot(") for c in compiled]
    assert products[0] == products[1] < products[2]
    values = [c(weights)[0] for c in compiled]
    np.testing.assert_allclose(values, values[0], rtol=1e-5)
