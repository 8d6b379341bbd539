"""Baselines that fill holes, compared with hand calculations and with scikit-image."""

import numpy as np
import pytest

from ganjax.metrics import biharmonic_filling, mean_filling, seam_steps

RNG = np.random.default_rng(0)


def hole(side, rows, columns):
    mask = np.zeros((1, side, side, 1))
    mask[:, rows, columns] = 1
    return mask


def test_the_mean_of_the_context_fills_each_channel():
    """The context of a 2×2 image is 1, 2 and 6 in one channel, and 10 times this in the
    other. Its means are 3 and 30."""
    image = np.array([[[1.0, 10], [2, 20]], [[6, 60], [100, 1000]]])[None]
    found = mean_filling(image, hole(2, 1, 1))
    np.testing.assert_allclose(found[0, 1, 1], [3, 30])
    np.testing.assert_array_equal(found[0, 0], image[0, 0])


def test_a_plane_and_a_saddle_are_biharmonic():
    """The Laplacian of both is 0, so far from the border they are filled exactly."""
    y, x = np.mgrid[:12, :12] / 12.0
    for surface in (1 + 2 * x - y, x * y):
        image = surface[None, ..., None]
        mask = hole(12, slice(4, 8), slice(3, 8))
        found = biharmonic_filling(image * (1 - mask), mask)
        np.testing.assert_allclose(found, image, atol=1e-12)


def test_a_cubic_is_biharmonic_and_a_surface_without_context_is_limited():
    """x³ has the second derivative 6x, which is harmonic."""
    line = np.arange(16) / 16.0
    image = np.broadcast_to((line**3).reshape(1, 1, -1, 1), (1, 16, 16, 1))
    mask = hole(16, slice(5, 9), slice(6, 9))
    found = biharmonic_filling(image * (1 - mask), mask)
    np.testing.assert_allclose(found, image, atol=1e-12)
    # The peak of a bump is cut off at the brightest pixel of the context.
    bump = 1 - (line - 0.5).reshape(1, 1, -1, 1) ** 2 + np.zeros((1, 16, 1, 1))
    mask = hole(16, slice(0, 16), slice(6, 11))
    known = bump[:, :, 5].max()
    assert biharmonic_filling(bump * (1 - mask), mask).max() == known


@pytest.mark.parametrize("channels", [1, 3])
def test_the_surface_is_the_one_of_scikit_image(channels):
    restoration = pytest.importorskip("skimage.restoration")
    images = RNG.random((4, 13, 11, channels))
    masks = (RNG.random((4, 13, 11, 1)) < 0.4).astype(np.float64)
    masks[0, :5, :4] = 1  # a corner
    found = biharmonic_filling(images, masks)
    for image, mask, ours in zip(images, masks, found, strict=True):
        theirs = restoration.inpaint_biharmonic(image, mask[..., 0], channel_axis=-1)
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_single_precision_and_no_hole_are_kept():
    image = RNG.random((1, 4, 4, 1)).astype(np.float32)
    found = biharmonic_filling(image, np.zeros((1, 4, 4, 1)))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, image)


def test_steps_across_the_border_of_a_hole():
    """A hole of 5 in a context of 1 has steps of 4 on all sides. In a slope of 3 along
    the rows, two of the four borders of one pixel have steps of 3, the others of 0."""
    mask = hole(6, slice(2, 4), slice(1, 3))
    np.testing.assert_allclose(seam_steps(1 + 4 * mask, mask), 4)
    slope = 3.0 * np.arange(6).reshape(1, -1, 1, 1) + np.zeros((1, 6, 6, 2))
    np.testing.assert_allclose(seam_steps(slope, hole(6, 2, 3)), 1.5)
