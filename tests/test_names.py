"""Import paths of files next to a config."""

import importlib
import sys

import pytest

from ganjax import names


@pytest.fixture
def forgetting(monkeypatch):
    """Forget the modules and the folders of a test."""
    before = set(sys.modules)
    monkeypatch.setattr(names, "_folders", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_file_next_to_a_config_hides_no_folder(tmp_path, forgetting):
    """A folder without __init__.py is a package. Python prefers a module to it, also
    if the module comes later on the path."""
    inside, outside = tmp_path / "root/shadowed", tmp_path / "user"
    (inside / "part.py").parent.mkdir(parents=True)
    (inside / "part.py").write_text("number = 1")
    outside.mkdir()
    (outside / "shadowed.py").write_text("number = 2")
    (outside / "mine_28.py").write_text("import sibling_28\nvalue = sibling_28.x")
    (outside / "sibling_28.py").write_text("x = 3")
    (outside / "folder_28").mkdir()
    (outside / "folder_28" / "inner.py").write_text("from sibling_28 import x")
    names.beside(outside)
    assert names.imported("loss.name", "mine_28:value") == 3
    assert names.imported("loss.name", "folder_28.inner:x") == 3
    sys.path.append(str(tmp_path / "root"))
    assert importlib.import_module("shadowed.part").number == 1
    assert str(outside) not in sys.path
