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


def test_a_border_by_hand():
    """A border of one: at stride 2 the windows of three begin at rows −1 and 1. Without
    a stride, four taps lose a row."""
    ones = jnp.ones((1, 4, 4, 1))
    counted = convolve(ones, jnp.ones((3, 3, 1, 1)), stride=2, border=1)
    np.testing.assert_array_equal(counted[0, :, :, 0], [[4, 6], [6, 9]])
    counted = convolve(ones, jnp.ones((4, 4, 1, 1)), border=1)
    expected = [[9, 12, 9], [12, 16, 12], [9, 12, 9]]
    np.testing.assert_array_equal(counted[0, :, :, 0], expected)
    # Five columns: the window at column 3 would end outside, so two windows remain.
    wide = convolve(jnp.ones((1, 4, 5, 1)), jnp.ones((4, 4, 1, 1)), stride=2, border=1)
    assert wide.shape == (1, 2, 2, 1)


def test_a_border_of_a_transposed_convolution():
    """The middle of three taps writes to pixels 0, 2, …"""
    x = image([[1, 2], [3, 4]])
    middle = kernel([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    made = convolve_transpose(x, middle, border=1)[0, :, :, 0]
    assert made.shape == (4, 4)
    np.testing.assert_array_equal(made[::2, ::2], [[1, 2], [3, 4]])
    assert made.sum() == 10
    with pytest.raises(ValueError, match="border=0 maps"):
        convolve_transpose(x, middle, border=0)


@pytest.mark.parametrize("size", [8, 7])
@pytest.mark.parametrize(
    "width, stride, border",
    [(4, 2, None), (3, 1, None), (2, 2, None), (3, 2, 1), (4, 2, 1)],
)
def test_convolve_transpose_is_the_adjoint_of_convolve(size, width, stride, border):
    how = {"stride": stride, "border": border}
    keys = jax.random.split(jax.random.key(size), 3)
    large = size * stride
    x = jax.random.normal(keys[0], (2, large, large, 3))
    y = jax.random.normal(keys[1], (2, size, size, 5))
    weights = jax.random.normal(keys[2], (width, width, 3, 5))
    forward = convolve(x, weights, **how)
    flipped = jnp.flip(weights, (0, 1)).swapaxes(2, 3)
    back = convolve_transpose(y, flipped, **how)
    assert forward.shape == y.shape and back.shape == x.shape
    left, right = (np.vdot(a, b) for a, b in ((forward, y), (x, back)))
    assert abs(left - right) < 1e-3
    # The gradient of <convolve(x), y> is the adjoint as well.
    pulled = jax.grad(lambda x: jnp.vdot(convolve(x, weights, **how), y))(x)
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
