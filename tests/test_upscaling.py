"""Enlarged files of a user. The network repeats pixels, so its output is known."""

import io
import re
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.config import resolve
from ganjax.core import Game, init_state
from ganjax.data import Arrays, Source, Spec
from ganjax.errors import BadInput
from ganjax.model import Enlarging, Model, Sampler, Sampling
from ganjax.upscaling import upscale
from tests import tiny
from tests.commands import exit_code
from tests.data.test_image_file import png

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (5, 7, 3), np.uint8)
GREYS = RNG.integers(0, 256, (5, 7), np.uint8)


def repeated(apply, x):
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)


def run_of(path, channels=3, reach=0, **abilities):
    """An object with the parts of a run that upscaling uses."""
    empty = Arrays(np.zeros((0, 8, 8, channels), np.uint8), np.zeros(0, np.int32))
    sampler = Sampler(
        abilities=abilities or {"enlarge": repeated}, enlarging=Enlarging(2, reach)
    )
    state = types.SimpleNamespace(step=7, params={}, variables={}, ema={})
    return types.SimpleNamespace(
        path=path, sampler=sampler, sampling=Sampling(),
        source=Source(Spec("images", (8, 8, channels)), empty, empty),
        config=resolve({"game": "super_resolution", "data": {"name": "digits"}}),
        model=Model(Game(networks={}, players=()), sampler, state),
    )  # fmt: skip


def twice(pixels):
    return pixels.repeat(2, axis=0).repeat(2, axis=1)


def only(run, path, content, **options):
    """The enlarged picture of one file."""
    file = path / "photo.png"
    file.write_bytes(content)
    (written,) = upscale(run, str(file), path / "out", **options)
    assert written == path / "out/photo_x2.png" and file.read_bytes() == content
    with Image.open(written) as picture:
        picture.load()
        return picture


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("tile", [0, 4, 256])
def test_colours_are_enlarged_by_the_network(tmp_path, tile):
    made = only(run_of(tmp_path), tmp_path, saved(COLOURS), tile=tile)
    assert made.mode == "RGB" and made.size == (14, 10)
    np.testing.assert_array_equal(made, twice(COLOURS))
    assert '"step": 7' in made.text["ganjax"]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grey_image_stays_grey(tmp_path, channels):
    made = only(run_of(tmp_path, channels), tmp_path, saved(GREYS))
    assert made.mode == "L"
    np.testing.assert_array_equal(made, twice(GREYS))


def test_sixteen_bits_become_eight(tmp_path):
    """65535 is 255, and 128 / 257 is less than a half."""
    deep = png(np.uint16([[[65535], [128], [257]]]), 0, 16)
    made = only(run_of(tmp_path), tmp_path, deep)
    assert made.mode == "L"
    np.testing.assert_array_equal(made, twice(np.uint8([[255, 0, 1]])))


def test_the_orientation_is_applied(tmp_path):
    """Orientation 6 is a quarter turn clockwise."""
    exif = Image.Exif()
    exif[0x0112] = 6
    made = only(run_of(tmp_path), tmp_path, saved(COLOURS, exif=exif))
    np.testing.assert_array_equal(made, twice(np.rot90(COLOURS, -1)))
    assert made.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize(("channels", "grey"), [(3, False), (3, True), (1, True)])
def test_alpha_is_interpolated(tmp_path, channels, grey):
    """Weights of cubic interpolation (a = −0.5) a quarter of a pixel from a centre:
    −0.0234375, 0.2265625, 0.8671875, −0.0703125. A step from 0 to 255 becomes
    255·0.203125 = 52, 255·0.796875 = 203, and overshoots that are cut off."""
    alpha = np.zeros((5, 7), np.uint8)
    alpha[:, 3:] = 255
    pixels = GREYS[..., None] if grey else COLOURS
    made = only(run_of(tmp_path, channels), tmp_path, saved(np.dstack([pixels, alpha])))
    assert made.mode == ("LA" if grey else "RGBA")
    *_, found = made.split()
    expected = [0, 0, 0, 0, 0, 52, 203, 255, 255, 255, 255, 255, 255, 255]
    np.testing.assert_array_equal(np.asarray(found)[4], expected)
    # Also where it is transparent, the colours of the file are enlarged.
    np.testing.assert_array_equal(
        np.asarray(made)[..., :-1], twice(np.atleast_3d(pixels))
    )


def test_a_network_of_four_channels_enlarges_alpha(tmp_path):
    rgba = np.dstack([COLOURS, GREYS])
    made = only(run_of(tmp_path, 4), tmp_path, saved(rgba))
    np.testing.assert_array_equal(made, twice(rgba))


def test_a_folder_keeps_its_names(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ganjax, "load", lambda *a, **k: run_of(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("a.jpg", "b/a.webp", "b/c.bmp"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(COLOURS).save(tmp_path / "in" / name)
    arguments = ("--workdir=run", "in", "--out=out", "--tile=3", "--overlap=1")
    assert exit_code(monkeypatch, "upscale.py", *arguments) == 0
    files = [x.relative_to(tmp_path / "out") for x in (tmp_path / "out").rglob("*.png")]
    assert sorted(map(str, files)) == ["a_x2.png", "b/a_x2.png", "b/c_x2.png"]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[2] == "b/c.bmp 7×5 -> out/b/c_x2.png 14×10"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("broken --out=new", "'broken': b.png: is not a readable image"),
        ("nowhere --out=new", "'nowhere': no such file or folder"),
        (
            "twins --out=new",
            "a.png: this image and a.jpg would both be written to new/a_x2.png",
        ),
        ("good --out=full", "full/a_x2.png exists and is not replaced"),
        ("good --out=good/a.png", "--out=good/a.png: expected a folder, found a file"),
        ("good --out=new --tile=-1", "tile=-1: expected at least 1, or 0"),
        ("good --out=new --overlap=-1", "overlap=-1: expected at least 0"),
        ("good --out=new --tile=4 --overlap=2", "tile=4: .* twice the overlap of 2"),
        ("good --out=new --tile=6", "tile=6: .* twice the overlap of 3 pixels"),
    ],
)
def test_bad_input_is_one_line(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ganjax, "load", lambda *a, **k: run_of(tmp_path, reach=3))
    monkeypatch.chdir(tmp_path)
    for name in ("good", "broken", "twins"):
        (tmp_path / name).mkdir()
        Image.fromarray(COLOURS).save(tmp_path / name / "a.png")
    Image.fromarray(COLOURS).save(tmp_path / "twins/a.jpg")
    (tmp_path / "broken/b.png").write_bytes(b"no image")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/a_x2.png").write_bytes(b"mine")
    before = sorted(tmp_path.rglob("*"))
    arguments = ["--workdir=run", *arguments.split()]
    assert exit_code(monkeypatch, "upscale.py", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and re.search(said, err), err
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "full/a_x2.png").read_bytes() == b"mine"


def test_colours_are_not_lost_in_a_network_of_greys(tmp_path):
    with pytest.raises(BadInput, match="photo.png: has colours, and the run makes"):
        only(run_of(tmp_path, 1), tmp_path, saved(COLOURS))
    equal = np.repeat(GREYS[..., None], 3, axis=-1)  # grey, in a file of colours
    made = only(run_of(tmp_path, 1), tmp_path, saved(equal))
    np.testing.assert_array_equal(made, twice(GREYS))


def test_a_run_that_cannot_enlarge_is_refused(tmp_path):
    with pytest.raises(BadInput, match="ability 'enlarge', .*'super_resolution' has"):
        upscale(run_of(tmp_path, restore=repeated), "x", tmp_path / "out")
    with pytest.raises(BadInput, match="images with 1, 3 or 4 channels, .* 8×8×2"):
        upscale(run_of(tmp_path, channels=2), "x", tmp_path / "out")
    unknown = run_of(tmp_path, reach=None)
    with pytest.raises(BadInput, match="does not state how far .*, expected an over"):
        only(unknown, tmp_path, saved(COLOURS), tile=3)
    assert only(unknown, tmp_path, saved(COLOURS)).size == (14, 10)


def test_a_network_for_one_size_is_refused(tmp_path):
    """A fully connected generator has a weight for each pixel."""
    setup = tiny.setup("super_resolution")
    run = run_of(tmp_path, channels=1)
    run.sampler, run.source = setup.sampler, setup.source
    run.model = setup.model(init_state(setup.game, jax.random.key(0), setup.knobs))
    with pytest.raises(BadInput, match="generator has parameters that depend on the s"):
        only(run, tmp_path, saved(GREYS))
    assert not (tmp_path / "out").exists()
