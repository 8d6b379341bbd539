import numpy as np
import pytest
from PIL import Image

from ganjax.training.pictures import GAP_GREY, image_grid, scatter


def ring(count=400, seed=0):
    rng = np.random.default_rng(seed)
    angles = rng.integers(8, size=count) * np.pi / 4
    centres = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return centres + 0.02 * rng.standard_normal((count, 2))


def test_values_become_bytes():
    # -1, 0, 1 are black, middle grey, white. Other values are clipped. nan is black.
    values = np.array([-1.0, 0.0, 1.0, -7.0, 7.0, np.nan], np.float32)
    grid = np.asarray(image_grid(values.reshape(1, 1, 6, 1), scale=1))
    assert grid[2, 2:8].tolist() == [0, 128, 255, 0, 255, 0]
    assert grid[0].tolist() == [GAP_GREY] * 10


def test_reading_order_and_size():
    images = np.stack([np.full((4, 5, 3), v) for v in (-1.0, 0.2, 0.6, 1.0, -0.4)])
    picture = image_grid(images, columns=3, scale=2)
    assert picture.mode == "RGB"
    # Across: three images of 10 px, four gaps of 2 px. Down: two of 8 px, three gaps.
    assert picture.size == (3 * 10 + 4 * 2, 2 * 8 + 3 * 2)
    middles = [
        picture.getpixel((2 + 12 * c + 5, 2 + 10 * r + 4))[0]
        for r in range(2)
        for c in range(3)
    ]
    assert middles == [0, 153, 204, 255, 76, GAP_GREY]


def test_alpha_is_shown_on_white():
    # Opaque red, half transparent black (128 of 255), transparent blue.
    half = 2 * 128 / 255 - 1
    pixels = [[1.0, -1, -1, 1], [-1, -1, -1, half], [-1, -1, 1, -1]]
    picture = image_grid(np.reshape(pixels, (1, 1, 3, 4)), scale=1)
    assert picture.mode == "RGB"
    shown = [picture.getpixel((2 + i, 2)) for i in range(3)]
    assert shown == [(255, 0, 0), (127, 127, 127), (255, 255, 255)]


@pytest.mark.parametrize("channels", [2, 5])
def test_the_first_of_other_channels_is_shown(channels):
    images = np.random.default_rng(0).uniform(-1, 1, (3, 4, 6, channels))
    assert image_grid(images).tobytes() == image_grid(images[..., :1]).tobytes()


def test_enlarging_repeats_pixels_exactly():
    small = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 1))
    large = np.asarray(image_grid(small))[2:-2, 2:-2]
    assert large.shape == (64, 64)
    by_pil = Image.fromarray(large[::8, ::8]).resize((64, 64), Image.NEAREST)
    np.testing.assert_array_equal(large, np.asarray(by_pil))


def test_large_images_keep_their_size_and_the_default_is_a_square():
    assert image_grid(np.zeros((1, 128, 96, 3))).size == (100, 132)
    assert image_grid(np.zeros((10, 64, 64, 1))).size == (4 * 66 + 2, 3 * 66 + 2)


def test_half_precision_is_accepted():
    jnp = pytest.importorskip("jax.numpy")
    white = image_grid(jnp.ones((1, 2, 2, 1), jnp.bfloat16), scale=1)
    assert white.getpixel((3, 3)) == 255


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((8, 8, 1)), "expected \\[n, H, W, C\\]"),
        (np.zeros((2, 8, 8)), "expected \\[n, H, W, C\\]"),
        (np.zeros((0, 8, 8, 1)), "expected \\[n, H, W, C\\]"),
        (np.zeros((2, 8, 8, 3), np.uint8), "uint8: expected floats"),
    ],
)
def test_what_a_grid_refuses(images, says):
    with pytest.raises(ValueError, match=says):
        image_grid(images)


def test_scatter_is_deterministic_and_leaves_no_global_figure():
    import matplotlib.pyplot as plt

    first = scatter(ring(seed=1), ring(), title="step 1000")
    second = scatter(ring(seed=1), ring(), title="step 1000")
    assert first.tobytes() == second.tobytes()
    assert first.mode == "RGB"
    assert plt.get_fignums() == []


def test_scatter_axes_follow_the_reference_and_not_the_points():
    # Without generated points only the reference and the axes are drawn. A point
    # outside must not move them. It only adds a note at the bottom.
    empty = np.asarray(scatter(np.zeros((0, 2)), ring()))
    outside = np.asarray(scatter([[50.0, 50.0]], ring()))
    changed = np.nonzero((empty != outside).any(axis=(1, 2)))[0]
    assert len(changed) and changed.min() > 0.85 * empty.shape[0]


def test_scatter_counts_what_is_not_a_number():
    points = ring()
    broken = np.concatenate([points, [[np.nan, 0.0]]])
    assert scatter(broken, ring()).tobytes() != scatter(points, ring()).tobytes()
    everything_broken = np.full((4, 2), np.nan)
    assert scatter(everything_broken).size == scatter(points).size


@pytest.mark.parametrize("width", [1, 2, 7])
def test_scatter_of_any_dimension_with_and_without_reference(width):
    rng = np.random.default_rng(0)
    points, reference = rng.standard_normal((2, 50, width))
    sizes = {scatter(points).size, scatter(points, reference).size}
    assert sizes == {(480, 480)}


def test_what_a_scatter_refuses():
    with pytest.raises(ValueError, match=r"points has shape \(3,\)"):
        scatter(np.zeros(3))
    with pytest.raises(ValueError, match=r"reference has shape \(5, 3\)"):
        scatter(np.zeros((5, 2)), np.zeros((5, 3)))
