"""Tiles of an enlarged image: their result is the result of the whole image."""

import jax
import numpy as np
import pytest

from ganjax.core import init_state
from ganjax.model import enlarged
from ganjax.model.enlarged import _parts
from tests import tiny

REACH = 10  # 4 + 2 + 1 input pixels, and 3 for 5 + 4 pixels of twice the resolution


@pytest.fixture(
    scope="module", params=["batch", pytest.param("none", marks=pytest.mark.full)]
)
def model(request):
    """An untrained network whose batch statistics do not fit its activations."""
    setup = tiny.setup(
        "super_resolution",
        networks__generator__name="srresnet",
        networks__generator__width=3,
        networks__generator__blocks=1,
        networks__generator__normalization=request.param,
    )
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    moved = jax.tree.map(lambda x: x + 0.3, state.ema["generator"])
    return setup.model(state.replace(ema={"generator": moved}))


def image(height, width):
    return (
        np.random.default_rng(0).uniform(-1, 1, (height, width, 1)).astype(np.float32)
    )


def test_tiles_with_the_reach_as_overlap_do_not_show(model):
    assert model.sampler.enlarging == (2, REACH)
    x = image(53, 31)
    whole = enlarged(model, x, tile=53, overlap=0)
    assert whole.shape == (106, 62, 1) and whole.std() > 1e-3
    tiled = enlarged(model, x, tile=24, overlap=REACH)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)
    # Without an overlap the padding of the tiles is seen.
    apart = np.abs(enlarged(model, x, tile=24, overlap=0) - whole)
    assert apart.max() > 1e-3
    assert apart[: 2 * (24 - REACH), : 2 * (24 - REACH)].max() < 1e-5


@pytest.mark.parametrize(
    ("side", "tile", "overlap", "expected"),
    [
        (10, 10, 3, [(0, 0, 10)]),
        (7, 10, 3, [(0, 0, 7)]),
        (11, 10, 3, [(0, 0, 7), (1, 7, 11)]),
        (20, 10, 3, [(0, 0, 7), (4, 7, 11), (8, 11, 15), (10, 15, 20)]),
        (6, 2, 0, [(0, 0, 2), (2, 2, 4), (4, 4, 6)]),
    ],
)
def test_parts_of_a_side(side, tile, overlap, expected):
    assert list(_parts(side, tile, overlap)) == expected


def test_every_pixel_is_far_from_the_inner_borders_of_its_tile():
    for side in range(1, 60):
        for tile, overlap in ((9, 0), (9, 2), (9, 4), (16, 5)):
            end = 0
            for start, first, last in _parts(side, tile, overlap):
                assert first == end < last and 0 <= start
                end, stop = last, start + min(tile, side)
                assert stop <= side
                assert start == 0 or first - start >= overlap
                assert stop == side or stop - last >= overlap
            assert end == side
