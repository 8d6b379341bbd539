import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import srresnet
from ganjax.networks.pixels import as_channels, as_pixels
from tests.parameters import count, initialised, output

KEY = jax.random.key(0)


def test_parameters_of_the_published_network():
    module = srresnet.Generator(shape=(96, 96, 3))
    assert count(module, 24, 24, 3) == 1_547_350
    w, b = 64, 16  # one bias per channel replaces a scale and a shift
    plain = srresnet.Generator(shape=(96, 96, 3), normalization="none")
    assert count(plain, 24, 24, 3) == 1_547_350 - (2 * b + 1) * w


@pytest.mark.parametrize(("small", "large"), [(7, 28), (8, 32), (16, 32), (8, 8)])
def test_shapes(small, large):
    module = srresnet.Generator(shape=(large, large, 1), width=4, blocks=1)
    assert output(module, small, small, 1).shape == (5, large, large, 1)


def test_the_channels_of_a_pixel_become_a_square():
    x = jnp.arange(8.0).reshape(1, 1, 2, 4)
    made = as_pixels(x, 2)[0, :, :, 0]
    np.testing.assert_array_equal(made, [[0, 1, 4, 5], [2, 3, 6, 7]])
    np.testing.assert_array_equal(as_channels(as_pixels(x, 2), 2), x)


def test_blocks_are_residual():
    """Blocks with zero kernels have the same output as no blocks."""
    x = jax.random.normal(KEY, (1, 4, 4, 1))

    def made(blocks, params):
        module = srresnet.Generator(
            shape=(8, 8, 1), width=4, blocks=blocks, normalization="none"
        )
        params = params or initialised(module, KEY, x)["params"]
        return params, module.apply({"params": params}, x, train=False)

    params, full = made(2, None)
    for i in range(1, 5):
        params[f"Conv_{i}"] = jax.tree.map(jnp.zeros_like, params[f"Conv_{i}"])
    _, idle = made(2, params)
    few = {"Conv_0": params["Conv_0"], "PReLU_0": params["PReLU_0"]}
    few |= {f"Conv_{i}": params[f"Conv_{i + 4}"] for i in (1, 2, 3)}
    few["PReLU_1"] = params["PReLU_3"]
    np.testing.assert_allclose(made(0, few)[1], idle, rtol=1e-5, atol=1e-6)
    assert np.abs(full - idle).max() > 1e-3


@pytest.mark.parametrize("small", [5, 16])
def test_other_ratios_are_refused(small):
    module = srresnet.Generator(shape=(8, 8, 1), width=4, blocks=1)
    with pytest.raises(BadInput, match="by a power of 2, not"):
        output(module, small, small, 1)


@pytest.mark.full
@pytest.mark.parametrize(("factor", "reach"), [(4, 10), (1, 11), (2, 10)])
def test_the_reach_is_that_of_the_gradient(factor, reach):
    """With positive weights no path cancels, so the gradient of a pixel is zero exactly
    beyond the reach."""
    side = 2 * reach + 5
    middle = side // 2
    shape = factor * side, factor * side, 1
    network = srresnet.Generator(shape=shape, width=1, blocks=1, normalization="none")
    x = jnp.ones((1, side, side, 1))
    variables = jax.tree.map(lambda w: 0 * w + 0.02, initialised(network, KEY, x))
    inner = slice(factor * middle, factor * (middle + 1))

    def made(x):
        return jnp.sum(network.apply(variables, x, train=False)[0, inner, inner])

    along = np.abs(jax.jit(jax.grad(made))(x)[0, :, :, 0]).max(axis=0)
    seen = np.flatnonzero(along > 1e-7 * along.max())
    assert (seen[0], seen[-1]) == (middle - reach, middle + reach)
    assert network.reach(factor) == reach
