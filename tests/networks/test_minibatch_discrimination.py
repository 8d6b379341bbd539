"""Minibatch discrimination compared with a double loop, and in discriminators."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import compile_step, init_state, make_train_step
from ganjax.networks import ARCHITECTURES
from ganjax.networks.minibatch_discrimination import MinibatchDiscrimination
from tests import tiny
from tests.parameters import count, initial, initialised

KEY = jax.random.key(0)
N, D, KERNELS, DIMENSIONS = 8, 6, 3, 2
LAYER = MinibatchDiscrimination(KERNELS, DIMENSIONS)
OPTIONS = {
    "mlp": {"widths": (16,)},
    "dcgan": {"width": 4},
    "sn_dcgan": {"width": 2},
}


def given():
    x = jax.random.normal(KEY, (N, D))
    return LAYER.init(jax.random.key(1), x), x


def on_shards(shards, of):
    """Map ``of`` over ``shards`` equal parts of a batch, with the axis ``data``."""
    many = jax.jit(jax.vmap(of, axis_name="data"))
    return lambda x: many(x.reshape(shards, -1, *x.shape[1:]))


def test_closeness_is_a_sum_over_the_others():
    variables, x = given()
    (kernel,) = jax.tree.leaves(variables)
    assert kernel.shape == (D, KERNELS * DIMENSIONS)
    features = np.asarray(x, np.float64)
    matrices = np.asarray(kernel, np.float64).reshape(D, KERNELS, DIMENSIONS)
    expected = np.zeros((N, KERNELS))
    for b in range(KERNELS):
        rows = features @ matrices[:, b]
        for i in range(N):
            for j in range(N):
                if j != i:
                    expected[i, b] += math.exp(-np.abs(rows[i] - rows[j]).sum())
    for shards in (1, 2, 4, 8):
        seen = on_shards(shards, lambda x: LAYER.apply(variables, x))(x)
        seen = np.asarray(seen).reshape(N, D + KERNELS)
        np.testing.assert_array_equal(seen[:, :D], x)
        np.testing.assert_allclose(seen[:, D:], expected, rtol=1e-5, atol=1e-6)


def test_one_image_is_as_close_as_can_be():
    variables, x = given()
    same = jnp.broadcast_to(x[:1], x.shape)
    seen = on_shards(2, lambda x: LAYER.apply(variables, x))(same)
    np.testing.assert_allclose(seen[..., D:], N - 1, rtol=1e-6)
    far = on_shards(2, lambda x: LAYER.apply(variables, x))(1e4 * x)
    np.testing.assert_allclose(far[..., D:], 0, atol=1e-6)


def test_gradients_do_not_depend_on_the_number_of_shards():
    """The loss is the mean over all samples, as in a player's step. Gradients also pass
    between samples on different shards."""
    variables, x = given()

    def gradients(x):
        def loss(variables, x):
            return jnp.mean(LAYER.apply(variables, x)[:, D:] ** 2)

        by_params, by_x = jax.grad(loss, (0, 1))(variables, x)
        return jax.lax.pmean(by_params, "data"), by_x / jax.lax.axis_size("data")

    found = {}
    for shards in (1, 2, 4):
        by_params, by_x = on_shards(shards, gradients)(x)
        found[shards] = jax.tree.leaves(by_params)[0][0], by_x.reshape(N, D)
    assert np.abs(found[1][0]).max() > 0.01 and np.abs(found[1][1]).max() > 0.01
    for shards in (2, 4):
        for one, many in zip(found[1], found[shards], strict=True):
            np.testing.assert_allclose(many, one, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("normalization", ["none", "spectral", "batch"])
@pytest.mark.parametrize("name", OPTIONS)
def test_discriminators_see_the_rest_of_the_batch(name, normalization):
    def made(kernels):
        return ARCHITECTURES[name].Discriminator(
            normalization=normalization,
            minibatch_discrimination=kernels,
            **OPTIONS[name],
        )

    module = made(4)
    assert module.mixes_samples
    assert made(0).mixes_samples == (normalization == "batch")
    # 4 kernels of 5 dimensions each, and one weight of the last layer per kernel.
    features = {"mlp": 16, "dcgan": 4 * 4 * 4, "sn_dcgan": 4 * 4 * 4}[name]
    added = count(module, 8, 8, 1) - count(made(0), 8, 8, 1)
    assert added == features * 4 * 5 + 4
    if normalization == "spectral":
        variables = initial(module, 8, 8, 1)
        assert set(variables["spectral"]) == set(variables["params"])
    if normalization == "batch":
        return  # batch norm alone mixes samples
    x = jax.random.normal(KEY, (4, 8, 8, 1))
    variables = initialised(module, KEY, x)
    see = on_shards(2, lambda x: module.apply(variables, x, train=True))
    first, again = see(x), see(x.at[2:].multiply(100))
    assert abs(first[0, 0] - again[0, 0]) > 1e-4


def test_a_game_with_it_trains():
    setup = tiny.setup(
        "gan", networks__discriminator__minibatch_discrimination=3, precision="bfloat16"
    )
    state = init_state(setup.game, KEY, setup.knobs)
    layer = state.params["discriminator"]["MinibatchDiscrimination_0"]
    before = np.asarray(layer["Linear_0"]["kernel"])
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    moved, metrics = step(state, setup.feed.data)
    layer = moved.params["discriminator"]["MinibatchDiscrimination_0"]
    after = np.asarray(layer["Linear_0"]["kernel"])
    assert np.isfinite(after).all() and (after != before).mean() > 0.5
    assert all(np.isfinite(value).all() for value in metrics.values())
