import numpy as np
import pytest

from ganjax.metrics import peak_signal_to_noise, structural_similarity


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
