"""Colour transfer by means and variances."""

import numpy as np

from ganjax.metrics import colour_transfer

RNG = np.random.default_rng(0)


def test_moments_of_each_channel_become_those_of_the_style():
    content, style = (RNG.uniform(-0.3, 0.3, (2, 9, 9, 3)) for _ in range(2))
    found = colour_transfer(content, 0.5 * style + 0.1)
    for moment in (np.mean, np.std):
        expected = moment(0.5 * style + 0.1, (1, 2))
        np.testing.assert_allclose(moment(found, (1, 2)), expected, rtol=1e-9)
    # Within a channel the order of the pixels stays.
    order = [np.argsort(x[0, ..., 1].ravel()) for x in (content, found)]
    np.testing.assert_array_equal(*order)


def test_a_flat_image_and_the_limits():
    flat = np.full((1, 4, 4, 1), 0.2)
    style = np.array([-1.0, 1] * 8).reshape(1, 4, 4, 1)
    np.testing.assert_allclose(colour_transfer(flat, style + 0.0), 0, atol=1e-9)
    spike = np.zeros((1, 4, 4, 1))
    spike[0, 0, 0] = 1
    assert colour_transfer(spike, style).max() == 1
