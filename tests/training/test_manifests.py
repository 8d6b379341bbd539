"""A manifest of any files: what was changed is damage, and hidden files are not."""

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ganjax.run_files import write_json
from ganjax.training.checkpoint_folders import MANIFEST, STATE, damage, digests
from tests.anything import bad_bytes, examples

names = st.text("abcÄ é-[]*?.", min_size=1, max_size=4).filter(
    lambda name: not name.startswith(".")
)
# Files lie in the folders a and b, and in none, so no name is a file and a folder.
trees = st.dictionaries(
    st.tuples(st.sampled_from(["x", "x/a", "x/b/c"]), names).map("/f".join),
    st.binary(max_size=20),
    min_size=1,
    max_size=4,
)


def sealed(folder, files):
    for name, content in files.items():
        path = folder / STATE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_json(folder / MANIFEST, digests(folder / STATE))
    assert json.loads((folder / MANIFEST).read_text()).keys() == files.keys()
    assert damage(folder) is None


@examples(60)
@given(trees, st.data())
def test_each_change_of_a_file_is_damage(files, data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sealed(folder, files)
        chosen = data.draw(st.sampled_from(sorted(files)))
        path, content = folder / STATE / chosen, files[chosen]
        change = data.draw(
            st.sampled_from(["flip", "cut", "append", "remove", "rename", "add"])
        )
        if change in ("flip", "cut") and not content:
            change = "append"
        if change == "flip":
            bit = data.draw(st.integers(0, 8 * len(content) - 1))
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(changed)
        elif change == "cut":
            path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
        elif change == "append":
            path.write_bytes(content + b"\0")
        elif change == "remove":
            path.unlink()
        elif change == "rename":
            path.rename(path.with_name(f"{path.name}0"))
        else:
            path.with_name("added").write_bytes(content)
        assert "does not have the SHA-256 of the manifest" in damage(folder)


@examples(60)
@given(trees, st.data())
def test_each_bit_of_a_manifest_counts(files, data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sealed(folder, files)
        path = folder / MANIFEST
        changed = bytearray(path.read_bytes())
        # The last byte ends the line.
        bit = data.draw(st.integers(0, 8 * len(changed) - 9))
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert damage(folder)


@examples(60)
@given(trees, bad_bytes)
def test_any_other_manifest_is_damage(files, content):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sealed(folder, files)
        (folder / MANIFEST).write_bytes(content)
        said = damage(folder)
        assert said and "\n" not in said


def test_a_manifest_of_no_files_is_damage(tmp_path):
    """The arrays of a checkpoint are files, so a folder without any is not whole."""
    (tmp_path / MANIFEST).write_text("{}")
    assert damage(tmp_path) == "manifest.json names no file"


@examples(30)
@given(trees, names)
def test_hidden_files_are_no_damage(files, name):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        sealed(folder, files)
        for place in {folder / STATE, *(folder / STATE / x for x in files)}:
            place = place if place.is_dir() else place.parent
            (place / f".{name}").write_bytes(b"x")
            (place / "Thumbs.db").write_bytes(b"x")
        (folder / "notes.txt").write_text("a file beside the state")
        assert damage(folder) is None
