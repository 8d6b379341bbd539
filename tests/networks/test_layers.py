"""Spectral norm and batch norm compared with numpy."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.networks.layers import (
    BatchNorm,
    Condition,
    ConditionalBatchNorm,
    Conv,
    InstanceNorm,
    Linear,
)

KEY = jax.random.key(0)
INPUTS, FEATURES = 6, 4


def unit(x):
    return x / np.linalg.norm(x)


def with_kernel(layer, x):
    """Return parameters and spectral vectors. The kernel's norm is far from 1."""
    variables = layer.init(KEY, x)
    params = jax.tree.map(lambda leaf: 3 * leaf, variables["params"])
    return params, variables["spectral"]


@pytest.fixture(params=["linear", "conv"])
def layer(request):
    """Return ``(layer, x, read)``. For the output at ``x``, ``read(output)`` is the
    kernel in use as a matrix ``[inputs, features]``."""
    if request.param == "linear":
        x = jnp.eye(INPUTS)
        return Linear(FEATURES, spectral=True), x, np.asarray
    # For a one-hot 3×3 image the centre of the output is one row of a 3×3 kernel.
    x = jnp.eye(9 * INPUTS).reshape(9 * INPUTS, 3, 3, INPUTS)
    module = Conv(FEATURES, kernel=3, spectral=True)
    return module, x, lambda y: np.asarray(y)[:, 1, 1, :]


def test_kernel_in_use_has_norm_one(layer):
    module, x, read = layer
    params, spectral = with_kernel(module, x)

    @jax.jit
    def iterate(spectral):
        return module.apply(
            {"params": params, "spectral": spectral}, x, mutable=["spectral"]
        )

    first = read(iterate(spectral)[0])
    for _ in range(200):
        y, written = iterate(spectral)
        spectral = written["spectral"]
    kernel = np.asarray(params["kernel"]).reshape(-1, FEATURES)
    sigma = np.linalg.svd(kernel, compute_uv=False)[0]
    largest = np.linalg.svd(read(y), compute_uv=False)[0]
    assert abs(largest - 1) < 1e-3
    np.testing.assert_allclose(read(y), kernel / sigma, rtol=1e-3, atol=1e-6)
    # One iteration from a random vector gives too small an estimate.
    assert np.linalg.svd(first, compute_uv=False)[0] > 1 + 1e-3


def test_one_power_iteration_is_kept_where_the_caller_keeps_it(layer):
    module, x, _ = layer
    params, spectral = with_kernel(module, x)
    variables = {"params": params, "spectral": spectral}
    kernel = np.asarray(params["kernel"], np.float64).reshape(-1, FEATURES)
    u = np.asarray(spectral["u"], np.float64)
    assert abs(np.linalg.norm(u) - 1) < 1e-6

    fixed = module.apply(variables, x)
    kept, written = module.apply(variables, x, mutable=["spectral"])
    np.testing.assert_allclose(kept, fixed, rtol=1e-6)  # the same forward pass
    once = unit(unit(kernel @ u) @ kernel)
    np.testing.assert_allclose(written["spectral"]["u"], once, rtol=1e-5, atol=1e-6)
    assert np.abs(once - u).max() > 0.01  # it moved

    again = module.apply({**variables, **written}, x, mutable=["spectral"])[1]
    twice = unit(unit(kernel @ once) @ kernel)
    np.testing.assert_allclose(again["spectral"]["u"], twice, rtol=1e-5, atol=1e-6)
    assert set(written) == {"spectral"}


def test_no_gradient_flows_through_the_vectors():
    # For fixed u and v the loss <G, W / vᵀWu> has the gradient
    # G / σ - <G, W> v uᵀ / σ² with σ = vᵀWu.
    module = Linear(FEATURES, use_bias=False, spectral=True)
    x = jnp.eye(INPUTS)
    params, spectral = with_kernel(module, x)
    direction = jax.random.normal(jax.random.key(1), (INPUTS, FEATURES))

    def loss(kernel):
        variables = {"params": {"kernel": kernel}, "spectral": spectral}
        return jnp.sum(direction * module.apply(variables, x))

    found = jax.grad(loss)(params["kernel"])
    w, g = (np.asarray(a, np.float64) for a in (params["kernel"], direction))
    v = unit(w @ np.asarray(spectral["u"], np.float64))
    u = unit(v @ w)
    sigma = v @ w @ u
    by_hand = g / sigma - np.sum(g * w) / sigma**2 * np.outer(v, u)
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-6)

    # W / σ does not depend on the length of W, so the gradient along W is zero.
    assert abs(np.sum(np.asarray(found) * w)) < 1e-4


@pytest.mark.parametrize("shape", [(3,), (2, 2, 3)])
@pytest.mark.parametrize("devices", [2, 4])
def test_batch_norm_sees_the_whole_batch(devices, shape):
    x = 2 + 3 * jax.random.normal(KEY, (8, *shape))
    module = BatchNorm()
    variables = module.init(KEY, x, train=True)
    scale, bias = jnp.array([1.0, 2.0, 3.0]), jnp.array([-1.0, 0.0, 1.0])
    variables = {**variables, "params": {"norm": {"scale": scale, "bias": bias}}}

    def run(devices):
        y, written = jax.vmap(
            lambda x: module.apply(variables, x, train=True, mutable=["batch_stats"]),
            axis_name="data",
        )(x.reshape(devices, 8 // devices, *shape))
        return np.asarray(y).reshape(x.shape), written["batch_stats"]["norm"]

    one, kept = run(1)
    many, shared = run(devices)
    np.testing.assert_allclose(many, one, rtol=1e-5, atol=1e-5)
    for name in ("mean", "var"):
        np.testing.assert_allclose(
            shared[name], np.tile(kept[name], (devices, 1)), rtol=1e-5
        )

    batch = np.asarray(x, np.float64).reshape(-1, 3)
    mean, var = batch.mean(axis=0), batch.var(axis=0)
    expected = (np.asarray(x) - mean) / np.sqrt(var + 1e-5)
    expected = expected * [1, 2, 3] + [-1, 0, 1]
    np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-4)
    # The running mean and variance start at 0 and 1 and move by a tenth.
    np.testing.assert_allclose(kept["mean"][0], 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(kept["var"][0], 0.9 + 0.1 * var, rtol=1e-4)


def test_epsilon_is_added_to_the_variance():
    # Two samples ±1 have the variance 1. With epsilon 3 they are divided by 2.
    x = jnp.array([[1.0], [-1.0]])
    module = BatchNorm(epsilon=3.0, affine=False)
    apply = functools.partial(module.apply, train=True, mutable="batch_stats")
    variables = module.init(KEY, x, train=True)
    y, _ = jax.vmap(lambda x: apply(variables, x), axis_name="data")(x[None])
    np.testing.assert_allclose(y[0], x / 2, rtol=1e-6)


@pytest.mark.parametrize("backend", ["cpu", "gpu"])
@pytest.mark.parametrize("shape", [(8, 3), (4, 5, 6, 3)])
def test_batch_norm_is_flaxs_in_gradients_as_well(backend, shape, monkeypatch):
    """This also holds where sums are kept in two parts, as on a GPU."""
    x = 2 + jax.random.normal(KEY, shape)
    ours, theirs = BatchNorm(), nn.BatchNorm(momentum=0.9, use_running_average=False)
    variables = ours.init(KEY, x, train=True)
    params = {
        "scale": jnp.array([1.0, 2.0, 3.0]),
        "bias": jnp.array([0.5, -0.5, 0.0]),
    }
    averages = variables["batch_stats"]["norm"]

    def loss(y):
        return jnp.sum(jnp.sin(y) * jnp.arange(y.size).reshape(y.shape))

    def of_ours(params, x):
        state = {"params": {"norm": params}, "batch_stats": {"norm": averages}}
        apply = functools.partial(ours.apply, state, train=True, mutable="batch_stats")
        y, written = jax.vmap(apply, axis_name="data")(x[None])
        return loss(y[0]), jax.tree.map(lambda a: a[0], written["batch_stats"]["norm"])

    def of_theirs(params, x):
        state = {"params": params, "batch_stats": averages}
        y, written = theirs.apply(state, x, mutable="batch_stats")
        return loss(y), written["batch_stats"]

    def orders(function):
        gradient = jax.grad(lambda p, x: function(p, x)[0], (0, 1))

        def steepness(params, x):
            return optax.tree.norm(gradient(params, x), squared=True)

        return function(params, x), gradient(params, x), jax.grad(steepness)(params, x)

    expected = jax.jit(lambda: orders(of_theirs))()
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    found = jax.jit(lambda: orders(of_ours))()
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4 * np.abs(b).max())


def test_batch_norm_in_evaluation_is_a_fixed_map_of_each_sample():
    x = jax.random.normal(KEY, (4, 3))
    module = BatchNorm()
    statistics = {"mean": jnp.array([1.0, 2.0, 3.0]), "var": jnp.array([4.0, 1.0, 9.0])}
    variables = {
        "params": {"norm": {"scale": jnp.ones(3), "bias": jnp.zeros(3)}},
        "batch_stats": {"norm": statistics},
    }
    y = module.apply(variables, x, train=False)
    expected = (np.asarray(x) - [1, 2, 3]) / [2, 1, 3]
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    alone = module.apply(variables, x[:1], train=False)
    np.testing.assert_array_equal(alone, y[:1])


@pytest.mark.parametrize("resample", ["up", "down"])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("spectral", [True, False])
def test_a_resampling_convolution_is_one_before_or_after_resampling(
    resample, kernel, spectral
):
    x = jax.random.normal(KEY, (2, 6, 6, INPUTS))
    fused, plain = (
        Conv(FEATURES, kernel=kernel, spectral=spectral, resample=r)
        for r in (resample, None)
    )
    variables = plain.init(jax.random.key(1), x)
    bias = jnp.arange(FEATURES, dtype=jnp.float32)
    variables = {**variables, "params": {**variables["params"], "bias": bias}}
    if resample == "up":
        expected = plain.apply(variables, jnp.repeat(jnp.repeat(x, 2, 1), 2, 2))
    else:
        y = np.asarray(plain.apply(variables, x), np.float64)
        expected = sum(y[:, i::2, j::2] for i in range(2) for j in range(2)) / 4
    found = fused.apply(variables, x)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_linear_map_of_many_vectors_is_one_of_each():
    x = jax.random.normal(KEY, (2, 3, 5, INPUTS))
    module = Linear(FEATURES)
    variables = {"params": {"kernel": jnp.ones((INPUTS, FEATURES))}}
    variables["params"]["bias"] = jnp.arange(FEATURES, dtype=jnp.float32)
    found = module.apply(variables, x)
    expected = np.asarray(x, np.float64).sum(-1)[..., None] + np.arange(FEATURES)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_instance_norm_is_of_each_channel_of_each_sample():
    x = 2 + 3 * jax.random.normal(KEY, (2, 4, 6, 3))
    found = InstanceNorm().apply({}, x)
    pixels = np.asarray(x, np.float64)
    for i in range(2):
        for c in range(3):
            one = pixels[i, :, :, c]
            expected = (one - one.mean()) / np.sqrt(one.var() + 1e-5)
            np.testing.assert_allclose(
                found[i, :, :, c], expected, rtol=1e-4, atol=1e-5
            )
    assert np.array_equal(
        InstanceNorm().apply({}, x[:, :1, :1]), np.zeros((2, 1, 1, 3))
    )


@pytest.mark.parametrize("hidden", [0, 5])
def test_conditional_batch_norm_starts_as_batch_norm(hidden):
    x = 2 + 3 * jax.random.normal(KEY, (4, 3, 3, FEATURES))
    given = Condition(jax.random.normal(jax.random.key(1), (4, 7)), hidden=hidden)
    module = ConditionalBatchNorm()
    variables = module.init(jax.random.key(2), x, given, train=True)

    def normalised(variables):
        return jax.vmap(
            lambda x: module.apply(
                variables, x, given, train=True, mutable=["batch_stats"]
            )[0],
            axis_name="data",
        )(x[None])[0]

    batch = np.asarray(x, np.float64)
    expected = batch - batch.mean((0, 1, 2))
    expected = expected / np.sqrt(batch.var((0, 1, 2)) + 1e-5)
    np.testing.assert_allclose(normalised(variables), expected, rtol=1e-4, atol=1e-4)

    # A scale is 1 + W c, so an addition to W is an addition to the gain.
    scale = variables["params"]["scale"]
    one = {**scale, "kernel": scale["kernel"].at[2].set(0.5)}
    changed = {**variables, "params": {**variables["params"], "scale": one}}
    vector = np.asarray(given.vector)
    if hidden:
        return
    gain = (1 + 0.5 * vector[:, 2]).reshape(4, 1, 1, 1)
    np.testing.assert_allclose(
        normalised(changed), gain * expected, rtol=1e-4, atol=1e-4
    )


def test_a_spectral_condition_has_maps_of_norm_one():
    x = jax.random.normal(KEY, (4, 2, 2, FEATURES))
    given = Condition(
        jax.random.normal(jax.random.key(1), (4, 7)),
        spectral=True,
        kernel_init=jax.nn.initializers.orthogonal(3.0),
    )
    module = ConditionalBatchNorm()
    variables = module.init(jax.random.key(2), x, given, train=True)
    assert set(variables["spectral"]) == {"scale", "shift"}
    found = module.apply(variables, x, given, train=False)
    # All singular values of the map are 3, so any power iteration vector gives 3.
    scale, shift = (
        np.asarray(given.vector) @ np.asarray(variables["params"][name]["kernel"]) / 3
        for name in ("scale", "shift")
    )
    normal = np.asarray(x) / np.sqrt(1 + 1e-5)
    expected = normal * (1 + scale)[:, None, None] + shift[:, None, None]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_vector_of_an_embedding_has_a_number_for_each_label():
    """One power iteration by hand, from the side of the labels."""
    module = Linear(FEATURES, use_bias=False, spectral=True, embeds=True)
    labels = jnp.eye(INPUTS)
    variables = module.init(KEY, labels)
    kernel = np.asarray(variables["params"]["kernel"], np.float64)
    u = np.asarray(variables["spectral"]["u"], np.float64)
    assert u.shape == (INPUTS,)
    found, written = module.apply(variables, labels, mutable=["spectral"])
    v = unit(u @ kernel)
    after = unit(kernel @ v)
    np.testing.assert_allclose(found, kernel / (after @ kernel @ v), rtol=1e-5)
    np.testing.assert_allclose(written["spectral"]["u"], after, rtol=1e-5)
