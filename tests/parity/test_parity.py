"""ganjax gives the numbers of the authors' code."""

import functools
import json

import numpy as np
import pytest

from ganjax import parity
from tests.parity import table
from tests.parity.fixture import FOLDER, LIMITS, Fixture, errors
from tests.parity.rows import all_rows
from tests.parity.sources import SOURCES

ROWS = all_rows()
CASES = [
    pytest.param(name, marks=[pytest.mark.full] if row.slow else [], id=name)
    for name, row in ROWS.items()
]


@functools.lru_cache(maxsize=1)
def compared(name):
    """Return the fixture of a row, and what ganjax computes for it."""
    fixture = Fixture(name)
    return fixture, ROWS[name].ours(fixture)


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_the_authors(name):
    """A number of the fixture that is changed by 2 % is noticed."""
    fixture, ours = compared(name)
    found = errors(ours, fixture.expected)
    assert found
    far = {k: x for k, x in found.items() if not x <= LIMITS[k.partition("/")[0]]}
    assert not far
    for kind in {k.partition("/")[0] for k in found}:
        own = {k: x for k, x in fixture.expected.items() if k.startswith(f"{kind}/")}
        place = max(own, key=lambda k, own=own: np.abs(own[k]).max())
        wrong = np.array(own[place])
        wrong[np.unravel_index(np.abs(wrong).argmax(), wrong.shape)] *= 1.02
        changed = fixture.expected | {place: wrong}
        assert errors(ours, changed)[place] > LIMITS[kind]


def test_fixtures_are_small_and_each_has_a_row():
    sizes = {path.stem: path.stat().st_size for path in FOLDER.glob("*.npz")}
    assert set(sizes) == set(ROWS)
    assert max(sizes.values()) <= 150_000
    assert sum(sizes.values()) <= 4_000_000


@pytest.mark.parametrize("name", ROWS)
def test_a_fixture_is_of_the_commit_in_the_table(name):
    row, about = ROWS[name], Fixture(name).about
    if source := SOURCES.get(row.source):
        assert about["repository"] == source.repository
        assert about["commit"] == source.commit


def test_the_table_has_each_row_and_the_page_shows_it():
    held = json.loads(parity.FILE.read_text(encoding="utf-8"))
    for entry in held:
        row = ROWS[entry["name"]]
        assert entry == table.entry_of(row, entry["errors"])
        assert all(entry["errors"][kind] <= LIMITS[kind] for kind in entry["errors"])
    assert [entry["name"] for entry in held] == list(ROWS)
    assert table.PAGE.read_text(encoding="utf-8") == table.page(held)
