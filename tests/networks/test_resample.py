"""Resampling against its definition: insert zeros, filter, drop pixels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core.loop import contains_convolution
from ganjax.networks import conv, resample

TAPS = (resample.SMOOTH, resample.TRIANGLE)


def upfirdn(x, taps, *, up, down, before, after):
    """Resample one image ``[H, W]`` in double precision.

    Insert ``up − 1`` zeros after each pixel along both axes, pad with zeros, filter
    with the outer product of the taps, and keep every ``down``-th pixel."""
    h, w = x.shape
    wide = np.zeros((h * up, w * up))
    wide[::up, ::up] = x
    wide = np.pad(wide, (before, after))
    filter_ = np.outer(taps, taps) * up**2 / np.sum(taps) ** 2
    k = len(taps)
    rows, columns = (n - k + 1 for n in wide.shape)
    made = np.array(
        [
            [np.sum(wide[i : i + k, j : j + k] * filter_) for j in range(columns)]
            for i in range(rows)
        ]
    )
    return made[::down, ::down]


def image(h=6, w=8):
    return np.random.default_rng(0).normal(size=(h, w))


def through(function, x):
    """Apply ``function`` to a batch whose images and channels are multiples of ``x``.

    Assert that they do not mix, and return the result for ``x``."""
    batch = jnp.asarray(np.stack([x, -2 * x]), jnp.float32)[..., None]
    batch = jnp.concatenate([batch, 3 * batch], -1)
    made = np.asarray(function(batch), np.float64)
    np.testing.assert_allclose(made[1], -2 * made[0], rtol=1e-6)
    np.testing.assert_allclose(made[..., 1], 3 * made[..., 0], rtol=1e-5, atol=1e-6)
    return made[0, ..., 0]


@pytest.mark.parametrize("taps", TAPS)
def test_against_the_definition(taps):
    # Zeros before and after as in the authors' code: (k + 1)//2 and (k − 2)//2 to
    # enlarge an image, (k − 1)//2 and (k − 2)//2 to reduce it.
    k = len(taps)
    x = image()
    found = through(lambda x: resample.upsample(x, taps), x)
    whole = upfirdn(x, taps, up=2, down=1, before=(k + 1) // 2, after=(k - 2) // 2)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    assert found.shape == (12, 16)
    found = through(lambda x: resample.downsample(x, taps), x)
    whole = upfirdn(x, taps, up=1, down=2, before=(k - 1) // 2, after=(k - 2) // 2)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    assert found.shape == (3, 4)
    found = through(lambda x: resample.smooth(x, 2, 1, taps), x)
    np.testing.assert_allclose(
        found, upfirdn(x, taps, up=1, down=1, before=2, after=1), atol=1e-6
    )


def test_a_pixel_by_hand():
    x = jnp.zeros((1, 4, 4, 1)).at[0, 1, 2, 0].set(16.0)
    rows = np.array([0, 1, 3, 3, 1, 0, 0, 0])
    columns = np.array([0, 0, 0, 1, 3, 3, 1, 0])
    made = resample.upsample(x)[0, ..., 0]
    np.testing.assert_allclose(made, np.outer(rows, columns), rtol=1e-6)
    # row 1 meets tap 3 of output pixel 0 (at row ½) and tap 1 of pixel 1 (at row 2½)
    made = resample.downsample(4 * x)[0, ..., 0]
    np.testing.assert_allclose(made, [[3, 9], [1, 3]], rtol=1e-6)


@pytest.mark.parametrize("taps", TAPS)
def test_a_flat_image_stays_flat_away_from_the_border(taps):
    x = jnp.full((1, 8, 8, 1), 0.7)
    for made in (resample.upsample(x, taps), resample.downsample(x, taps)):
        np.testing.assert_allclose(made[:, 1:-1, 1:-1], 0.7, rtol=1e-6)
    kernel = jnp.ones((3, 3, 1, 1)) / 9
    for made in (
        resample.upsample_convolve(x, kernel, taps),
        resample.convolve_downsample(x, kernel, taps),
    ):
        np.testing.assert_allclose(made[:, 2:-2, 2:-2], 0.7, rtol=1e-5)


def test_the_smooth_filter_is_the_triangle_on_copies_of_pixels():
    x = jnp.asarray(image(), jnp.float32)[None, ..., None]
    copies = conv.upsample(x)
    np.testing.assert_allclose(
        resample.upsample(x), resample.smooth(copies, 1, 1, (1, 2, 1)), atol=1e-6
    )
    inside = conv.downsample(resample.smooth(x, 1, 1, (1, 2, 1)))
    np.testing.assert_allclose(
        resample.downsample(x)[:, 1:-1, 1:-1], inside[:, 1:-1, 1:-1], atol=1e-6
    )


@pytest.mark.parametrize("taps", TAPS)
def test_around_a_convolution(taps):
    """Filter and kernel act as one filter, the full convolution of both. The image is
    padded once, with no padding between filter and kernel."""
    kernel = np.random.default_rng(1).normal(size=(3, 3))
    x, k = image(), len(taps)
    low = np.outer(taps, taps) / np.sum(taps) ** 2
    # ``low`` is symmetric, so no flip is needed: products over windows as in a layer
    both = np.zeros((k + 2, k + 2))
    for i in range(3):
        for j in range(3):
            both[i : i + k, j : j + k] += kernel[i, j] * low

    def strided(x, before, after, stride):
        x = np.pad(x, (before, after))
        size = k + 2
        return np.array(
            [
                [
                    np.sum(x[i : i + size, j : j + size] * both)
                    for j in range(0, x.shape[1] - size + 1, stride)
                ]
                for i in range(0, x.shape[0] - size + 1, stride)
            ]
        )

    weights = jnp.asarray(kernel, jnp.float32)[..., None, None]
    weights = jnp.broadcast_to(weights, (3, 3, 2, 2)) * jnp.eye(2).reshape(1, 1, 2, 2)
    found = through(lambda x: resample.convolve_downsample(x, weights, taps), x)
    # padding of 1 for the kernel, plus the padding of the filter
    expected = strided(x, 1 + (k - 1) // 2, 1 + (k - 2) // 2, 2)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    wide = np.zeros((12, 16))
    wide[::2, ::2] = x
    found = through(lambda x: resample.upsample_convolve(x, weights, taps), x)
    expected = 4 * strided(wide, 1 + (k + 1) // 2, 1 + (k - 2) // 2, 1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_there_is_no_convolution_in_it():
    x = jnp.ones((1, 8, 8, 2))
    for function in (resample.upsample, resample.downsample):
        gradient = jax.grad(lambda x, f=function: jnp.sum(f(x) ** 2))
        for platform in ("cpu", "cuda"):
            jaxpr = jax.make_jaxpr(gradient)(x).jaxpr
            assert not contains_convolution(jaxpr, platform)


def test_lopsided_filters_are_refused():
    with pytest.raises(ValueError, match="expected a symmetric filter, not"):
        resample.upsample(jnp.ones((1, 4, 4, 1)), (1, 2))


def test_bilinear_interpolation_by_hand():
    """Between the centres 1 and 5 of two pixels are 2 and 4; the border repeats."""
    x = jnp.array([[1.0, 5.0], [1.0, 5.0]])[None, :, :, None]
    found = np.asarray(resample.bilinear(x))[0, ..., 0]
    np.testing.assert_allclose(found, np.tile([1.0, 2.0, 4.0, 5.0], (4, 1)), rtol=1e-6)
    turned = np.asarray(resample.bilinear(jnp.swapaxes(x, 1, 2)))[0, ..., 0]
    np.testing.assert_allclose(turned, found.T, rtol=1e-6)


def test_bilinear_interpolation_resizes():
    x = image()
    found = through(resample.bilinear, x)
    expected = jax.image.resize(jnp.asarray(x, jnp.float32), (12, 16), "linear")
    np.testing.assert_allclose(found, expected, atol=1e-6)
