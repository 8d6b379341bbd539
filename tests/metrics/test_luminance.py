"""Luma, and PSNR and SSIM of luma, against constants found by hand."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics.luminance import cropped, luma, luma_psnr, luma_ssim


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((0, 0, 0), 16),  # black and white of BT.601 are 16 and 235
        ((1, 1, 1), 235),
        ((1, 0, 0), 81.481),
        ((0, 1, 0), 144.553),
        ((0, 0, 1), 40.966),
        ((0.5, 0.25, 0.75), 16 + 32.7405 + 32.13825 + 18.7245),
    ],
)
def test_luma_of_colours(colour, expected):
    image = np.broadcast_to(np.float32(colour), (1, 2, 3, 3))
    assert luma(image).shape == (1, 2, 3, 1)
    np.testing.assert_allclose(luma(image), expected, rtol=1e-7)


def test_luma_of_grey_is_the_luma_of_equal_colours():
    grey = np.linspace(0, 1, 12).reshape(1, 3, 4, 1)
    np.testing.assert_allclose(luma(grey), 16 + 219 * grey, rtol=1e-12)
    np.testing.assert_allclose(luma(grey), luma(np.repeat(grey, 3, -1)), rtol=1e-12)


def test_psnr_of_a_step_in_one_colour():
    """Blue 0.5 against 0.25: luma differs by 24.966 / 4 = 6.2415, and 20 log10(255 /
    6.2415) = 32.2250 dB. Green by the same step: 20 log10(255 / 32.13825) = 17.9903."""
    x = np.full((1, 6, 6, 3), 0.25)
    for channel, expected in ((2, 32.2250), (1, 17.9903)):
        y = x.copy()
        y[..., channel] = 0.5
        np.testing.assert_allclose(luma_psnr(x, y, border=0), expected, atol=1e-4)
    # Colours that change and keep their luma are not seen.
    y = x + np.array([0.1, -0.1 * 65.481 / 128.553, 0])
    assert luma_psnr(x, y, border=0)[0] > 250


def test_a_border_is_left_out():
    """Only a frame of two pixels differs: with it, 4·(H + W − 4) of H·W pixels do."""
    height, width = 8, 12
    x = np.full((2, height, width, 3), 0.5)
    y = x.copy()
    y[:, 2:-2, 2:-2] = 0.4
    y, x = x, np.where(y == 0.4, 0.5, 0.6)
    assert np.isinf(luma_psnr(x, y, border=2)).all()
    share = 4 * (height + width - 4) / (height * width)
    expected = 10 * np.log10(255**2 / (share * 21.9**2))  # 219 · 0.1 = 21.9
    np.testing.assert_allclose(luma_psnr(x, y, border=0), expected, rtol=1e-9)
    assert cropped(x, 2).shape == (2, 4, 8, 3)


def test_ssim_of_flat_greys():
    """Flat images have no variance: SSIM is (2ab + c) / (a² + b² + c), with the lumas a
    and b and c = (0.01 · 255)². Grey 0.45 and 0.55 have 114.55 and 136.45."""
    x, y = (np.full((1, 20, 16, 3), value) for value in (0.45, 0.55))
    a, b, c = 114.55, 136.45, 2.55**2
    expected = (2 * a * b + c) / (a * a + b * b + c)
    assert expected == pytest.approx(0.98489, abs=1e-5)
    np.testing.assert_allclose(luma_ssim(x, y, border=2), expected, rtol=1e-9)


@pytest.mark.parametrize("border", [0, 3])
def test_both_are_those_of_scikit_image(border):
    metrics = pytest.importorskip("skimage.metrics")
    from skimage.color import rgb2ycbcr

    rng = np.random.default_rng(0)
    x = rng.random((2, 24, 30, 3))
    y = np.clip(x + 0.1 * rng.standard_normal(x.shape), 0, 1)
    psnr, ssim = luma_psnr(x, y, border=border), luma_ssim(x, y, border=border)
    for i, (a, b) in enumerate(zip(x, y, strict=True)):
        inner = slice(border, -border or None)
        a, b = (rgb2ycbcr(c)[inner, inner, 0] for c in (a, b))
        assert psnr[i] == pytest.approx(
            metrics.peak_signal_noise_ratio(a, b, data_range=255), abs=1e-9
        )
        theirs = metrics.structural_similarity(
            a, b, data_range=255, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert ssim[i] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((1, 8, 8, 4)), "expected .* C = 1 or 3"),
        (np.zeros((8, 8, 3)), "expected .* C = 1 or 3"),
        (np.zeros((1, 8, 8, 3), np.uint8), "images of uint8: expected floats"),
        (
            np.full((1, 8, 8, 3), -0.5),
            r"from -0.5 to -0.5: expected values in \[0, 1\]",
        ),
        (np.full((1, 8, 8, 3), np.nan), "expected values in"),
    ],
)
def test_other_images_are_refused(images, said):
    with pytest.raises(Uncomputable, match=said):
        luma(images)


def test_a_border_that_leaves_nothing_is_refused():
    x = np.zeros((1, 8, 12, 3))
    for border in (-1, 4):
        with pytest.raises(Uncomputable, match="expected 0 to 3 for images of 8×12"):
            luma_psnr(x, x, border=border)
    with pytest.raises(Uncomputable, match="expected more than 10 pixels"):
        luma_ssim(x, x, border=0)
    with pytest.raises(Uncomputable, match="shapes"):
        luma_psnr(x, x[:, :6], border=0)
