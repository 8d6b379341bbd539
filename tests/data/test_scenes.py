"""Pixels of scenes, compared with their records."""

import jax
import numpy as np
import pytest

from ganjax.config import resolve
from ganjax.data import feed_of, open_source, record_of, samples, spec_of
from ganjax.data.scene_grammar import ALONE, RELATED
from ganjax.errors import BadInput

SIDE = 32
RED, BLUE = 0, 2


@pytest.fixture(scope="module")
def source():
    return open_source("scenes", glyphs="digits", side=SIDE)


@pytest.fixture(scope="module")
def batch(source):
    made = samples(source.test, jax.random.split(jax.random.key(0), 3000))
    return jax.tree.map(np.asarray, made)


def centre(weights):
    """The centre of weights ``[n, side, side]`` in pixels, y and x ``[n, 2]``."""
    total = weights.sum((1, 2))
    line = np.arange(SIDE) - (SIDE - 1) / 2
    y = (weights.sum(2) * line).sum(1) / total
    return np.stack([y, (weights.sum(1) * line).sum(1) / total], axis=1)


def test_the_arrays(source, batch):
    assert source.spec.fields == ("data", "caption")
    assert batch["data"].shape == (3000, SIDE, SIDE, 3)
    assert batch["caption"].dtype == np.int32
    assert batch["data"].min() == -1 and 0.9 < batch["data"].max() <= 1
    # The darkest objects have 0.8 of the brightness of a colour, whose largest part is
    # at least 0.85.
    assert (batch["data"].max((1, 2, 3)) > 2 * 0.8 * 0.85 * 0.7 - 1).all()


def test_one_object_is_at_its_place(batch):
    """Left, right, top, bottom, centre. Half of a side is between the two ends, and a
    digit is off the middle of its square by at most 3 pixels."""
    scene = batch["scene"]
    light = batch["data"].max(-1) + 1
    for place, (y, x) in enumerate([(0, -8), (0, 8), (-8, 0), (8, 0), (0, 0)]):
        rows = (scene.form == ALONE) & (scene.place == place)
        assert rows.sum() > 20
        found = centre(light[rows])
        assert abs(found - [[y, x]]).max() < 4


def test_objects_have_their_relation_and_colours(batch):
    """A red object has more red than blue, and a blue one has less. The middles of two
    objects are half a side apart, up to a pixel for each and 3 for their digits."""
    scene = batch["scene"]
    pair = (scene.form == RELATED) & (np.sort(scene.colour, 1) == [RED, BLUE]).all(1)
    data = batch["data"][pair]
    more = data[..., 0] - data[..., 2]
    red, blue = centre(np.maximum(more, 0)), centre(np.maximum(-more, 0))
    first_is_red = scene.colour[pair, :1] == RED
    apart = np.where(first_is_red, blue - red, red - blue)
    wanted = np.array([(16, 0), (-16, 0), (0, 16), (0, -16)])[scene.relation[pair]]
    assert len(apart) > 20 and abs(apart - wanted).max() < 8


def test_large_squares_have_the_area_of_large_squares(batch):
    """A square fills 0.85 of its side: 15 or 9 pixels."""
    scene = batch["scene"]
    square = (scene.form == ALONE) & (scene.kind[:, 0] == 11)
    light = batch["data"][square].max(-1) + 1
    area = light.sum((1, 2)) / light.max((1, 2))
    large = scene.size[square, 0] == 1
    np.testing.assert_allclose(area[large], (0.85 * 15) ** 2, rtol=0.05)
    np.testing.assert_allclose(area[~large], (0.85 * 9) ** 2, rtol=0.05)


def test_a_record_holds_the_words(source):
    assert spec_of(record_of(source)) == source.spec
    assert record_of(source)["about"] == {
        "combinations": {"train": 5824 - 1165, "test": 1165}
    }


def test_mirrored_captions_would_be_wrong(source):
    config = resolve({"data": {"name": "scenes", "mirror": True}})
    with pytest.raises(BadInput, match="data.mirror=True: expected data without capti"):
        feed_of(config.data, source, 8, 2)
