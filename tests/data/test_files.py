"""Data files: their contents are read, and errors are one line that names the cause."""

import gzip
import json
import os
import shutil
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganjax.config import resolve
from ganjax.data import in_memory, open_source, source_of
from ganjax.errors import BadInput

RNG = np.random.RandomState(0)
IMAGES = {
    "train-images-idx3-ubyte": RNG.randint(0, 256, (6, 4, 5), np.uint8),
    "t10k-images-idx3-ubyte": RNG.randint(0, 256, (3, 4, 5), np.uint8),
}
LABELS = {
    "train-labels-idx1-ubyte": np.array([0, 1, 2, 0, 1, 2], np.uint8),
    "t10k-labels-idx1-ubyte": np.array([2, 1, 0], np.uint8),
}


def idx_bytes(array):
    return (
        bytes([0, 0, 8, array.ndim])
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


@pytest.fixture
def idx_folder(tmp_path):
    folder = tmp_path / "idx"
    folder.mkdir()
    for name, array in {**IMAGES, **LABELS}.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array)))
    return folder


def paint(path, value=0, size=(4, 3), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = value if mode == "L" else (value, 0, 0, 0)[: len(mode)]
    Image.new(mode, size, colour).save(path)


def refused(name, directory, *phrases):
    """Assert that the data are refused in one line with data.dir and ``phrases``."""
    with pytest.raises(BadInput) as caught:
        source = open_source(name, str(directory))
        in_memory(source.train)
        in_memory(source.test)
    message = str(caught.value)
    assert message.startswith("data.dir='") and "\n" not in message
    for phrase in phrases:
        assert phrase in message, message


def test_idx_gives_back_what_was_written(idx_folder):
    (idx_folder / "train-images-idx3-ubyte.gz").unlink()  # uncompressed files work too
    train = IMAGES["train-images-idx3-ubyte"]
    (idx_folder / "train-images-idx3-ubyte").write_bytes(idx_bytes(train))
    source = open_source("idx", str(idx_folder))
    assert source.spec.shape == (4, 5, 1) and source.spec.classes == ("0", "1", "2")
    np.testing.assert_array_equal(source.train.data[..., 0], train)
    np.testing.assert_array_equal(source.test.label, [2, 1, 0])


def truncate(content):
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    "damage, phrase",
    [
        (truncate, "cannot be read"),
        (lambda c: gzip.compress(gzip.decompress(c)[:-1]), "expected 120 for shape"),
        (
            lambda c: gzip.compress(gzip.decompress(c) + b"x"),
            "holds more bytes of",
        ),
        (lambda c: gzip.compress(b"PK" + gzip.decompress(c)), "not an IDX file"),
        (lambda c: gzip.compress(gzip.decompress(c)[:6]), "ends inside its header"),
        (lambda c: b"", "not an IDX file"),
        (
            lambda c: gzip.compress(idx_bytes(IMAGES["t10k-images-idx3-ubyte"])),
            "6 labels",
        ),
    ],
)
def test_damaged_idx_files_are_named(idx_folder, damage, phrase):
    path = idx_folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    refused("idx", idx_folder, str(idx_folder), "train-", phrase)


def test_a_missing_idx_file_is_named(idx_folder):
    (idx_folder / "t10k-labels-idx1-ubyte.gz").unlink()
    refused("idx", idx_folder, "t10k-labels-idx1-ubyte.gz: no such file")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_other_data_under_a_known_name_are_refused(idx_folder, name):
    refused(name, idx_folder, "train-images-idx3-ubyte.gz", "other data")


def test_missing_and_empty_places(tmp_path, monkeypatch):
    refused("mnist", tmp_path / "nowhere", "nowhere", "no such file or folder")
    refused("image_folder", tmp_path, "the folder is empty")
    (tmp_path / "file").write_text("x")
    refused("mnist", tmp_path / "file", "a file; expected the folder")
    refused("cifar10", tmp_path, "no prepared data set cifar10", "ganjax prepare")
    monkeypatch.setenv("GANJAX_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    refused("mnist", "", "GANJAX_DATA_DIR", "ganjax prepare", str(tmp_path / "mnist"))


def test_an_empty_data_dir_means_the_data_root(idx_folder, monkeypatch):
    monkeypatch.setenv("GANJAX_DATA_DIR", str(idx_folder.parent))
    assert len(open_source("idx", "").train) == 6


def test_image_folder_with_train_and_test(tmp_path):
    for split, value in (("train", 10), ("test", 20)):
        for label, name in enumerate(("ant", "bee")):
            paint(tmp_path / "d" / split / name / "1.png", value + label)
    source = open_source("image_folder", str(tmp_path / "d"))
    assert source.spec.shape == (3, 4, 3) and source.spec.classes == ("ant", "bee")
    for split, value in ((source.train, 10), (source.test, 20)):
        arrays = in_memory(split)
        np.testing.assert_array_equal(arrays.label, [0, 1])
        np.testing.assert_array_equal(arrays.data[:, 0, 0, 0], [value, value + 1])


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "names, held_out",
    [
        (("train", "test", "val"), "test"),
        (("Train", "Test"), "Test"),
        (("train", "Val"), "Val"),
        (("train", "validation", "val"), "val"),
    ],
)
def test_splits_by_other_names(tmp_path, names, held_out, packed):
    folder = tmp_path / "d"
    for value, name in enumerate(names):
        for label in ("a", "b"):
            paint(folder / name / label / "1.png", 10 * value)
    if packed:
        shutil.make_archive(str(folder), "zip", folder)
        folder = folder.with_suffix(".zip")
    source = open_source("image_folder", str(folder))
    assert source.spec.classes == ("a", "b")
    for split, name in ((source.train, names[0]), (source.test, held_out)):
        data = in_memory(split).data
        assert set(data[:, 0, 0, 0]) == {10 * names.index(name)} and len(data) == 2


def test_images_of_other_kinds_are_read_or_refused(tmp_path):
    for i, name in enumerate(("a.BMP", "b.tiff", "c.jfif")):
        paint(tmp_path / "d" / name, 10 * i)
    assert len(open_source("image_folder", str(tmp_path / "d")).train) == 2
    (tmp_path / "d" / "e.gif").write_bytes(b"GIF89a")
    refused("image_folder", tmp_path / "d", "e.gif", "format that is not supported")


def test_a_zip_equals_its_folder_and_splits_by_name(tmp_path):
    for i in range(40):
        paint(tmp_path / "d" / "ab"[i % 2] / f"{i}.png", i, mode="L")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for path in sorted((tmp_path / "d").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path / "d"))
    folder = open_source("image_folder", str(tmp_path / "d"))
    archived = open_source("image_folder", str(tmp_path / "d.zip"))
    assert folder.spec.shape == (3, 4, 1) and len(folder.test) == 4
    for split in ("train", "test"):
        ours, theirs = (in_memory(getattr(s, split)) for s in (folder, archived))
        np.testing.assert_array_equal(ours.data, theirs.data)
        np.testing.assert_array_equal(ours.label, theirs.label)
        np.testing.assert_array_equal(ours.label, ours.data[:, 0, 0, 0] % 2)
    both = np.concatenate(
        [in_memory(s).data[:, 0, 0, 0] for s in (folder.train, folder.test)]
    )
    assert np.array_equal(np.sort(both), np.arange(40))


def test_two_parts_in_a_folder_or_with_a_comma(tmp_path):
    for side in ("train", "test"):
        paint(tmp_path / f"toy_{side}" / "a" / "0.jpg")
    train, test = (str(tmp_path / f"toy_{side}") for side in ("train", "test"))
    for directory in (str(tmp_path), f"{train},{test}"):
        source = open_source("image_folder", directory)
        assert (len(source.train), len(source.test)) == (1, 1)


def test_images_in_no_folder_have_no_class_and_white_behind_them(tmp_path):
    for i in range(3):
        paint(tmp_path / f"{i}.png", mode="RGBA")  # fully transparent black
    source = open_source("image_folder", str(tmp_path))
    assert source.spec.classes == () and source.train[0]["label"] == 0
    assert (source.train[0]["data"] == 255).all()


def test_transparency_can_be_kept(tmp_path):
    paint(tmp_path / "0.png", 7, mode="RGBA")  # fully transparent
    paint(tmp_path / "1.png", 9)
    source = open_source("image_folder", str(tmp_path), alpha="keep")
    assert source.spec.shape == (3, 4, 4)
    items = [split[0]["data"] for split in (source.train, source.test)]
    assert {tuple(item[0, 0]) for item in items} == {(7, 0, 0, 0), (9, 0, 0, 255)}
    (tmp_path / "0.png").unlink()
    paint(tmp_path / "2.png", 8, mode="L")
    source = open_source("image_folder", str(tmp_path), alpha="keep")
    assert source.spec.shape == (3, 4, 3)  # no image is transparent
    with pytest.raises(BadInput, match="data.alpha='white ': expected one of keep, wh"):
        open_source("image_folder", str(tmp_path), alpha="white ")


def test_sizes_are_compared_after_the_orientation(tmp_path):
    paint(tmp_path / "0.png", size=(4, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (3, 4)).save(tmp_path / "1.jpg", exif=exif)
    source = open_source("image_folder", str(tmp_path))
    assert source.spec.shape == (3, 4, 3)
    assert in_memory(source.train).data.shape == (1, 3, 4, 3)
    paint(tmp_path / "2.png", size=(3, 4))
    refused("image_folder", tmp_path, "2.png: is 3x4", "ganjax prepare", "--size=N")


def test_deep_grey_and_grey_palettes_make_one_channel(tmp_path):
    Image.fromarray(np.full((3, 4), 65535, np.uint16)).save(tmp_path / "0.png")
    palette = Image.new("L", (4, 3), 255).convert("P")
    palette.save(tmp_path / "1.png")
    Image.new("LA", (4, 3), (0, 0)).save(tmp_path / "2.png")
    source = open_source("image_folder", str(tmp_path))
    assert source.spec.shape == (3, 4, 1)
    assert (in_memory(source.train).data == 255).all()
    assert (in_memory(source.test).data == 255).all()


def test_the_share_and_the_seed_of_the_test_split(tmp_path):
    for i in range(12):
        paint(tmp_path / "d" / "ab"[i % 2] / f"{i}.png", i)

    def tested(**data):
        stated = {"name": "image_folder", "dir": str(tmp_path / "d"), **data}
        source = source_of(resolve({"data": stated}).data)
        assert len(source.train) + len(source.test) == 12
        return set(in_memory(source.test).data[:, 0, 0, 0])

    assert len(tested()) == 1 and len(tested(holdout=0.5)) == 6
    four = tested(holdout=4.0)
    assert sorted(value % 2 for value in four) == [0, 0, 1, 1]
    assert any(tested(holdout=4.0, subset=seed) != four for seed in (1, 2, 3))
    for holdout, phrase in ((11.0, "number up to 10"), (0.0, "above 0")):
        with pytest.raises(BadInput, match=f"data.holdout={holdout:g}.*{phrase}"):
            tested(holdout=holdout)
    with pytest.raises(BadInput, match="data.alpha='black': expected one of keep, whi"):
        tested(alpha="black")


def test_the_source_knows_its_classes_counts_and_split(tmp_path):
    for name in ("a/1", "a/2", "a/3", "b/1"):
        paint(tmp_path / "d" / f"{name}.png")
    (tmp_path / "d" / "x.npy").write_bytes(b"")
    about = open_source("image_folder", str(tmp_path / "d")).about
    assert about["counts"] == {"train": {"a": 2, "b": 1}, "test": {"a": 1, "b": 0}}
    assert about["split"] == "labels: folders; split: holdout=0.1 of each class, seed 0"
    assert len(about["digest"]) == 64
    assert about["shown"] == [
        "data: 2 classes (training+test images): a 2+1, b 1+0",
        f"data: {about['split']}",
        "data: 1 files are not images: x.npy",
    ]
    json.dumps(about)
    # The same facts follow from an archive with another outer folder.
    shutil.make_archive(str(tmp_path / "e"), "zip", tmp_path, "d")
    packed = open_source("image_folder", str(tmp_path / "e.zip")).about
    assert {**packed, "shown": about["shown"]} == about


@pytest.mark.parametrize("suffix", ["zip", "tar", "gztar"])
@pytest.mark.parametrize("names", [("train", "val"), ("toy-train", "toy-test")])
def test_a_folder_with_two_archives_or_an_archive_and_a_folder(tmp_path, names, suffix):
    sides = [tmp_path / "d" / name for name in names]
    for value, side in enumerate(sides):
        for label in ("a", "b"):
            paint(side / label / "1.png", value)
    whole = open_source("image_folder", str(tmp_path / "d"))
    for side in reversed(sides):
        shutil.make_archive(str(side), suffix, side)
        shutil.rmtree(side)
        source = open_source("image_folder", str(tmp_path / "d"))
        assert source.spec == whole.spec and source.spec.name == "image_folder:d"
        for value, split in enumerate((source.train, source.test)):
            arrays = in_memory(split)
            assert (arrays.data[..., 0] == value).all()
            np.testing.assert_array_equal(arrays.label, [0, 1])


def test_bad_image_folders(tmp_path):
    d = tmp_path / "d"
    paint(d / "a" / "0.png")
    paint(d / "a" / "1.png", size=(5, 3))
    refused("image_folder", d, "1.png", "is 5x3", "is 4x3")
    (d / "a" / "1.png").write_text("no image")
    refused("image_folder", d, "a/1.png", "is not a readable image")
    paint(d / "a" / "1.png", size=(4, 3), mode="L")
    Image.fromarray(np.zeros((3, 4), np.float32)).save(d / "a" / "2.tif")
    refused("image_folder", d, "a/2.tif", "mode F", "8 bits a channel")
    paint(d / "2.png")
    (d / "a" / "2.tif").unlink()
    refused("image_folder", d, "2.png", "not inside a class folder")
    (tmp_path / "bad.zip").write_bytes(b"PK no zip")
    refused("image_folder", tmp_path / "bad.zip", "bad.zip: not a readable .zip")
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "x.txt").write_text("x")
    refused("image_folder", tmp_path / "text", "has no images")


def test_a_truncated_image_is_named_when_decoded(tmp_path):
    for i in range(2):
        noise = RNG.randint(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{i}.jpg")
    path = tmp_path / "1.jpg"
    path.write_bytes(truncate(path.read_bytes()))
    open_source("image_folder", str(tmp_path))  # the headers are intact
    refused("image_folder", tmp_path, "1.jpg", "cannot be decoded")


def test_a_damaged_zip_member_is_named(tmp_path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(2):
            paint(tmp_path / "one.png", i)
            archive.write(tmp_path / "one.png", f"a/{i}.png")
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 1
    path.write_bytes(content)
    refused("image_folder", path, "a/0.png", "CRC")


def shared(name):
    root = os.environ.get("GANJAX_DATA_DIR", "")
    if not root or not (Path(root) / name).exists():
        pytest.skip(f"GANJAX_DATA_DIR holds no {name}")
    return Path(root)


def test_mnist_has_its_published_counts():
    shared("mnist")
    source = open_source("mnist")
    assert np.bincount(source.test.label).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]
    assert len(source.train) == 60_000
    # The mean pixel of the training set, which tutorials use for normalisation.
    if hasattr(source.train, "data"):
        assert source.train.data.mean() / 255 == pytest.approx(0.1307, abs=1e-4)


@pytest.mark.full
def test_cifar10_jpeg_has_its_counts():
    shared("cifar10_jpeg_test.zip")
    source = open_source("cifar10_jpeg")
    assert (len(source.train), len(source.test)) == (50_000, 10_000)
    assert source.spec.shape == (32, 32, 3) and source.spec.classes[3] == "cat"
    assert np.bincount(in_memory(source.test).label).tolist() == [1000] * 10


def test_digits_without_scikit_learn_are_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)  # as if not installed
    with pytest.raises(BadInput, match="data.name='digits': needs scikit-learn"):
        open_source("digits")
