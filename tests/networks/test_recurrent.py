"""The recurrent networks against a loop in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks.recurrent import Discriminator, Generator, Gru, by_step


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_by_hand(params, x):
    """The states ``[T, h]`` of one series ``[T, c]``: the equations of PyTorch's GRU,
    step by step."""
    inputs, bias = params["inputs"], np.asarray(params["bias"])[0]
    kernels = [np.asarray(params[f"recurrent_{gate}"], np.float64) for gate in "rzn"]
    state, found = np.zeros(kernels[0].shape[0]), []
    for row in np.asarray(x, np.float64):
        given = row @ np.asarray(inputs["kernel"], np.float64) + inputs["bias"]
        of_r, of_z, of_n = np.split(np.asarray(given), 3)
        reset = sigmoid(of_r + state @ kernels[0])
        keep = sigmoid(of_z + state @ kernels[1])
        new = np.tanh(of_n + reset * (state @ kernels[2] + bias))
        state = (1 - keep) * new + keep * state
        found.append(state)
    return np.array(found)


def test_states_are_those_of_a_loop():
    x = np.random.default_rng(0).standard_normal((3, 7, 2)).astype(np.float32)
    layer = Gru(5)
    variables = layer.init(jax.random.key(0), x)
    params = jax.tree.map(
        lambda leaf: leaf + 0.1 * jax.random.normal(jax.random.key(1), leaf.shape),
        variables["params"],
    )
    found = layer.apply({"params": params}, x)
    for states, series in zip(found, x, strict=True):
        np.testing.assert_allclose(states, gru_by_hand(params, series), atol=1e-5)


def test_a_step_does_not_depend_on_later_ones():
    module = Generator((6, 2), width=4, layers=2)
    x = jax.random.normal(jax.random.key(0), (2, 6, 3))
    variables = module.init(jax.random.key(1), x, train=True)
    one = module.apply(variables, x, train=True)
    other = module.apply(variables, x.at[:, 4:].add(1.0), train=True)
    np.testing.assert_array_equal(one[:, :4], other[:, :4])
    assert float(jnp.min(jnp.max(jnp.abs(one - other), -1)[:, 4:])) > 0


def test_latents_by_step():
    """Two steps with two numbers each, and a label that is repeated."""
    z = jnp.array([[1.0, 2, 3, 4, 8, 9]])
    np.testing.assert_array_equal(by_step(z, 2, 2), [[[1, 2, 8, 9], [3, 4, 8, 9]]])
    with pytest.raises(BadInput, match="at least 4·2 = 8 numbers, not 6"):
        by_step(z, 4, 2)


def test_shapes_and_ranges():
    x = 5 * jax.random.normal(jax.random.key(0), (4, 6, 3))
    for output, least in (("sigmoid", 0), ("tanh", -1)):
        module = Generator((6, 2), width=4, layers=1, output=output)
        made, _ = module.init_with_output(jax.random.key(1), x, train=True)
        assert made.shape == (4, 6, 2)
        assert float(made.min()) > least and float(made.max()) < 1
    judged, variables = Discriminator(width=4, layers=2).init_with_output(
        jax.random.key(1), x, train=True
    )
    assert judged.shape == (4, 6)
    sizes = jax.tree.map(jnp.size, variables["params"])
    # 3h·c + 3h for the inputs and 3h·h + h for the recurrence, and 4 + 1 at the end.
    assert sum(jax.tree.leaves(sizes)) == (36 + 12 + 48 + 4) + (48 + 12 + 48 + 4) + 5


def test_other_shapes_are_refused():
    with pytest.raises(BadInput, match="expected a time series"):
        Generator((8, 8, 1)).init(jax.random.key(0), jnp.zeros((2, 8)), train=True)
    with pytest.raises(BadInput, match="expected a time series"):
        Discriminator().init(jax.random.key(0), jnp.zeros((2, 8)), train=True)
    with pytest.raises(BadInput, match="for logits of steps"):
        Discriminator(conditioning="projection").init(
            jax.random.key(0), jnp.zeros((2, 8, 1)), train=True
        )
