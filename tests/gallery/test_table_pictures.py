"""Pictures of tables."""

import types

import numpy as np
import pytest

from ganjax.data import open_source
from ganjax.errors import BadInput
from ganjax.gallery import MODES, Request
from ganjax.training.samples import picture_of_real, picture_of_samples
from ganjax.training.table_pictures import POINT_COLOUR, REFERENCE_COLOUR


@pytest.fixture(scope="module")
def source():
    return open_source("table_iris")


def rows_of(source, split):
    values = getattr(source, split).values
    form = source.spec.table
    return form.dense(*form.encode(values))


def run_of(source, sample):
    config = types.SimpleNamespace(data=types.SimpleNamespace(name="table_iris"))
    return types.SimpleNamespace(
        source=source, sample=sample, path="there", config=config
    )


def pixels(picture, colour):
    """Return how many pixels have about a colour, also if it is half transparent."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], float)
    image = np.asarray(picture.convert("RGB"), float)
    mixed = wanted * 0.6 + 255 * 0.4
    return sum((abs(image - x).max(-1) < 12).sum() for x in (wanted, mixed))


def test_columns_show_both_sides(source):
    real, made = rows_of(source, "test"), rows_of(source, "train")
    picture = picture_of_samples(made, real, 100, source.spec.table)
    assert pixels(picture, POINT_COLOUR) > 500
    assert pixels(picture, REFERENCE_COLOUR) > 500
    alone = picture_of_real(real, source.spec.table)
    assert pixels(alone, POINT_COLOUR) < 50 < pixels(alone, REFERENCE_COLOUR)


@pytest.mark.parametrize("mode", ["columns", "correlations"])
def test_a_mode_draws_as_many_rows_as_the_test_split(source, mode):
    asked = []

    def sample(seed, n):
        asked.append((seed, n))
        return rows_of(source, "train")[:n]

    picture = MODES[mode](Request(run_of(source, sample), seed=3))
    assert asked == [(3, 30)] and picture.width > 300
    MODES[mode](Request(run_of(source, sample), n=20))
    assert asked[1] == (0, 20)


def test_a_mode_of_tables_needs_a_table():
    run = run_of(open_source("ring8"), None)
    with pytest.raises(BadInput, match="expected a run of a table"):
        MODES["columns"](Request(run))
