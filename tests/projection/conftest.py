"""Runs that the tests of projections share."""

import pytest

import ganjax
from tests.projection.run_folders import STYLES, write_run


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A run with styles: images of 12×12×3, noise in the layers, no training."""
    return write_run(tmp_path_factory.mktemp("runs") / "styles", generator=STYLES)


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """Grey images of a generator without styles."""
    generator = {"name": "dcgan", "width": 4}
    path = tmp_path_factory.mktemp("runs") / "plain"
    return write_run(path, generator=generator, shape=(8, 8, 1))


@pytest.fixture
def loaded(run, monkeypatch):
    """The commands get the run without reading its files again."""
    monkeypatch.setattr(ganjax, "load", lambda workdir, trust_code: run)
