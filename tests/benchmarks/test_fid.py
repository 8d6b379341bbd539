"""The table of what changes a Fréchet distance, on random images."""

import math

import numpy as np
import pytest

from benchmarks import fid
from ganjax.data.made_up import made_up


@pytest.mark.full
def test_the_table_has_a_row_for_each_choice(monkeypatch):
    monkeypatch.setattr(fid, "COUNT", 50)
    monkeypatch.setattr(fid, "MANY", 100)
    monkeypatch.setattr(
        fid, "open_source", lambda name: made_up((28, 28, 1), count=400)
    )
    said = []
    fid.main(said.append)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in said[2:]]
    assert len({(group, row) for group, row, *_ in rows}) == len(rows) > 20
    assert all(math.isfinite(float(value)) for _, _, value, _ in rows)
    assert float(rows[0][3]) == 0


def test_a_jpeg_and_a_filter_keep_the_shape():
    flat = np.full((3, 28, 28, 1), 77, np.uint8)
    np.testing.assert_array_equal(fid.blurred(flat), flat)
    assert np.abs(fid.as_jpeg(flat, 90).astype(int) - 77).max() <= 1
    np.testing.assert_array_equal(fid.reduced(flat, "bilinear_half_pixel"), flat)
