"""The files of folders, .zip and .tar files: names, links and damage."""

import os
import tarfile
import zipfile

import pytest

from ganjax.data.layout import arrange
from ganjax.data.tree import Tree
from ganjax.errors import BadInput


def written(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tgz"])
def test_a_tar_has_the_files_of_its_folder(tmp_path, kind):
    folder = written(tmp_path / "d", "a/1.png", "b/2.PNG", "b/.h.png", "x.npy")
    path = tmp_path / f"d.{kind}"
    with tarfile.open(path, "w" if kind == "tar" else "w:gz") as archive:
        archive.add(folder, ".")
    tree = Tree(path)
    assert tree.names == Tree(folder).names == ["a/1.png", "b/2.PNG"]
    assert tree.other == ["x.npy"] and tree.folders == ["a", "b"]
    for name in tree.names:
        assert tree.read(name) == name.encode() and tree.size(name) == len(name)


def test_hard_links_in_a_tar_are_files(tmp_path):
    folder = written(tmp_path / "d", "a/1.png")
    os.link(folder / "a" / "1.png", folder / "a" / "2.png")
    with tarfile.open(tmp_path / "d.tar", "w") as archive:
        archive.add(folder, ".")
    tree = Tree(tmp_path / "d.tar")
    assert {tree.read(name) for name in tree.names} == {b"a/1.png"}
    assert tree.names == ["a/1.png", "a/2.png"]


def test_symbolic_links_to_folders_are_followed_and_cycles_end(tmp_path):
    cats = written(tmp_path / "cats", "1.png", "2.png")
    folder = written(tmp_path / "d", "dog/1.png", "dog/2.png")
    (folder / "cat").symlink_to(cats)
    (folder / "dog" / "again").symlink_to(folder)
    (folder / "dog" / "3.png").symlink_to(cats / "1.png")
    tree = Tree(folder)
    dogs = ["dog/1.png", "dog/2.png", "dog/3.png"]
    assert tree.names == ["cat/1.png", "cat/2.png", *dogs]
    assert tree.read("cat/1.png") == tree.read("dog/3.png") == b"1.png"
    assert arrange([tree]).classes == ("cat", "dog")


def test_two_links_to_each_other_end(tmp_path):
    folder = written(tmp_path / "d", "x/1.png", "y/1.png")
    (folder / "x" / "y").symlink_to(folder / "y")
    (folder / "y" / "x").symlink_to(folder / "x")
    names = {"x/1.png", "y/1.png", "x/y/1.png", "y/x/1.png"}
    assert set(Tree(folder).names) == names


def test_windows_names_are_paths_in_folders_too(tmp_path):
    assert Tree(written(tmp_path, "train\\a\\1.png")).names == ["train/a/1.png"]


def refused(path, *phrases):
    with pytest.raises(BadInput) as caught:
        tree = Tree(path)
        [(tree.size(name), tree.read(name)) for name in tree.names]
    message = str(caught.value)
    assert message.startswith("data.dir='") and "\n" not in message
    message.encode()  # it can be printed
    assert all(phrase in message for phrase in phrases), message


def test_broken_links_are_named(tmp_path):
    (written(tmp_path / "d", "1.png") / "2.png").symlink_to("nowhere")
    refused(tmp_path / "d", "2.png: cannot be read")


def test_a_name_with_a_line_break_is_one_line(tmp_path):
    (written(tmp_path / "d", "1.png") / "2\n3.png").symlink_to("nowhere")
    refused(tmp_path / "d", "2\\n3.png: cannot be read")


def test_folders_without_images_are_found_in_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for name in ("a/1.png", "a/2.png", "b/1.png", "c/d/.keep"):
            archive.writestr(name, b"")
    tree = Tree(tmp_path / "d.zip")
    assert tree.folders == ["a", "b", "c", "c/d"]
    assert arrange([tree]).notes == ["1 folders have no images: c"]


def test_links_in_a_tar_are_refused(tmp_path):
    folder = written(tmp_path / "d", "a/1.png")
    (folder / "b").symlink_to("a")
    with tarfile.open(tmp_path / "d.tar", "w") as archive:
        archive.add(folder, ".")
    refused(tmp_path / "d.tar", "d.tar': b: is a link", "tar --dereference")


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"caf\xe9/1.png"])
def test_names_that_are_not_utf8_are_refused_in_folders_and_tars(tmp_path, name):
    folder = written(tmp_path / "d", "2.png")
    path = os.fsencode(folder) + b"/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb"):
        pass
    with tarfile.open(tmp_path / "d.tar", "w") as archive:
        archive.add(folder, ".")
    for place in (folder, tmp_path / "d.tar"):
        refused(place, "caf\\xe9", "has a name that is not UTF-8")


def test_other_names_that_are_not_utf8_are_shown_with_escapes(tmp_path):
    folder = written(tmp_path / "d", "a/1.png", "a/2.png", "b/1.png")
    with open(os.fsencode(folder) + b"/caf\xe9.npy", "wb"):
        pass
    assert arrange([Tree(folder)]).notes == ["1 files are not images: caf\\xe9.npy"]


def test_what_is_not_read_is_said(tmp_path):
    folder = written(
        tmp_path / "d", "a/1.png", "a/2.pgm", "b/1.tga", "b/2.jpe", "b/3.PPM",
        "a/1.npy", "a/2.npy", "notes.txt", "x.zip",
    )  # fmt: skip
    (folder / "empty" / "inner").mkdir(parents=True)
    (folder / "b" / "none").mkdir()
    made = arrange([Tree(folder)])
    assert made.notes == [
        "4 files are not images: a/1.npy, a/2.npy, notes.txt, …",
        "2 folders have no images: b/none, empty",
    ]
    assert made.counts["train"] == {"a": 2, "b": 2}
    assert [f"data: {note}" for note in made.notes] == made.shown[-2:]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_damaged_archives_are_named(tmp_path, kind):
    path = tmp_path / f"bad.{kind}"
    path.write_bytes(b"PK" * 600)
    refused(path, f"bad.{kind}: not a readable .{kind[:3]}")


def test_a_zip_with_a_password_is_one_line(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("1.png", b"x")
    content = bytearray(path.read_bytes())
    for start in (content.index(b"PK\3\4") + 6, content.index(b"PK\1\2") + 8):
        content[start] |= 1  # the flag of encryption
    path.write_bytes(content)
    refused(path, "1.png: cannot be read", "password")
