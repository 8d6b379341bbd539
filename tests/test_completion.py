"""Holes in a user's files. The network paints holes white, so its output is known."""

import json
import re
import types

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.completion import complete
from ganjax.config import resolve
from ganjax.core import Game
from ganjax.data import Arrays, Source, Spec
from ganjax.errors import BadInput
from ganjax.masks import masks_of
from ganjax.model import Masking, Model, Sampler, Sampling
from tests.commands import exit_code

RNG = np.random.default_rng(0)
GREYS = RNG.integers(0, 200, (6, 8), np.uint8)
COLOURS = RNG.integers(0, 200, (6, 8, 3), np.uint8)
HOLE = np.zeros((6, 8), np.uint8)
HOLE[1:3, 2:5] = 255
OPTIONS = {"masks": "square", "least": 0.1, "most": 0.4}


def whitened(apply, x):
    return jnp.where(x[..., -1:] > 0, 1.0, x[..., :-1])


def run_of(path, channels=1, shape=(6, 8), **abilities):
    """An object with the parts of a run that filling uses."""
    empty = Arrays(np.zeros((0, *shape, channels), np.uint8), np.zeros(0, np.int32))
    sampler = Sampler(
        abilities=abilities or {"fill": whitened},
        masking=Masking(masks_of(OPTIONS, shape), OPTIONS),
    )
    state = types.SimpleNamespace(step=7, params={}, variables={}, ema={})
    return types.SimpleNamespace(
        path=path, sampler=sampler, sampling=Sampling(), state=state,
        source=Source(Spec("images", (*shape, channels)), empty, empty),
        config=resolve({"game": "inpainting", "data": {"name": "digits"}}),
        model=Model(Game(networks={}, players=()), sampler, state),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with images ``a.png`` and ``b/c.png``, and masks of the same names."""
    for name, pixels, mask in (("a", GREYS, HOLE), ("b/c", GREYS[::-1], HOLE[::-1])):
        for kind, array in (("in", pixels), ("masks", mask)):
            file = tmp_path / kind / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(array).save(file)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def painted(pixels, value, hole=HOLE):
    return np.where(hole > 0, np.uint8(value), pixels)


def test_white_pixels_of_a_mask_are_filled(folder):
    found = complete(run_of(folder), "in/a.png", "masks/a.png")
    assert found.names == ["a"]
    np.testing.assert_array_equal(found.masks[0, ..., 0], HOLE / 255)
    bytes_of = [np.rint((x[0, ..., 0] + 1) * 127.5) for x in (found.asked, found.made)]
    np.testing.assert_array_equal(bytes_of[0], painted(GREYS, 128))
    np.testing.assert_array_equal(bytes_of[1], painted(GREYS, 255))


def test_images_and_masks_are_cut_and_resized_alike(folder):
    """Of 12×20 pixels the centre of 12×16 is kept, and every 2×2 pixels become one."""
    wide, hole = (
        np.pad(x.repeat(2, 0).repeat(2, 1), ((0, 0), (2, 2))) for x in (GREYS, HOLE)
    )
    Image.fromarray(wide).save("wide.png")
    Image.fromarray(hole).save("hole.png")
    found = complete(run_of(folder), "wide.png", "hole.png")
    np.testing.assert_array_equal(found.masks[0, ..., 0], HOLE / 255)


def test_a_mask_for_all_images_and_a_mask_for_each(folder):
    one = complete(run_of(folder), "in", "masks/a.png")
    assert one.names == ["a", "b/c"]
    np.testing.assert_array_equal(one.masks[0], one.masks[1])
    each = complete(run_of(folder), "in", "masks")
    np.testing.assert_array_equal(each.masks[1], each.masks[0][::-1])


def test_holes_are_random_without_a_mask(folder):
    one, same, other = (complete(run_of(folder), "in", None, s) for s in (0, 0, 1))
    np.testing.assert_array_equal(one.masks, same.masks)
    assert (one.masks != other.masks).any() and (one.masks[0] != one.masks[1]).any()
    assert 0.1 - 1e-6 <= one.masks.mean() <= 0.4


def sampled(monkeypatch, run, *arguments):
    monkeypatch.setattr(ganjax, "load", lambda *a, **k: run)
    return exit_code(monkeypatch, "sample.py", "--workdir=run", *arguments)


def test_files_of_what_was_asked_and_of_the_answer(folder, monkeypatch):
    run = run_of(folder)
    asked = ["--image=in", "--mask=masks"]
    assert sampled(monkeypatch, run, *asked, "--out=out/") == 0
    files = sorted(x.relative_to(folder / "out") for x in folder.glob("out/**/*.png"))
    names = ["a_asked.png", "a_filled.png", "b/c_asked.png", "b/c_filled.png"]
    assert list(map(str, files)) == names
    with Image.open(folder / "out/a_filled.png") as picture:
        np.testing.assert_array_equal(picture, painted(GREYS, 255))
        said = json.loads(picture.text["ganjax"])
    assert said["mask"] == "masks" and said["image"] == "in" and said["step"] == 7
    with Image.open(folder / "out/a_asked.png") as picture:
        np.testing.assert_array_equal(picture, painted(GREYS, 128))


def test_a_picture_has_the_question_next_to_the_answer(folder, monkeypatch):
    """Two images of 6×8 pixels, each 8 times as large, with gaps of 2 pixels."""
    assert sampled(monkeypatch, run_of(folder), "--image=in", "--out=x.png") == 0
    with Image.open("x.png") as picture:
        assert picture.size == (4 * (64 + 2) + 2, 48 + 2 + 2)
        assert json.loads(picture.text["ganjax"])["seed"] == 0
    assert sampled(monkeypatch, run_of(folder), "--image=in", "--out=x.npy") == 0
    assert np.load("x.npy").shape == (2, 6, 8, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--mask=masks", "--mask=masks: expected --image with it"),
        ("--image=", "--image=: expected an image, a folder or an archive"),
        ("--image=in --mask=", "--mask=: expected an image, a folder or an archive"),
        ("--image=in --n=3", "--image=in: expected no --n with it"),
        ("--image=in --prompt=cat", "--image=in: expected no --prompt with it"),
        ("--image=in --prompt=cat", "--image=in: expected no --prompt with it"),
        ("--image=in --mode=mean", "--image=in: expected no --mode with it"),
        ("--image=in --mask=masks --seed=1", "--mask=masks: expected no --seed with"),
        ("--image=in --seed=-1", "--seed=-1: expected 0 to"),
        ("--image=nowhere", "'nowhere': no such file or folder"),
        ("--image=in --mask=nowhere", "'nowhere': no such file or folder"),
        ("--image=in --mask=some", r"c.png: has no mask of its name in 'some'"),
        ("--image=in/a.png --mask=small.png", "has 4×4 pixels, expected 8×6 as a.png"),
        ("--image=in/a.png --mask=black.png", "a.png: has no hole at 6×8 with mask"),
        ("--image=in/a.png --mask=white.png", "a.png: has no context at 6×8 with ma"),
        ("--image=colours.png", "colours.png: has colours, and the run makes grey"),
        ("--image=broken.png", "broken.png: "),
        ("--image=in --out=x.jpg", "--out=x.jpg: expected a name that ends in"),
    ],
)
def test_bad_input_is_one_line(arguments, said, folder, monkeypatch, capsys):
    (folder / "some").mkdir()
    for name in ("a", "other"):
        Image.fromarray(HOLE).save(folder / f"some/{name}.png")
    Image.fromarray(HOLE[:4, :4]).save(folder / "small.png")
    Image.fromarray(0 * HOLE).save(folder / "black.png")
    Image.fromarray(0 * HOLE + 255).save(folder / "white.png")
    Image.fromarray(COLOURS).save(folder / "colours.png")
    (folder / "broken.png").write_bytes(b"no image")
    before = sorted(folder.rglob("*"))
    capsys.readouterr()
    assert sampled(monkeypatch, run_of(folder), *arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and re.search(said, err), err
    assert sorted(folder.rglob("*")) == before


def test_a_run_that_cannot_fill_is_refused(folder):
    with pytest.raises(BadInput, match="ability 'fill', such as .* has restore"):
        complete(run_of(folder, restore=whitened), "in", None)
    with pytest.raises(BadInput, match="images with 1, 3 or 4 channels, .* 6×8×2"):
        complete(run_of(folder, channels=2), "in", None)
