"""Preparation of images of any sizes: what is written, what is refused, and that an
interrupted preparation ends with the same bytes."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from ganjax.data import held_out, in_memory, open_source
from ganjax.data.preparing import Options, find_images, image_set, prepare_images
from ganjax.data.preparing.fitting import centred, parse_size
from ganjax.errors import BadInput
from tests.commands import SCRIPTS, exit_code

RNG = np.random.default_rng(0)


def png(array, **more):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG", **more)
    return buffer.getvalue()


def noise(height, width, channels=3):
    return RNG.integers(0, 256, (height, width, channels), np.uint8)


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def prepare(folder, out, skip=0, **options):
    options = Options(**{"size": (8, 8), **options})
    return prepare_images(find_images(str(folder), options), options, str(out), skip)


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}


@pytest.fixture
def photos(tmp_path):
    """Two classes of ten images of different sizes."""
    sizes = RNG.integers(9, 30, (20, 2))
    return write(
        tmp_path / "photos",
        {f"{'ab'[i % 2]}/{i:02d}.png": png(noise(*s)) for i, s in enumerate(sizes)},
    )


def marked():
    """Return an image 40 high and 60 wide, and its middle 40×40. The middle has a red
    corner at the top left and a green one at the bottom right."""
    image = np.full((40, 60, 3), 90, np.uint8)
    image[:10, 10:20] = 255, 0, 0
    image[30:, 40:50] = 0, 255, 0
    return image, image[:, 10:50]


# EXIF orientation -> how the stored image is made from the one that is meant.
STORED = {1: lambda x: x, 3: lambda x: x[::-1, ::-1], 6: lambda x: np.rot90(x, 1),
          8: lambda x: np.rot90(x, -1)}  # fmt: skip


@pytest.mark.parametrize("orientation", STORED)
def test_the_middle_is_cut_after_the_image_is_turned(tmp_path, orientation):
    image, middle = marked()
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = png(np.ascontiguousarray(STORED[orientation](image)), exif=exif)
    write(tmp_path / "x", {f"{i}.png": stored for i in range(2)})
    made = prepare(tmp_path / "x", tmp_path, size=(20, 20), filter="box")
    got = in_memory(open_source("image_folder", str(made.folder)).train).data[0]
    np.testing.assert_array_equal(got, middle[::2, ::2])  # blocks of 2×2 are constant


@pytest.mark.parametrize(
    "height, width, size, part",
    [
        (40, 60, (8, 8), (0, 40, 10, 50)),
        (60, 40, (8, 8), (10, 50, 0, 40)),
        (40, 60, (8, 16), (5, 35, 0, 60)),
        (41, 61, (8, 8), (0, 41, 10, 51)),
        (8, 8, (64, 64), (0, 8, 0, 8)),
    ],
)
def test_the_part_that_a_crop_keeps(height, width, size, part):
    rows, columns = centred(height, width, size)
    assert (rows.start, rows.stop, columns.start, columns.stop) == part


def test_without_a_crop_the_whole_image_is_resized(tmp_path):
    image, _ = marked()
    write(tmp_path / "x", {f"{i}.png": png(image) for i in range(2)})
    made = prepare(tmp_path / "x", tmp_path, size=(20, 20), filter="box", crop="none")
    got = in_memory(open_source("image_folder", str(made.folder)).train).data[0]
    np.testing.assert_array_equal(got, image.reshape(20, 2, 20, 3, 3).mean((1, 3)))
    assert made.stretched == 2


def test_transparency_is_put_on_white_or_kept(tmp_path):
    clear = np.zeros((8, 8, 4), np.uint8)
    clear[..., 0], clear[:4, :, 3] = 200, 255  # red; the upper half is opaque
    write(tmp_path / "x", {f"{i}.png": png(clear) for i in range(2)})
    white = prepare(tmp_path / "x", tmp_path / "white")
    kept = prepare(tmp_path / "x", tmp_path / "kept", alpha="keep")
    on_white = open_source("image_folder", str(white.folder)).train[0]["data"]
    assert on_white.shape == (8, 8, 3) and (on_white[4:] == 255).all()
    assert (on_white[:4] == (200, 0, 0)).all()
    four = open_source("image_folder", str(kept.folder)).train[0]["data"]
    np.testing.assert_array_equal(four[..., 3], clear[..., 3])
    with pytest.raises(BadInput, match="JPEG has no transparency"):
        prepare(tmp_path / "x", tmp_path / "jpeg", alpha="keep", store="jpeg")


def test_grey_images_have_one_channel(tmp_path):
    write(tmp_path / "x", {f"{i}.png": png(noise(9, 9)[..., 0]) for i in range(2)})
    made = prepare(tmp_path / "x", tmp_path)
    assert open_source("image_folder", str(made.folder)).spec.shape == (8, 8, 1)


def test_a_set_has_the_classes_and_splits_of_its_images(photos, tmp_path):
    made = prepare(photos, tmp_path / "out", size=(8, 12))
    source = open_source("image_folder", str(made.folder))
    assert source.spec.shape == (8, 12, 3) and source.spec.classes == ("a", "b")
    assert source.about["counts"] == {
        "train": {"a": 9, "b": 9},
        "test": {"a": 1, "b": 1},
    }
    assert (made.folder / "contact.png").is_file()
    # A .zip of the folder is the same set.
    archive = tmp_path / "photos.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in photos.rglob("*.png"):
            packed.write(path, path.relative_to(photos))
    zipped = prepare(archive, tmp_path / "zipped", size=(8, 12))
    assert contents(zipped.folder) == contents(made.folder)


def test_jpeg_is_close_to_raw(tmp_path):
    y, x = np.mgrid[:32, :32] * 8
    smooth = np.stack([y, x, (x + y) // 2], -1).astype(np.uint8)
    files = {f"{i}.png": png(np.roll(smooth, i, 2)) for i in range(3)}
    write(tmp_path / "x", files)
    splits = [
        in_memory(open_source("image_folder", str(made.folder)).train)
        for made in (
            prepare(tmp_path / "x", tmp_path / store, size=(16, 16), store=store)
            for store in ("raw", "jpeg")
        )
    ]
    raw, jpeg = (split.data.astype(int) for split in splits)
    assert np.abs(raw - jpeg).max() <= 6
    np.testing.assert_array_equal(splits[0].label, splits[1].label)


@pytest.mark.parametrize("store", ["raw", "jpeg"])
def test_an_interrupted_preparation_ends_with_the_same_bytes(
    photos, tmp_path, monkeypatch, store
):
    monkeypatch.setattr(image_set, "SHARD_BYTES", 4 * 8 * 8 * 3)  # four images
    whole = prepare(photos, tmp_path / "whole", store=store)
    names = {path.name.split(".")[0] for path in contents(whole.folder)}
    assert {f"train-{i:05d}" for i in range(5)} <= names
    written, write_shard = [], image_set.write_shard

    def fails_at_the_third(folder, stem, *rest):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(stem)
        return write_shard(folder, stem, *rest)

    monkeypatch.setattr(image_set, "write_shard", fails_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        prepare(photos, tmp_path / "twice", store=store)
    assert not (tmp_path / "twice/photos-8x8").exists()
    with pytest.raises(BadInput, match="unfinished preparation of other files or"):
        prepare(photos, tmp_path / "twice", store=store, filter="box")

    def counted(folder, stem, *rest):
        written.append(stem)
        return write_shard(folder, stem, *rest)

    monkeypatch.setattr(image_set, "write_shard", counted)
    again = prepare(photos, tmp_path / "twice", store=store)
    assert len(written) == len(set(written)) == 6  # no shard is written twice
    assert contents(again.folder) == contents(whole.folder)
    assert [path.name for path in (tmp_path / "twice").iterdir()] == ["photos-8x8"]


def test_two_processes_do_not_prepare_one_set(photos, tmp_path, monkeypatch):
    work = tmp_path / "out/.preparing-photos-8x8"
    write_shard, refused = image_set.write_shard, []

    def meanwhile(*arguments):
        with pytest.raises(BadInput) as caught:
            prepare(photos, tmp_path / "out")
        refused.append(str(caught.value))
        return write_shard(*arguments)

    monkeypatch.setattr(image_set, "write_shard", meanwhile)
    assert not prepare(photos, tmp_path / "out").already
    assert set(refused) == {f"dir={work}: another process prepares this set"}
    assert not work.exists() and prepare(photos, tmp_path / "out").already


def test_a_finished_set_is_verified_and_kept(photos, tmp_path):
    made = prepare(photos, tmp_path / "out")
    assert prepare(photos, tmp_path / "out").already
    with pytest.raises(BadInput, match="from other files or with other options"):
        prepare(photos, tmp_path / "out", filter="box")
    (photos / "a/new.png").write_bytes(png(noise(9, 9)))
    with pytest.raises(BadInput, match="from other files or with other options"):
        prepare(photos, tmp_path / "out")
    (photos / "a/new.png").unlink()
    shard = made.folder / "train-00000.npy"
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)
    with pytest.raises(BadInput, match="train-00000.npy: damaged"):
        prepare(photos, tmp_path / "out")
    shard.write_bytes(content[:-1])
    with pytest.raises(BadInput, match="train-00000.npy: has .* bytes, expected"):
        open_source("image_folder", str(made.folder))
    shard.unlink()
    with pytest.raises(BadInput, match="train-00000.npy: missing"):
        open_source("image_folder", str(made.folder))


def test_corrupt_images_are_named_and_counted(photos, tmp_path):
    whole = (photos / "a/02.png").read_bytes()
    write(photos, {"a/02.png": whole[: len(whole) // 2], "b/03.png": b"no image"})
    with pytest.raises(BadInput, match=r"a/02.png .*--skip_corrupt=1 skips"):
        prepare(photos, tmp_path / "out")
    with pytest.raises(BadInput, match="--skip_corrupt=1"):  # no shard is finished
        prepare(photos, tmp_path / "out", filter="box")
    with pytest.raises(BadInput, match=r"2 corrupt images.*b/03.png .*_corrupt=2"):
        prepare(photos, tmp_path / "out", skip=1)
    made = prepare(photos, tmp_path / "out", skip=2)
    assert [name for name, _ in made.skipped] == ["a/02.png", "b/03.png"]
    source = open_source("image_folder", str(made.folder))
    assert source.about["counts"] == {
        "train": {"a": 8, "b": 9},
        "test": {"a": 1, "b": 0},
    }
    manifest = json.loads((made.folder / "ganjax_manifest.json").read_text())
    assert manifest["skipped"] == ["a/02.png", "b/03.png"]


def test_a_class_of_corrupt_images_is_refused(photos, tmp_path):
    write(photos, {"c/1.png": b"no image", "c/2.png": b"no image"})
    with pytest.raises(BadInput, match="^the class c: expected a training image"):
        prepare(photos, tmp_path / "out", skip=2)


def test_duplicates_are_counted_and_kept(tmp_path):
    one, two = png(noise(9, 9)), png(noise(9, 9))
    files = {"train/a/1.png": one, "train/a/2.png": two, "train/b/3.png": one}
    files |= {"test/a/4.png": two, "test/b/5.png": png(noise(9, 9))}
    made = prepare(write(tmp_path / "x", files), tmp_path)
    found = made.duplicates
    assert (found.count, found.in_test) == (2, 1)
    assert found.examples == (
        ("train/b/3.png", "train/a/1.png"),
        ("test/a/4.png", "train/a/2.png"),
    )
    assert len(open_source("image_folder", str(made.folder)).train) == 3


def test_labels_from_a_list(photos, tmp_path):
    names = sorted(p.relative_to(photos).as_posix() for p in photos.rglob("*.png"))
    lines = [f"{name},{i % 4}" for i, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines]))
    made = prepare(photos, tmp_path / "out", labels=str(tmp_path / "labels.csv"))
    source = open_source("image_folder", str(made.folder))
    assert source.spec.classes == ("0", "1", "2", "3")
    # Other names of the same classes are other labels.
    lines = [f"{name},{'abcd'[i % 4]}" for i, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines]))
    with pytest.raises(BadInput, match="from other files or with other options"):
        prepare(photos, tmp_path / "out", labels=str(tmp_path / "labels.csv"))


def hub_file(path, count, names=None, images="image"):
    """Write a Parquet file as the Hugging Face Hub does, in groups of seven rows."""
    arrow, parquet = (
        pytest.importorskip("pyarrow"),
        pytest.importorskip("pyarrow.parquet"),
    )
    rows = [noise(9, 12) for _ in range(count)]
    label = [i % 3 for i in range(count)]
    columns = {images: [{"bytes": png(x), "path": None} for x in rows], "label": label}
    table = arrow.table(columns)
    if names:
        features = {"features": {"label": {"names": names, "_type": "ClassLabel"}}}
        facts = {"huggingface": json.dumps({"info": features})}
        table = table.replace_schema_metadata(facts)
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, row_group_size=7)
    return np.stack(rows), np.array(label)


def test_parquet_files_of_the_hub(tmp_path):
    names = ["zebra", "ant", "owl/barn"]
    rows, label = hub_file(tmp_path / "hub/data/train-0-of-1.parquet", 20, names)
    hub_file(tmp_path / "hub/data/test-0-of-1.parquet", 6, names)
    made = prepare(tmp_path / "hub", tmp_path / "out", size=(9, 12))
    source = open_source("image_folder", str(made.folder))
    assert source.spec.classes == ("ant", "owl/barn", "zebra") and len(source.test) == 6
    got = in_memory(source.train)
    np.testing.assert_array_equal(got.data, rows)  # in the order of the rows
    assert [source.spec.classes[k] for k in got.label] == [names[k] for k in label]


def test_parquet_files_of_one_name_are_refused(tmp_path):
    for place in ("x.parquet", "data/x.parquet"):
        hub_file(tmp_path / "hub" / place, 4)
    with pytest.raises(BadInput, match="x.parquet: has the name of another file"):
        prepare(tmp_path / "hub", tmp_path / "out")


def test_one_parquet_file_of_bytes_and_no_names(tmp_path):
    hub_file(tmp_path / "x.parquet", 20, images="picture")
    made = prepare(tmp_path / "x.parquet", tmp_path / "out", holdout=5)
    source = open_source("image_folder", str(made.folder))
    assert source.spec.classes == ("0", "1", "2")
    assert (len(source.train), len(source.test)) == (15, 5)


def test_parquet_that_cannot_be_read_is_refused(tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    (tmp_path / "bad.parquet").write_bytes(b"no table")
    with pytest.raises(BadInput, match="bad.parquet: not a readable Parquet file"):
        prepare(tmp_path / "bad.parquet", tmp_path / "out")
    parquet.write_table(arrow.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(
        BadInput, match="has the columns x, expected one with the bytes"
    ):
        prepare(tmp_path / "x.parquet", tmp_path / "out")
    columns = {"image": [png(noise(9, 9)), None], "label": [0, 0]}
    parquet.write_table(arrow.table(columns), tmp_path / "z.parquet")
    with pytest.raises(BadInput, match="000000001 has no image bytes; --skip_corrupt"):
        prepare(tmp_path / "z.parquet", tmp_path / "out")
    columns = {"image": [png(noise(9, 9))], "label": [None]}
    parquet.write_table(arrow.table(columns), tmp_path / "y.parquet")
    with pytest.raises(BadInput, match="row 0 has the label None, expected a class"):
        prepare(tmp_path / "y.parquet", tmp_path / "out")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(BadInput, match="need pyarrow: pip install"):
        prepare(tmp_path / "x.parquet", tmp_path / "out")


PAIRED = {
    "AB": lambda i, a, b: {f"train/{i}.png": png(np.concatenate([a, b], 1))},
    "edges,photos": lambda i, a, b: {
        f"edges/{i}.png": png(a),
        f"photos/{i}.jpg": png(b),
    },
}


@pytest.mark.parametrize("pairs", PAIRED)
def test_pairs_stay_pairs(tmp_path, pairs):
    # The images of a pair have one colour, darker in a. Every pair has another colour.
    files = {}
    for i in range(10):
        a = np.full((9, 9, 3), 10 * i, np.uint8)
        files |= PAIRED[pairs](i, a, a + 100)
    files |= {"read me.txt": b"", "c/anime.npy": b""}
    made = prepare(write(tmp_path / "x", files), tmp_path / "out", pairs=pairs)
    assert list(made.listing.notes) == [
        "2 files are not images: c/anime.npy, read me.txt",
        "1 folders have no images: c",
    ]
    source = open_source("image_pairs", str(made.folder))
    assert source.spec.shape == (8, 8, 3) and source.spec.domains == ("a", "b")
    assert source.spec.paired and source.spec.test_paired
    import jax

    batch = source.train(jax.random.split(jax.random.key(0), 32))
    a, b = (np.rint((np.asarray(batch[x]) + 1) * 127.5) for x in "ab")
    np.testing.assert_array_equal(b, a + 100)
    assert a.shape == (32, 8, 8, 3) and len(np.unique(a)) > 4
    # Scores compare each image once. A draw of 100 would repeat some of them.
    scored, _ = held_out(source.train, 100, seed=0)
    assert len(np.unique(scored[:, 0, 0, 0])) == len(scored) == len(source.train.each)
    with pytest.raises(BadInput, match="data.name='image_pairs'"):
        open_source("image_folder", str(made.folder))


def test_two_domains_without_pairs(tmp_path):
    def images(level, count):
        return [png(np.full((9, 9, 3), level + i, np.uint8)) for i in range(count)]

    files = {}
    for folder, level, count in (
        ("trainA", 0, 6), ("trainB", 100, 9), ("testA", 50, 2), ("testB", 150, 3),
    ):  # fmt: skip
        found = enumerate(images(level, count))
        files |= {f"horse/{folder}/{i}.png": image for i, image in found}
    files |= {"horse/trainA/0.npy": b"", "horse/extra/0.png": png(noise(9, 9))}
    made = prepare(write(tmp_path / "x", files), tmp_path / "out")
    assert list(made.listing.notes) == [
        "1 images not read: horse/extra/0.png",
        "1 files are not images: horse/trainA/0.npy",
    ]
    source = open_source("image_pairs", str(made.folder))
    assert source.spec.domains == ("a", "b") and not source.spec.paired
    assert source.spec.name == f"image_pairs:{made.folder.name}"
    import jax

    for split, a, b in (
        (source.train, range(6), range(100, 109)),
        (source.test, (50, 51), range(150, 153)),
    ):
        batch = split(jax.random.split(jax.random.key(0), 64))
        for name, levels in (("a", a), ("b", b)):
            got = np.unique(np.rint((np.asarray(batch[name]) + 1) * 127.5))
            np.testing.assert_array_equal(got, levels)
        scored, _ = held_out(split, 100, seed=0)
        found = np.sort(np.rint((scored[:, 0, 0, 0] + 1) * 127.5))
        np.testing.assert_array_equal(found, b)
    assert source.about["counts"] == {
        "train": {"a": 6, "b": 9},
        "test": {"a": 2, "b": 3},
    }


def test_files_without_a_partner_are_refused(tmp_path):
    image = png(noise(9, 9))
    folder = write(tmp_path / "x", {f"{d}/{i}.png": image for d in "ab" for i in "123"})
    write(folder, {"a/4.png": image})
    with pytest.raises(BadInput, match=r"a/4.png has no pair in b \(1 files"):
        prepare(folder, tmp_path / "out", pairs="a,b")
    write(folder, {"b/4.jpg": image, "b/4.png": image})
    with pytest.raises(BadInput, match="b/4.png and b/4.jpg have the same name"):
        prepare(folder, tmp_path / "out", pairs="a,b")
    with pytest.raises(BadInput, match="has no folder c with images"):
        prepare(folder, tmp_path / "out", pairs="a,c")
    for wrong in ("BA", "a,a", "a,b,c"):
        with pytest.raises(BadInput, match="expected AB, or the names of two folders"):
            prepare(folder, tmp_path / "out", pairs=wrong)
    with pytest.raises(BadInput, match="labels='x.csv': expected it without pairs"):
        prepare(folder, tmp_path / "out", pairs="a,b", labels="x.csv")
    with pytest.raises(BadInput, match="expected 'raw' for pairs"):
        prepare(folder, tmp_path / "out", pairs="a,b", store="jpeg")
    with pytest.raises(BadInput, match="is 9 pixels wide, not two halves"):
        prepare(folder, tmp_path / "out", pairs="AB")
    with pytest.raises(BadInput, match="expected two domains of images"):
        open_source("image_pairs", str(folder))


@pytest.mark.parametrize(
    "text, size", [("64", (64, 64)), ("48x64", (48, 64)), ("48X64", (48, 64))]
)
def test_a_size_is_a_side_or_height_and_width(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "64x", "64x64x3", "-4", "6.5", "70000"])
def test_another_size_is_refused(text):
    with pytest.raises(BadInput, match=f"size='{text}': expected the side"):
        parse_size(text)


@pytest.mark.parametrize(
    "options, said",
    [
        ({"crop": "centre"}, "crop='centre': expected one of .* mean 'center'"),
        ({"filter": "lanczo"}, "did you mean 'lanczos'"),
        ({"alpha": "black"}, "alpha='black': expected one of keep, white"),
        ({"store": "png"}, "store='png': expected one of jpeg, raw"),
        ({"holdout": 0.0}, "holdout=0.0: expected above 0"),
        ({"seed": -1}, "seed=-1: expected at least 0"),
    ],
)
def test_options_are_checked(options, said):
    with pytest.raises(BadInput, match=said):
        Options((8, 8), **options)


def test_a_small_disk_is_one_line_before_anything_is_written(
    photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        image_set.shutil, "disk_usage", lambda _: SimpleNamespace(free=100)
    )
    with pytest.raises(BadInput, match="expected 0.0 MB of free disk, found 0.0 MB"):
        prepare(photos, tmp_path / "out")


def command(monkeypatch, capsys, *arguments):
    """Return the exit code, stdout and stderr of ``ganjax prepare``."""
    code = exit_code(monkeypatch, "prepare_data.py", *arguments)
    return code, *capsys.readouterr()


def test_the_command_prepares_a_folder(photos, tmp_path, monkeypatch, capsys):
    write(photos, {"a/note.txt": b"x", "b/99.png": (photos / "b/01.png").read_bytes()})
    arguments = photos, "--size=8x12", f"--dir={tmp_path / 'out'}"
    code, out, err = command(monkeypatch, capsys, *arguments)
    folder = tmp_path / "out/photos-8x12"
    assert code == 0 and "21 images of 8×12×3, 0.0 MB" in err
    assert "a: 9 train and 1 test" in out and "files that repeat another file: 1" in out
    assert "note.txt" in out and str(folder / "contact.png") in out
    assert f"--config.data.name=image_folder --config.data.dir={folder}" in out
    code, out, _ = command(monkeypatch, capsys, *arguments)
    assert code == 0 and "already prepared and intact" in out


def test_a_folder_that_cannot_be_written_is_one_line(photos, tmp_path):
    with pytest.raises(BadInput, match="cannot be written .*choose another --dir"):
        prepare(photos, photos / "a/00.png")


def test_a_tfds_folder_that_cannot_be_read_is_one_line(tmp_path):
    write(tmp_path / "x", {"dataset_info.json": b"{}"})
    with pytest.raises(BadInput, match="not a TFDS data set in array_record"):
        prepare(tmp_path / "x", tmp_path / "out")


def test_a_damaged_member_of_an_archive_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for i in range(4):
            archive.writestr(f"{i}.png", png(noise(9, 9)))
    content = bytearray((tmp_path / "x.zip").read_bytes())
    content[60] ^= 255
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(BadInput, match=r"^0.png cannot be read \(Bad CRC.*_corrupt=1"):
        prepare(tmp_path / "x.zip", tmp_path / "out")


def test_a_known_name_wins_over_a_folder(photos, tmp_path, monkeypatch, capsys):
    photos.rename(tmp_path / "mnist")
    monkeypatch.chdir(tmp_path)
    code, _, err = command(monkeypatch, capsys, "mnist", "--size=8", "--dir=out")
    assert code == 2 and "expected ./mnist for a folder of that name" in err
    code, out, _ = command(monkeypatch, capsys, "./mnist", "--size=8", "--dir=out")
    assert code == 0 and "mnist-8x8" in out


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["photos"], "size='': expected the side of the images"),
        (["nowhere/photos", "--size=8"], "no such file or folder"),
        (["photos", "--size=8", "--skip_corrupt=-1"], "expected at least 0"),
        (["photos", "--size=8", "--manual_dir=x"], "expected one of mnist"),
        (["out/photos-8x8", "--size=8"], "is a prepared set; expected images"),
        (["photos", "--size=8", "--holdout=100"], "holdout=100: expected a share"),
        (["photos", "--size=8", "--labels=no.csv"], "labels='no.csv': cannot be read"),
        (["empty", "--size=8"], "FOLDER='empty': has no images"),
    ],
)
def test_the_command_refuses_in_one_line(
    photos, tmp_path, monkeypatch, capsys, arguments, said
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    if arguments[0].startswith("out"):
        prepare(photos, tmp_path / "out")
    code, out, err = command(monkeypatch, capsys, *arguments, "--dir=out")
    assert code == 2 and out == "" and err.count("\n") == 1 and said in err


def test_a_full_disk_is_one_line(photos, tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("ganjax.data.preparing.shards._write_raw", full)
    code, _, err = command(monkeypatch, capsys, photos, "--size=8", f"--dir={tmp_path}")
    line = err.splitlines()[-1]
    assert code == 1 and line.startswith(
        f"error: {tmp_path}/.preparing-photos-8x8/set/"
    )
    assert "train-00000.unfinished: No space left on device (" in line


@pytest.mark.full
def test_a_killed_preparation_continues(tmp_path):
    files = {f"{i:04d}.png": png(noise(200, 200)) for i in range(300)}
    folder = write(tmp_path / "x", files)
    small = "import ganjax.data.preparing.image_set as s; s.SHARD_BYTES = 10 * 12288; "
    run = small + "import sys; from ganjax.commands import main; main(sys.argv[1:])"

    def start(out):
        arguments = ["prepare", str(folder), "--size=64", f"--dir={tmp_path / out}"]
        return subprocess.Popen([sys.executable, "-c", run, *arguments])

    assert start("whole").wait() == 0
    killed = start("killed")
    facts = tmp_path / "killed/.preparing-x-64x64/facts"
    while len(list(facts.glob("*.json"))) < 3:
        assert killed.poll() is None
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    kept = {path.name: path.stat().st_mtime_ns for path in facts.glob("*.json")}
    assert 3 <= len(kept) < 30
    again = start("killed")
    assert again.wait() == 0
    whole, resumed = (
        contents(tmp_path / name / "x-64x64") for name in ("whole", "killed")
    )
    assert whole == resumed


@pytest.mark.full
def test_the_example_runs_for_every_layout(tmp_path):
    """Its own assertions check orientations, crops, classes, counts and scores."""
    script = SCRIPTS.parent / "examples/own_images.py"
    arguments = [str(tmp_path), "--images=120", "--steps=4"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS.parent)}
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.endswith("all assertions hold\n"), done.stdout + done.stderr
