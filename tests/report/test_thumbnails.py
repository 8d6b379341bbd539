import io

import numpy as np
import pytest
from PIL import Image

from ganjax.report.thumbnails import thumbnail

ORANGE, GREY, CLEAR = (217, 100, 10, 255), (154, 163, 173, 255), (255, 255, 255, 0)


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))


def test_points_lie_where_their_values_say():
    """The reference spans [-1, 1], so the frame is [-1.2, 1.2] and 0 is its centre."""
    corners = np.array([[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
    samples = np.array([[0.0, 0.0], [0.0, 0.6], [np.nan, 0.0], [9.0, 9.0]])
    picture = opened(thumbnail(samples, corners))
    assert picture.shape == (128, 128, 4)
    orange = np.argwhere((picture == ORANGE).all(-1))
    assert len(orange) == 8  # two dots of four pixels
    upper, lower = orange[:4].mean(0), orange[4:].mean(0)
    assert lower == pytest.approx([64, 64], abs=1)
    assert upper == pytest.approx([32, 64], abs=1)  # 0.6 is a quarter of 2.4 higher
    grey = np.argwhere((picture == GREY).all(-1))
    assert grey.min() == pytest.approx(128 / 12, abs=1.5) and len(grey) == 16
    assert tuple(picture[0, 0]) == CLEAR


@pytest.mark.parametrize("spread", [0.05, 1.0])
def test_a_picture_of_points_is_small(spread):
    random = np.random.default_rng(0)
    centres = random.integers(0, 8, (2, 4000))
    ring = np.stack([np.cos(centres * np.pi / 4), np.sin(centres * np.pi / 4)], -1)
    samples, reference = ring + spread * random.standard_normal(ring.shape)
    assert len(thumbnail(samples, reference)) < 2000


def test_images_are_a_grid_in_reading_order():
    """The first sixteen of twenty images are drawn, in rows of four."""
    levels = np.linspace(-1, 1, 20, dtype=np.float32)
    images = np.broadcast_to(levels[:, None, None, None], (20, 64, 64, 3))
    picture = opened(thumbnail(images))
    assert picture.shape == (4 * 64 + 6, 4 * 64 + 6, 4)
    found = picture[32::66, 32::66, 0].ravel()
    assert found.tolist() == [round((v + 1) * 127.5) for v in levels[:16].tolist()]


@pytest.mark.parametrize(
    ("shape", "side"),
    [
        ((1, 8, 8, 1), (32, 32)),
        ((1, 256, 128, 3), (64, 32)),
        ((2, 28, 28, 4), (28, 58)),
    ],
)
def test_small_images_are_enlarged_and_large_ones_reduced(shape, side):
    assert opened(thumbnail(np.ones(shape, np.float32))).shape[:2] == side


def test_transparent_pixels_are_white():
    images = np.full((1, 32, 32, 4), -1.0, np.float32)
    assert (opened(thumbnail(images))[..., :3] == 255).all()


def test_histograms_of_one_dimension():
    """All samples are in one bar, which is higher than the bars of the reference."""
    reference = np.linspace(0, 1, 100)[:, None]
    picture = opened(thumbnail(np.full((50, 1), 0.5), reference))
    columns = np.argwhere((picture == ORANGE).all(-1))[:, 1]
    assert 60 <= columns.min() <= columns.max() <= 69
    heights = (picture == GREY).all(-1).sum(0)
    assert heights.max() < 20 and (heights > 0).sum() > 90


@pytest.mark.parametrize("shape", [(3,), (2, 0), (2, 4, 4, 4, 1), (0, 4, 4, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="expected"):
        thumbnail(np.zeros(shape))


def test_a_series_of_two_steps_is_a_point():
    points, real = np.random.default_rng(0).standard_normal((2, 50, 2))
    series = points.reshape(50, 2, 1), real.reshape(50, 2, 1)
    assert thumbnail(*series) == thumbnail(points, real)


def test_samples_that_are_not_finite_give_an_empty_picture():
    assert (opened(thumbnail(np.full((5, 2), np.nan))) == CLEAR).all()
