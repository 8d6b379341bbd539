"""The two convolutions: small cases by hand, and each is the adjoint of the other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.networks.conv import convolve, convolve_transpose
from ganjax.networks.layers import Conv


def image(values):
    return jnp.asarray(values, jnp.float32)[None, :, :, None]


def kernel(values):
    return jnp.asarray(values, jnp.float32)[:, :, None, None]


def test_convolve_by_hand():
    x = image([[1, 2, 0], [0, 1, 3], [2, 0, 1]])
    identity = kernel([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(convolve(x, identity), x)
    # The kernel is not flipped: a one on the right reads the pixel on the right.
    right = kernel([[0, 0, 0], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(
        convolve(x, right)[0, :, :, 0], [[2, 0, 0], [1, 3, 0], [0, 1, 0]]
    )
    # At stride 2 a 4×4 window begins one pixel outside, so it covers 3×3 pixels.
    counted = convolve(jnp.ones((1, 4, 4, 1)), jnp.ones((4, 4, 1, 1)), stride=2)
    np.testing.assert_array_equal(counted[0, :, :, 0], [[9, 9], [9, 9]])


def test_convolve_transpose_by_hand():
    # One pixel times the middle four of the kernel, which is rotated by 180 degrees.
    made = convolve_transpose(image([[3]]), kernel(np.arange(16).reshape(4, 4)))
    np.testing.assert_array_equal(made[0, :, :, 0], [[30, 27], [18, 15]])
    # With a kernel of ones, a new pixel sums one or two old pixels along each axis.
    made = convolve_transpose(image([[1, 10], [100, 1000]]), jnp.ones((4, 4, 1, 1)))
    expected = [
        [1, 11, 11, 10],
        [101, 1111, 1111, 1010],
        [101, 1111, 1111, 1010],
        [100, 1100, 1100, 1000],
    ]
    np.testing.assert_array_equal(made[0, :, :, 0], expected)


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize("width, stride", [(4, 2), (3, 1), (2, 2)])
def test_convolve_transpose_is_the_adjoint_of_convolve(size, width, stride):
    keys = jax.random.split(jax.random.key(size), 3)
    large = size * stride
    x = jax.random.normal(keys[0], (2, large, large, 3))
    y = jax.random.normal(keys[1], (2, size, size, 5))
    weights = jax.random.normal(keys[2], (width, width, 3, 5))
    forward = convolve(x, weights, stride=stride)
    flipped = jnp.flip(weights, (0, 1)).swapaxes(2, 3)
    back = convolve_transpose(y, flipped, stride=stride)
    assert forward.shape == y.shape and back.shape == x.shape
    left, right = (np.vdot(a, b) for a, b in ((forward, y), (x, back)))
    assert abs(left - right) < 1e-3
    # The gradient of <convolve(x), y> is the adjoint as well.
    pulled = jax.grad(lambda x: jnp.vdot(convolve(x, weights, stride=stride), y))(x)
    np.testing.assert_allclose(back, pulled, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("transpose, size", [(False, 4), (True, 16)])
def test_layer_adds_one_bias_a_channel(transpose, size):
    layer = Conv(2, kernel=4, stride=2, transpose=transpose)
    x = jnp.ones((1, 8, 8, 3))
    params = layer.init(jax.random.key(0), x)["params"]
    biased = {**params, "bias": jnp.array([5.0, -7.0])}
    before, after = (layer.apply({"params": p}, x) for p in (params, biased))
    assert after.shape == (1, size, size, 2)
    np.testing.assert_allclose(
        after - before, np.broadcast_to([5.0, -7.0], after.shape), rtol=1e-5
    )
