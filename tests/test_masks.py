"""Random holes: their share, their figure, and their keys."""

import itertools

import jax
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.masks import free_form, masks_of, square

KEYS = jax.random.split(jax.random.key(0), 64)
OPTIONS = {"masks": "free_form", "least": 0.1, "most": 0.4} | {
    "strokes": 2, "vertices": 4, "reach": 0.4
}  # fmt: skip


def drawn(size, keys=KEYS, **options):
    return np.asarray(jax.jit(masks_of(OPTIONS | options, size))(keys))


@pytest.mark.parametrize("kind", ["free_form", "square"])
def test_a_hole_has_a_share_of_the_range(kind):
    """30 % to 35 % of 12×10 pixels are 36 to 42 pixels, and every number is drawn."""
    found = drawn((12, 10), masks=kind, least=0.3, most=0.35)
    assert found.shape == (64, 12, 10, 1) and set(np.unique(found)) == {0.0, 1.0}
    assert set(found.sum((1, 2, 3))) == set(range(36, 43))


def test_a_mask_depends_on_its_key_alone():
    found = drawn((8, 8))
    assert len({one.tobytes() for one in found}) > 60
    np.testing.assert_array_equal(drawn((8, 8), KEYS[5:7]), found[5:7])


# The possible centres in an image of 7×7 pixels: every quarter of a pixel.
CENTRES = np.array(list(itertools.product(np.arange(0, 7, 0.25), repeat=2)))


@pytest.mark.parametrize(
    ("kind", "length"),
    [(free_form, np.linalg.norm), (square, lambda x, axis: np.abs(x).max(axis))],
)
def test_a_hole_is_nearest_to_its_figure(kind, length):
    """A stroke with one point is a disc. There is a centre to which all pixels of the
    hole are at least as near as all other pixels."""
    how = {"strokes": 1, "vertices": 1} if kind is free_form else {}
    found = np.asarray(kind(KEYS[:8], (7, 7), 0.2, 0.4, **how))[..., 0] > 0
    pixels = np.stack(np.indices((7, 7)), -1).astype(float)
    apart = length(pixels[None] - CENTRES[:, None, None], axis=-1)
    for hole in found:
        farthest, nearest = apart[:, hole].max(1), apart[:, ~hole].min(1)
        assert (farthest <= nearest + 1e-9).any()


def test_a_long_stroke_joins_its_points():
    """A stroke of one pixel's width is connected in eight directions."""
    ndimage = pytest.importorskip("scipy.ndimage")
    keys = KEYS[:16]
    for one in drawn((24, 24), keys, strokes=1, vertices=3, least=0.25, most=0.25):
        _, pieces = ndimage.label(one[..., 0], np.ones((3, 3)))
        assert pieces == 1


@pytest.mark.parametrize(
    ("options", "size", "said"),
    [
        ({"least": 0.5}, (8, 8), "options.least=0.5: .* at most options.most=0.4"),
        ({"least": 0.01, "most": 0.011}, (8, 8), "holes of 1 to 63 .* 8×8, not 1 to 0"),
        ({"masks": "round"}, (8, 8), "options.masks='round': expected one of free_fo"),
        ({}, (8200, 8), "sides of at most 8192 pixels, not 8200×8"),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, size, said):
    with pytest.raises(BadInput, match=said):
        masks_of(OPTIONS | options, size)
