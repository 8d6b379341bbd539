"""Prepared sets: read by rows, in the order of the resident feed, in bounded memory."""

import jax
import numpy as np
import pytest
from PIL import Image

from ganjax.data import in_memory, labels_of, make_feed, open_source
from ganjax.data.preparing import Options, find_images, image_set, prepare_images
from ganjax.errors import BadInput

COUNT = 40


@pytest.fixture(scope="module", params=["raw", "jpeg"])
def made(request, tmp_path_factory):
    """A set of 36 + 4 images of one colour, in shards of five. The grey level is the
    number of the image times six."""
    tmp_path = tmp_path_factory.mktemp("set")
    for i in range(COUNT):
        path = tmp_path / f"x/{'ab'[i >= 30]}/{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9, 9), 6 * i, np.uint8)).save(path)
    options = Options((8, 8), store=request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_set, "SHARD_BYTES", 5 * 64)
        made = prepare_images(
            find_images(str(tmp_path / "x"), options), options, tmp_path
        )
    assert len(list(made.folder.glob("train-0*"))) == 8
    return made.folder


def test_rows_are_the_images_in_any_order(made):
    train = open_source("image_folder", str(made)).train
    rows = np.array([35, 0, 17, 17, 4, 5])
    got = in_memory(train, rows)
    level = got.data[:, 0, 0, 0] / 6
    assert (got.data == got.data[:, :1, :1]).all()
    every = in_memory(train)
    np.testing.assert_array_equal(every.data[rows], got.data)
    np.testing.assert_array_equal(level >= 30, got.label == 1)
    np.testing.assert_array_equal(labels_of(train), every.label)


@pytest.mark.parametrize("by_class", [False, True])
def test_streamed_and_resident_give_the_same_batches(made, by_class):
    train = open_source("image_folder", str(made)).train
    sizes = dict(batch_size=4, rounds=2, by_class=by_class)
    feed = make_feed(train, kind="resident", **sizes)
    other = make_feed(train, kind="streamed", **sizes)
    key = jax.random.key(3)
    compiled = jax.jit(
        jax.vmap(
            lambda data, step: feed.batch(data, key, step, "data"),
            (None, None),
            axis_name="data",
            axis_size=1,
        )
    )
    with other.stream(key, 2) as batches:
        for step in range(2, 9):
            host, device = next(batches), compiled(feed.data, step)
            np.testing.assert_array_equal(host["label"], device["label"][0])
            back = (np.asarray(device["data"][0]) + 1) * 127.5
            np.testing.assert_array_equal(host["data"], np.rint(back))


def test_parts_of_a_set_decode_only_their_rows(made, monkeypatch):
    source = open_source("image_folder", str(made))
    read, kind = [], type(source.train)
    whole = kind.__getitem__

    def counted(self, index):
        read.append(index)
        return whole(self, index)

    def taken(self, rows):
        read.extend(rows)
        return take(self, rows)

    monkeypatch.setattr(kind, "__getitem__", counted)
    if take := getattr(kind, "take", None):
        monkeypatch.setattr(kind, "take", taken)
    chosen = open_source("image_folder", str(made), classes=(1,)).train
    assert len(chosen) == 9 and read == []
    assert set(in_memory(chosen).label) == {1} and len(set(read)) == 9
    read.clear()
    from ganjax.data import held_out, some_of

    assert len(some_of(source, 6)) == 6 and len(set(read)) == 6
    read.clear()
    assert len(held_out(source.test, 3, seed=0)[1]) == 3 and len(set(read)) == 3


def test_a_shard_that_shrinks_during_a_run_is_one_line(made, tmp_path):
    source = open_source("image_folder", str(made))
    if type(source.train).__name__ != "RawImages":
        pytest.skip("of the raw store")
    shard = made / "train-00007.npy"
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    with pytest.raises(BadInput, match="train-00007.npy: is cut short"):
        in_memory(source.train)
    shard.write_bytes(content)


def test_choices_of_the_preparation_are_not_changed_later(made):
    for option in ({"holdout": 0.5}, {"alpha": "keep"}):
        with pytest.raises(BadInput, match="expected the defaults of data.holdout"):
            open_source("image_folder", str(made), **option)


def test_a_damaged_manifest_is_one_line(made):
    manifest = made / "ganjax_manifest.json"
    content = manifest.read_text()
    for damaged, said in (
        (content[:-30], "damaged"),
        (content.replace('"format": 1', '"format": 9'), "has format 9 and kind"),
    ):
        manifest.write_text(damaged)
        with pytest.raises(BadInput, match=f"ganjax_manifest.json: {said}"):
            open_source("image_folder", str(made))
    manifest.write_text(content)


def test_a_damaged_shard_is_one_line(made):
    """Opening compares sizes; ``ganjax prepare`` compares the SHA-256 too."""
    shard = next(made.glob("train-00000.*"))
    content = shard.read_bytes()
    raw = shard.suffix == ".npy"
    damaged = content.replace(b"8, 8, 1", b"8, 4, 2") if raw else bytes(len(content))
    shard.write_bytes(damaged)
    said = "has images of" if raw else "train: damaged"
    with pytest.raises(BadInput, match=said):
        in_memory(open_source("image_folder", str(made)).train)
    shard.write_bytes(content)
