"""Each filter against the tool that it is named after, and by hand."""

import numpy as np
import pytest
from PIL import Image

from ganjax.metrics.features.resize import FILTERS, bicubic_at, resize

# Pixels are from 0 to 255, so rounding one pixel would change it by up to 0.5.
CLOSE = 1e-3


def images(height, width, channels=3, n=2, seed=0):
    shape = (n, height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def by_pillow(x, size):
    """Resize as clean-fid does: each channel as a float32 image, without rounding."""
    resized = np.empty((len(x), size, size, x.shape[-1]), np.float32)
    for i in range(len(x)):
        for c in range(x.shape[-1]):
            channel = Image.fromarray(x[i, :, :, c].astype(np.float32))
            channel = channel.resize((size, size), Image.Resampling.BICUBIC)
            resized[i, :, :, c] = np.asarray(channel).clip(0, 255)
    return resized


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(32, 32, 299), (28, 28, 224), (64, 48, 29), (100, 7, 33), (5, 5, 5), (301, 17, 2)],
)
def test_bicubic_is_pillows(height, width, size):
    x = images(height, width)
    ours = np.asarray(resize(x, size, "bicubic_antialiased"))
    assert ours.shape == (2, size, size, 3) and ours.dtype == np.float32
    np.testing.assert_allclose(ours, by_pillow(x, size), atol=CLOSE)


def test_bicubic_as_pillow_had_it():
    # Recorded with Pillow 13.0.0 on mode 'F', before the cut to [0, 255].
    x = np.array([[0, 255, 10, 200, 77]], np.float32).reshape(1, 1, 5, 1)
    matrix = FILTERS["bicubic_antialiased"](5, 3)
    np.testing.assert_allclose(matrix @ x[0, 0, :, 0], GOLDEN_3, atol=CLOSE)
    matrix = FILTERS["bicubic_antialiased"](5, 7)
    np.testing.assert_allclose(matrix @ x[0, 0, :, 0], GOLDEN_7, atol=CLOSE)


GOLDEN_3 = [107.61539, 115.11163, 126.4]
GOLDEN_7 = [-14.85437, 158.97507, 208.76094, 10, 155.84547, 158.45706, 69.83495]


def test_bicubic_is_cut_and_not_rounded():
    x = np.zeros((1, 8, 8, 1), np.uint8)
    x[:, 3:5, 3:5] = 255
    ours = np.asarray(resize(x, 32, "bicubic_antialiased"))
    assert ours.min() == 0 and ours.max() == 255
    assert np.any(ours != np.round(ours))


def test_bilinear_by_hand():
    x = np.array([[0, 100]], np.uint8).reshape(1, 1, 2, 1)
    # Source positions 0, 1/2, 1, 3/2: TF1 does not use pixel centres.
    tf1 = resize(x, 4, "bilinear_tf1")[0, 0, :, 0]
    np.testing.assert_allclose(tf1, [0, 50, 100, 100], atol=CLOSE)
    # Source positions -1/4, 1/4, 3/4, 5/4.
    half = resize(x, 4, "bilinear_half_pixel")[0, 0, :, 0]
    np.testing.assert_allclose(half, [0, 25, 75, 100], atol=CLOSE)


def test_bilinear_averages_nothing():
    x = np.arange(8, dtype=np.uint8).reshape(1, 1, 8, 1)
    tf1 = resize(x, 2, "bilinear_tf1")[0, 0, :, 0]
    np.testing.assert_allclose(tf1, [0, 4], atol=CLOSE)
    half = resize(x, 2, "bilinear_half_pixel")[0, 0, :, 0]
    np.testing.assert_allclose(half, [1.5, 5.5], atol=CLOSE)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("size", [5, 11, 30])
def test_every_filter_keeps_a_flat_image(name, size):
    x = np.full((1, 13, 9, 1), 200, np.uint8)
    np.testing.assert_allclose(resize(x, size, name), 200, atol=CLOSE)


@pytest.mark.parametrize("name", FILTERS)
def test_an_image_of_the_size_stays_as_it_is(name):
    x = images(12, 12)
    np.testing.assert_allclose(resize(x, 12, name), x, atol=CLOSE)


@pytest.mark.parametrize(("height", "width", "size"), [(32, 40, 299), (64, 500, 31)])
def test_half_pixels_are_torchs(height, width, size):
    torch = pytest.importorskip("torch")
    x = images(height, width)
    theirs = torch.nn.functional.interpolate(
        torch.tensor(x.transpose(0, 3, 1, 2)).float(), size=(size, size),
        mode="bilinear", align_corners=False,
    ).numpy()  # fmt: skip
    ours = np.asarray(resize(x, size, "bilinear_half_pixel"))
    np.testing.assert_allclose(ours, theirs.transpose(0, 2, 3, 1), atol=2 * CLOSE)


def test_bicubic_interpolation_is_torchs():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((1, 1, 9, 9)).astype(np.float32)
    theirs = torch.nn.functional.interpolate(
        torch.tensor(x), size=(6, 6), mode="bicubic", align_corners=False
    ).numpy()
    matrix = bicubic_at((np.arange(6) + 0.5) * 9 / 6 - 0.5, 9, a=-0.75)
    np.testing.assert_allclose(matrix @ x[0, 0] @ matrix.T, theirs[0, 0], atol=1e-5)
