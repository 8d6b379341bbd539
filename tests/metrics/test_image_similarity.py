import numpy as np
import pytest

from ganjax.metrics import (
    peak_signal_to_noise,
    signal_to_noise_of_bytes,
    structural_similarity,
)


def images(seed=0, n=3):
    return np.random.default_rng(seed).uniform(-1, 1, (n, 16, 14, 2))


def test_peak_signal_to_noise_by_hand():
    """An error of 0.02 in every pixel, range 2: 20 log10(2 / 0.02) = 40 dB."""
    x = images()
    np.testing.assert_allclose(peak_signal_to_noise(x, x + 0.02, span=2.0), 40)
    assert np.isinf(peak_signal_to_noise(x, x, span=2.0)).all()


def test_the_structure_of_flat_images_is_their_mean():
    """With zero variance SSIM is (2ab + c₁) / (a² + b² + c₁), c₁ = (0.01·2)²."""
    a, b, c1 = 0.5, 0.2, 0.02**2
    x, y = (np.full((1, 16, 16, 1), value) for value in (a, b))
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    np.testing.assert_allclose(structural_similarity(x, y, span=2.0), expected)


def test_structure_is_one_for_equals_and_less_the_more_noise_there_is():
    x, noise = images(), images(5)
    np.testing.assert_allclose(structural_similarity(x, x, span=2.0), 1)
    scores = [structural_similarity(x, x + a * noise, span=2.0) for a in (0.1, 0.5, 2)]
    assert (np.diff(scores, axis=0) < 0).all()


def test_a_pixel_by_its_definition():
    """An 11×11 image has one window; its weights are computed by hand."""
    x, y = images(1, 1)[:, :11, :11, :1], images(2, 1)[:, :11, :11, :1]
    along = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(along, along) / along.sum() ** 2
    mean_x, mean_y = ((weights * a[0, ..., 0]).sum() for a in (x, y))
    var_x, var_y = (
        (weights * (a[0, ..., 0] - m) ** 2).sum() for a, m in ((x, mean_x), (y, mean_y))
    )
    both = (weights * (x[0, ..., 0] - mean_x) * (y[0, ..., 0] - mean_y)).sum()
    c1, c2 = 0.02**2, 0.06**2
    expected = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    expected /= (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    found = structural_similarity(x, y, span=2.0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


SSIM = [0.8945565458315553, 0.9018122994228924, 0.9075046482893264]
PSNR = [17.86213449298717, 18.05771482016109, 17.925279521708323]
PSNR_POOLED = 17.94761354683849


def pairs_of_bytes():
    rng = np.random.default_rng(7)
    x = rng.integers(0, 256, (3, 16, 14, 3))
    return x, np.clip(x + rng.integers(-60, 61, x.shape), 0, 255)


def test_agrees_with_scikit_image():
    """The constants are by scikit-image 0.26.0: ``structural_similarity(x / 255, y /
    255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1,
    channel_axis=-1)`` and ``peak_signal_noise_ratio`` of the bytes."""
    x, y = pairs_of_bytes()
    found = structural_similarity(x / 255, y / 255, span=1.0)
    np.testing.assert_allclose(found, SSIM, atol=1e-6, rtol=0)
    found = signal_to_noise_of_bytes(x, y)
    assert found["psnr"] == pytest.approx(np.mean(PSNR), abs=1e-9)
    assert found["psnr_pooled"] == pytest.approx(PSNR_POOLED, abs=1e-9)
    assert found["psnr_infinite"] == 0


def test_images_without_error_are_capped_and_counted():
    # 16×14×3 = 672 values. An image without error counts as a squared error of 1 / 672:
    # 20 log10(255) + 10 log10(672) = 48.1308 + 28.2737 = 76.4045 dB.
    x, _ = pairs_of_bytes()
    y = x.copy()
    y[2] = np.where(x[2] < 128, x[2] + 10, x[2] - 10)  # 48.1308 − 20 = 28.1308 dB
    found = signal_to_noise_of_bytes(x, y)
    assert found["psnr"] == pytest.approx((2 * 76.4045 + 28.1308) / 3, abs=1e-3)
    # The mean squared error over all three images is 100 / 3.
    assert found["psnr_pooled"] == pytest.approx(28.1308 + 10 * np.log10(3), abs=1e-3)
    assert found["psnr_infinite"] == 2
    exact = signal_to_noise_of_bytes(x, x)
    assert np.isfinite(list(exact.values())).all() and exact["psnr_infinite"] == 3
    one_level = x.copy()
    one_level[:, 0, 0, 0] += np.where(x[:, 0, 0, 0] < 255, 1, -1)
    assert signal_to_noise_of_bytes(x, one_level)["psnr"] == exact["psnr"]


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((2, 12, 12, 1)), np.zeros((2, 12, 12, 3)), "twice"),
        (np.zeros((12, 12)), np.zeros((12, 12)), "twice"),
        (np.full((1, 12, 12, 1), np.nan), np.zeros((1, 12, 12, 1)), "not finite"),
        (np.zeros((1, 8, 12, 1)), np.zeros((1, 8, 12, 1)), "more than 10 pixels"),
    ],
)
def test_bad_input_is_named(x, y, said):
    with pytest.raises(ValueError, match=said):
        structural_similarity(x, y, span=2.0)
