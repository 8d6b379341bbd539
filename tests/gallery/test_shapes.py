"""Every picture mode of images with H != W and of one to four channels."""

import types

import numpy as np
import pytest

from ganjax.data.made_up import made_up
from ganjax.gallery import MODES, Request
from ganjax.gallery.spectrum import radial_spectrum
from ganjax.metrics.features import Extractor
from ganjax.run_files import RunFiles
from ganjax.training.pictures import image_grid
from tests.gallery.test_gallery import run_of

HEIGHT, WIDTH, CHANNELS = 8, 12, (1, 2, 3, 4)
SCALE, GAP = 5, 2  # 64 // 12, and the gap of a grid
DOWN, RIGHT = SCALE * HEIGHT + GAP, SCALE * WIDTH + GAP


def _opener(channels, pairs=False, captions=False):
    def opener(directory=""):
        shape, how = (HEIGHT, WIDTH, channels), {"pairs": pairs, "captions": captions}
        return made_up(shape, 0 if captions else 3, count=40, **how)

    return opener


single_1, single_2, single_3, single_4 = (_opener(c) for c in CHANNELS)
paired_1, paired_2, paired_3, paired_4 = (_opener(c, True) for c in CHANNELS)
said_1, said_2, said_3, said_4 = (_opener(c, captions=True) for c in CHANNELS)
DATA = {"pix2pix": "paired", "text_to_image": "said"}

STYLES = {
    f"networks__{player}__{field}": value
    for player in ("generator", "discriminator")
    for field, value in (
        ("name", "stylegan2"),
        ("channel_base", 1024),
        ("channel_max", 4),
    )
}
# mode: (game, overrides, size of the picture for n=2 and columns=3 in cells)
PICTURES = {
    "grid": ("gan", {}, (1, 2)),
    "classes": ("conditional_gan", {}, (3, 3)),
    "captions": (
        "text_to_image",
        {f"networks__{x}__attention": 0 for x in ("generator", "discriminator")},
        None,
    ),
    "mean": ("gan", {}, (1, 1)),
    "interpolation": ("gan", {}, (2, 3)),
    "traversal": ("gan", {}, (2, 3)),
    "truncation": ("gan", {}, (2, 5)),
    "directions": ("gan", {}, (2, 3)),
    "edits": ("gan", {}, (2, 3)),
    "neighbours": ("gan", {}, (2, 3)),
    "arithmetic": ("gan", {}, (2, 4)),
    "inversions": ("gan", {}, (2, 3)),
    "codes": ("infogan", {}, (9, 3)),
    "latents": ("adversarial_autoencoder", {}, None),
    "reconstructions": ("adversarial_autoencoder", {}, (2, 2)),
    "translations": ("pix2pix", {}, (2, 3)),
    "mixing": ("gan", STYLES, (3, 4)),
    "spectrum": ("gan", {}, None),
    "strip": ("gan", {}, (2, 1)),
    "animation": ("gan", {}, (2, 2)),
}


def brightest():
    """An extractor with three classes, by the brightest third of an image."""

    def see(images):
        thirds = images.reshape(len(images), 3, -1).mean(2)
        return thirds, np.exp(thirds) / np.exp(thirds).sum(1, keepdims=True)

    return Extractor(name="thirds", width=3, digest="0", resize="none", see=see)


def drawn(mode, channels, path, monkeypatch):
    game, overrides, _ = PICTURES[mode]
    kind = DATA.get(game, "single")
    source = f"{__name__}:{kind}_{channels}"
    run = run_of(game, path, **overrides, data__name=source)
    run.picture = lambda seed, n: image_grid(run.sample(seed, n), columns=n)
    opened = lambda name: brightest()  # noqa: E731
    monkeypatch.setattr("ganjax.gallery.inference.open_extractor", opened)
    monkeypatch.setattr("ganjax.evaluation.inversion.STEPS", 2)
    if mode in ("strip", "animation"):
        (path / "samples").mkdir()
        run.config.samples.count = 4
        grid = image_grid(run.sample(0, 4))
        grid.save(path / "samples/step_00000001.png")
    extractor = "thirds" if mode == "arithmetic" else ""
    return MODES[mode](Request(run, n=2, columns=3, extractor=extractor))


def check(mode, channels, path, monkeypatch):
    picture = drawn(mode, channels, path, monkeypatch)
    picture = picture[0] if isinstance(picture, list) else picture
    cells = PICTURES[mode][2]
    if cells is not None:
        rows, columns = cells
        assert picture.size == (columns * RIGHT + GAP, rows * DOWN + GAP)


@pytest.mark.full
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("mode", PICTURES)
def test_a_mode_of_images_of_any_shape(mode, channels, tmp_path, monkeypatch):
    check(mode, channels, tmp_path, monkeypatch)


@pytest.mark.parametrize("mode", ["spectrum", "classes"])
def test_a_mode_of_images_that_are_not_square(mode, tmp_path, monkeypatch):
    check(mode, 3, tmp_path, monkeypatch)


def test_every_mode_is_tested():
    # A plane is of points, two modes are of tables, and test_gallery.py has two others.
    others = {"plane", "columns", "correlations", "strengths", "blends"}
    assert set(PICTURES) == set(MODES) - others


@pytest.mark.parametrize("turned", [False, True])
def test_a_wave_has_one_radius_in_both_directions(turned):
    """In an image of 16 by 32 pixels, 6 cycles along 32 pixels and 3 cycles along 16
    pixels are both 3 cycles in 16 pixels. The sum of squares is 16 · 32 / 2."""
    y, x = np.mgrid[:16, :32]
    wave = np.cos(2 * np.pi * (3 * y / 16 if turned else 6 * x / 32))
    for images in (wave, wave.T):
        found = radial_spectrum(images[None, :, :, None])
        assert found.shape == (9,) and found.argmax() == 3
        np.testing.assert_allclose(np.delete(found, 3), 0, atol=1e-20)
        # The radius r of the integers a of 16 and b of 32 has 4 r² = 4 a² + b², and
        # it rounds to 3 from 2.5 to 3.5. The two peaks share their sum of squares.
        number = sum(
            25 <= 4 * a * a + b * b < 49 for a in range(-8, 8) for b in range(-16, 16)
        )
        assert number * found[3] == pytest.approx(256)


@pytest.mark.parametrize("shape", [(16, 32), (32, 16), (20, 30), (15, 28)])
def test_the_spectrum_of_white_noise_is_flat(shape):
    """Unit noise has the power 1 at every frequency, for every ratio of the sides."""
    white = np.random.default_rng(0).standard_normal((400, *shape, 2))
    found = radial_spectrum(white)
    assert len(found) == min(shape) // 2 + 1
    np.testing.assert_allclose(found, 1, atol=0.25)
    np.testing.assert_allclose(found[2:], 1, atol=0.05)


@pytest.mark.parametrize("shape", [(8, 12, 3), (12, 8, 1), (70, 20, 3)])
def test_a_strip_has_the_first_samples_of_each_step(shape, tmp_path):
    """Sample i of step j has the shade 40 j + 10 i. Rows are samples, columns steps."""
    folder = tmp_path / "samples"
    folder.mkdir()
    for step in range(3):
        shade = 40 * step + 10 * np.arange(5)
        flat = np.broadcast_to((shade / 127.5 - 1)[:, None, None, None], (5, *shape))
        image_grid(flat.astype(np.float32)).save(folder / f"step_{step:08d}.png")
    run = types.SimpleNamespace(
        path=tmp_path,
        files=RunFiles(tmp_path),
        config=types.SimpleNamespace(samples=types.SimpleNamespace(count=5)),
        source=made_up(shape, count=5),
    )
    picture = MODES["strip"](Request(run, n=4, columns=3))
    scale = max(1, 64 // max(shape[:2]))
    down, right = scale * shape[0] + 2, scale * shape[1] + 2
    assert picture.size == (3 * (right + 2), 4 * down + 2)
    pixels = np.asarray(picture)[..., 0]
    for step in range(3):
        for i in range(4):
            left, top = step * (right + 2) + 2, i * down + 2
            cell = pixels[top : top + down - 2, left : left + right - 2]
            assert cell.shape == (down - 2, right - 2)
            assert (cell == 40 * step + 10 * i).all()
