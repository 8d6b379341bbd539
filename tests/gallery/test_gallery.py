"""The layout of the picture of every mode, with untrained generators."""

import dataclasses
import json
import sys
import types

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.commands import sample
from ganjax.config import resolve
from ganjax.core import init_state
from ganjax.data import held_out, samples
from ganjax.errors import BadInput
from ganjax.gallery import MODES, Request
from ganjax.gallery.paths import linear
from ganjax.gallery.spectrum import radial_spectrum
from ganjax.gallery.styles import strongest
from ganjax.run_files import RunFiles
from ganjax.training.pictures import image_grid
from tests import tiny

IMAGES = {
    "data__name": "digits",
    "networks__generator__name": "dcgan",
    "networks__generator__width": 4,
    "networks__discriminator__name": "dcgan",
    "networks__discriminator__width": 4,
}
CELL = 64 + 2  # an image of 8 pixels, enlarged, and the gap


def run_of(name, path, steps=(0,), **overrides):
    """An object with the parts of a run that a mode uses. Its checkpoints are different
    initial states."""
    texts = {path_.replace("__", "."): str(v) for path_, v in overrides.items()}
    stated = {"batch_size": 8, **tiny.GAMES[name]}
    config = resolve(stated, texts)
    setup = tiny.setup(name, **overrides)
    states = [
        init_state(setup.game, jax.random.key(i), setup.knobs).replace(
            step=np.int32(step)
        )
        for i, step in enumerate(steps)
    ]
    run = types.SimpleNamespace(
        path=path,
        files=RunFiles(path),
        config=config,
        game=setup.game,
        sampler=setup.sampler,
        source=setup.source,
        state=states[-1],
        states=lambda: states,
        model_of=setup.model,
    )
    run.model = run.model_of(run.state)
    run.sample = run.model.sample
    run.picture = lambda seed, n: image_grid(run.sample(seed, n))
    return run


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    run = run_of("convolutional", tmp_path_factory.mktemp("run"))
    # The images of an initial generator are almost grey.
    run.state.ema["generator"]["params"] = jax.tree.map(
        lambda x: 10 * x, run.state.ema["generator"]["params"]
    )
    return run


@pytest.fixture(scope="module")
def filmed(images, tmp_path_factory):
    run = types.SimpleNamespace(**vars(images))
    run.path = tmp_path_factory.mktemp("run")
    run.files = RunFiles(run.path)
    (run.path / "samples").mkdir()
    image_grid(np.zeros((64, 8, 8, 1))).save(run.path / "samples/step_00000001.png")
    return run


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    return run_of("gan", tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    return run_of("adversarial_autoencoder", path, data__name="digits")


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    overrides = IMAGES | {"conditioning__generator": "concatenation"}
    return run_of("conditional_gan", tmp_path_factory.mktemp("run"), **overrides)


def cells(picture, columns):
    """Images ``[rows, columns, 8, 8]`` of a grid of enlarged images of 8 pixels."""
    pixels = np.asarray(picture.convert("L"))
    assert pixels.shape[1] == columns * CELL + 2
    rows = pixels.shape[0] // CELL
    return np.stack(
        [
            [
                pixels[2 + i * CELL : (i + 1) * CELL : 8, 2 + j * CELL :: 8][:, :8]
                for j in range(columns)
            ]
            for i in range(rows)
        ]
    )


def test_interpolations_begin_and_end_at_samples(images):
    request = Request(images, n=3, columns=5)
    ends = [
        cells(image_grid(request.model.decode(request.latents(3, name)), columns=1), 1)[
            :, 0
        ]
        for name in ("latents", "ends")
    ]
    middles = {}
    for path in ("linear", "spherical"):
        found = cells(MODES["interpolation"](Request(images, 3, 5, path=path)), 5)
        assert found.shape[:2] == (3, 5)
        for column, end in zip((0, -1), ends, strict=True):
            # Another batch size may round a pixel to the next value.
            assert np.abs(found[:, column].astype(int) - end).max() <= 1
        middles[path] = found[:, 2]
    assert not np.array_equal(middles["linear"], middles["spherical"])
    np.testing.assert_allclose(linear(np.zeros((1, 2)), np.ones((1, 2)), 0.25), 0.25)
    with pytest.raises(BadInput, match="--path='sperical'.*did you mean 'spherical'"):
        MODES["interpolation"](Request(images, 3, 5, path="sperical"))


def test_traversal_moves_one_number_of_the_latent(images):
    request = Request(images, n=8, columns=3, reach=0.0)
    still = cells(MODES["traversal"](request), 3)
    assert still.shape[:2] == (4, 3)  # a latent has four numbers
    assert np.array_equal(still[:, 0], still[:, 2])
    moved = cells(MODES["traversal"](Request(images, n=8, columns=3)), 3)
    assert all(not np.array_equal(row[0], row[2]) for row in moved)
    np.testing.assert_allclose(moved[:, 1], still[:, 1], atol=1)


def test_truncation_brings_samples_together(images):
    found = cells(MODES["truncation"](Request(images, n=12)), 5).astype(float)
    spread = found.std(axis=0).mean(axis=(1, 2))
    assert len(found) == 12 and spread[0] < 0.7 * spread[-1]


def test_classes_share_latents_along_a_column(conditional):
    request = Request(conditional, columns=3)
    found = cells(MODES["classes"](request), 3)
    assert found.shape[:2] == (10, 3)
    z = request.latents(3)
    expected = image_grid(request.model.decode(z, np.array([7, 7, 7])), columns=3)
    assert np.abs(found[7].astype(int) - cells(expected, 3)[0]).max() <= 1


def test_classes_need_labels(images):
    with pytest.raises(BadInput, match="--mode='classes'.*game='conditional_gan'"):
        MODES["classes"](Request(images))


def test_neighbours_of_training_images_are_themselves(images):
    train, _ = held_out(images.source.train, 60_000, seed=0)
    run = types.SimpleNamespace(**vars(images))
    run.sample = lambda seed, n: train[:n]
    found = cells(MODES["neighbours"](Request(run, n=4, columns=3)), 3)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])
    with pytest.raises(BadInput, match="--columns=1"):
        MODES["neighbours"](Request(run, n=4, columns=1))


def test_strongest_directions_of_known_weights():
    # The columns are 3 e₁ and −e₂. The strongest direction is e₁, then e₂.
    a = np.array([[3.0, 0.0], [0.0, -1.0], [0.0, 0.0]])
    np.testing.assert_allclose(strongest(a, 2), np.eye(3)[:2], atol=1e-12)


def test_directions_of_latents(images):
    request = Request(images, n=2, columns=5)
    found = cells(MODES["directions"](request), 5)
    assert found.shape[:2] == (2, 5)
    itself = cells(image_grid(request.model.decode(request.latents(1)), columns=1), 1)[
        0, 0
    ]
    assert np.abs(found[:, 2].astype(int) - itself).max() <= 1
    change = [np.abs(row[4].astype(float) - row[0]).mean() for row in found]
    assert min(change) > 0


@pytest.mark.parametrize(
    "name, overrides, inputs",
    [
        ("conditional_gan", {"conditioning__generator": "concatenation"}, 4 + 10),
        (
            "conditional_gan",  # equal numbers of latents and classes
            {"conditioning__generator": "conditional_batch_norm", "latents__size": 10},
            10,
        ),
        ("convolutional", {"conditioning__generator": "self_modulation"}, 4),
        (
            "conditional_gan",
            {
                "conditioning__generator": "embedding",
                "networks__generator__name": "r3gan",
                "networks__generator__group": 4,
            },
            4 + 4,
        ),
    ],
)
def test_directions_are_of_the_layer_that_sees_the_latent(
    name, overrides, inputs, tmp_path, monkeypatch
):
    """In the inputs of the first layer, the label follows the latent."""
    run = run_of(name, tmp_path, **IMAGES | overrides)
    kernel = run.state.ema["generator"]["params"]["Linear_0"]["kernel"]
    size = run.config.latents.size
    assert len(kernel) == inputs
    request = Request(run, n=4, columns=3)
    seen = []

    def spy(a, count):
        seen.append(a)
        return strongest(a, count)

    monkeypatch.setattr("ganjax.gallery.styles.strongest", spy)
    MODES["directions"](request)
    np.testing.assert_allclose(seen[0], kernel[:size], rtol=1e-6)


@pytest.mark.parametrize("mode", ["mixing", "directions", "edits"])
def test_what_a_generator_does_needs_one(autoencoder, mode):
    with pytest.raises(BadInput, match=f"--mode='{mode}'.*'adversarial_autoencoder'"):
        MODES[mode](Request(autoencoder))


@pytest.mark.full
@pytest.mark.parametrize("game", ["convolutional", "conditional_gan"])
def test_styles_mix_and_move(game, tmp_path):
    small = {
        f"networks__{player}__{field}": value
        for player in ("generator", "discriminator")
        for field, value in (
            ("name", "stylegan2"),
            ("channel_base", 1024),
            ("channel_max", 8),
        )
    }
    run = run_of(game, tmp_path, **small, data__name="digits", latents__size=8)
    found = cells(MODES["mixing"](Request(run, n=2, columns=3)), 4)
    assert found.shape[:2] == (3, 4)
    assert not found[0, 0].any()  # the corner is black
    assert MODES["directions"](Request(run, n=2, columns=3)).size[0] == 3 * CELL + 2
    assert len(cells(MODES["truncation"](Request(run, n=2)), 5)) == 2


def test_mixing_needs_styles(images):
    with pytest.raises(BadInput, match="--mode='mixing'.*stylegan2.*'dcgan'"):
        MODES["mixing"](Request(images))


def test_training_as_a_strip_and_as_frames(images):
    run = types.SimpleNamespace(**vars(images))
    with pytest.raises(BadInput, match="samples.every"):
        MODES["strip"](Request(run))
    folder = run.path / "samples"
    folder.mkdir()
    for step in range(5):
        shade = np.full((64, 8, 8, 1), -1 + step / 2, np.float32)
        shade[1::2] *= -1
        image_grid(shade).save(folder / f"step_{step:08d}.png")
    frames = MODES["animation"](Request(run, columns=3))
    assert [np.asarray(f)[5, 5, 0] for f in frames] == [0, 128, 255]
    picture = MODES["strip"](Request(run, n=3, columns=3))
    found = cells(picture.crop((0, 0, CELL + 2, picture.height)), 1)
    np.testing.assert_array_equal(found[:, 0, 0, 0], [0, 255, 0])
    assert picture.width == 3 * (CELL + 2)


def test_the_plane_has_a_column_a_checkpoint(tmp_path):
    pictures = {
        len(steps): MODES["plane"](Request(run_of("gan", tmp_path, steps)))
        for steps in ((0,), (0, 100))
    }
    assert pictures[2].width == 2 * pictures[1].width


@pytest.mark.full
def test_the_plane_of_a_game_with_labels_has_one_column(tmp_path):
    widths = [
        MODES["plane"](Request(run_of(game, tmp_path, packing=1))).width
        for game in ("gan", "conditional_gan")
    ]
    assert widths[0] == widths[1]


def test_the_plane_needs_points(images):
    with pytest.raises(BadInput, match="--mode='plane'.*'digits'"):
        MODES["plane"](Request(images))


def test_images_are_needed(points):
    for name in ("interpolation", "truncation", "neighbours", "spectrum"):
        with pytest.raises(BadInput, match="generates images.*'ring8'"):
            MODES[name](Request(points))


def test_spectrum_of_a_wave_and_of_noise():
    x = np.arange(16)
    wave = np.cos(2 * np.pi * 3 * x / 16)[None, :, None, None] * np.ones((1, 1, 16, 1))
    found = radial_spectrum(wave)
    # The sum of squares is 128, in two of the frequencies whose radius rounds to 3.
    frequencies = np.fft.fftfreq(16, 1 / 16)
    ring = np.rint(np.hypot(frequencies[:, None], frequencies)) == 3
    np.testing.assert_allclose(found[3], 128 / ring.sum())
    np.testing.assert_allclose(np.delete(found, 3), 0, atol=1e-20)
    white = np.random.default_rng(0).standard_normal((500, 16, 16, 1))
    np.testing.assert_allclose(radial_spectrum(white)[1:], 1, rtol=0.1)


def test_spectrum_is_drawn(images):
    assert MODES["spectrum"](Request(images)).size == (600, 400)


@pytest.mark.parametrize(
    ("mode", "of"),
    [
        ("grid", "images"),
        ("classes", "conditional"),
        ("mean", "images"),
        ("interpolation", "images"),
        ("traversal", "images"),
        ("truncation", "images"),
        ("directions", "images"),
        ("neighbours", "images"),
        ("latents", "autoencoder"),
        ("reconstructions", "autoencoder"),
        ("inversions", "images"),
        ("strip", "filmed"),
        ("animation", "filmed"),
        ("plane", "points"),
        ("spectrum", "images"),
    ],
)
def test_a_mode_looks_at_the_options_that_it_names(mode, of, request):
    seen = set()

    class Noting(Request):
        def __getattribute__(self, name):
            seen.add(name)
            return super().__getattribute__(name)

    MODES[mode](Noting(request.getfixturevalue(of), n=2, columns=3))
    fields = {field.name for field in dataclasses.fields(Request)} - {"run"}
    assert seen & fields == set(MODES[mode].options)


def test_files_say_what_they_are_of(images, tmp_path, monkeypatch):
    main = sample.main
    monkeypatch.setattr(ganjax, "load", lambda workdir, trust_code: images)
    out = tmp_path / "run.png"
    main([f"--workdir={images.path}", "--mode=spectrum", f"--out={out}", "--seed=5"])
    said = json.loads(Image.open(out).text["ganjax"])
    assert said["seed"] == 5 and said["mode"] == "spectrum"
    main([f"--workdir={images.path}", "--n=3", f"--out={tmp_path}/each/"])
    files = sorted((tmp_path / "each").iterdir())
    assert [f.name for f in files] == [f"seed0-{i:06}.png" for i in range(3)]
    assert Image.open(files[2]).size == (8, 8)
    assert json.loads(Image.open(files[2]).text["ganjax"])["index"] == 2
    expected = images.model.sample(0, 3)
    pixels = np.asarray(Image.open(files[2]))
    assert np.abs(pixels - (expected[2, ..., 0] + 1) * 127.5).max() <= 0.51
    for arguments, said in (
        (["--mode=gird"], "did you mean 'grid'"),
        (["--out=a.jpg"], "ends in .png"),
        (["--n=0"], "--n=0: expected 1 to"),
        (["--seed=-1"], "--seed=-1: expected 0 to"),
        ([f"--out={out}/a.png"], "--out=.*: expected a place to write to"),
        (["--mode=spectrum", "--out=a.npy"], "expected a picture"),
        (["--columns=5"], "--columns=5: .* --mode=grid uses --n --seed"),
        (["--mode=latents", "--seed=0"], "--mode=latents uses no options"),
        (["--mode=traversal", "--reach=nan"], "--reach=nan: expected a finite"),
    ):
        with pytest.raises(BadInput, match=said):
            main([f"--workdir={images.path}", *arguments])


OUTSIDE = """
from PIL import Image
from ganjax.gallery import looks_at

@looks_at("n")
def flat(request):
    shade = int(request.model.sample(0, request.n).size)
    return Image.new("L", (shade, 2))

def unmarked(request):
    return flat(request)
"""


def test_a_picture_from_outside(images, tmp_path, monkeypatch):
    """A mode is found in the current folder and takes only the options it names."""
    monkeypatch.setattr(ganjax, "load", lambda workdir, trust_code: images)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_pictures.py").write_text(OUTSIDE)
    mode = [f"--workdir={images.path}", "--mode=my_pictures:flat"]
    sample.main([*mode, "--n=3"])
    assert Image.open(tmp_path / "flat.png").size == (3 * 64, 2)
    with pytest.raises(BadInput, match="--seed=1: .* --mode=my_.*:flat uses --n"):
        sample.main([*mode, "--seed=1"])
    mode[1] = "--mode=my_pictures:unmarked"
    with pytest.raises(BadInput, match="expected a picture, .* found unmarked"):
        sample.main(mode)


@pytest.mark.full
def test_codes_have_a_row_each(tmp_path):
    """There is one row per category, with the same noise in a column, and then one row
    per number."""
    run = run_of("infogan", tmp_path, **IMAGES)
    run.state.ema["generator"]["params"] = jax.tree.map(
        lambda x: 10 * x, run.state.ema["generator"]["params"]
    )
    request = Request(run=run, columns=5, reach=1.0)
    found = cells(MODES["codes"](request), 5)
    assert found.shape[:2] == (8 + 1, 5)
    z = np.array(request.latents(5))
    z[:, 4:12], z[:, 12] = np.eye(8)[3], 0
    expected = cells(image_grid(request.model.decode(z), columns=5), 5)
    np.testing.assert_array_equal(found[3], expected[0])
    z[:] = np.array(request.latents(5))[0]
    z[:, 12] = [-1, -0.5, 0, 0.5, 1]
    expected = cells(image_grid(request.model.decode(z), columns=5), 5)
    np.testing.assert_array_equal(found[8], expected[0])


def test_a_map_of_a_latent_space_is_of_two_numbers(autoencoder, tmp_path):
    assert MODES["latents"](Request(run=autoencoder)).size == (1000, 520)
    wide = run_of(
        "adversarial_autoencoder", tmp_path, data__name="digits", latents__size=3
    )
    with pytest.raises(BadInput, match="a latent space of 2 numbers, but .* has 3"):
        MODES["latents"](Request(run=wide))


def test_reconstructions_stand_beside_what_they_are_of(autoencoder):
    run = autoencoder
    request = Request(run=run, n=3, columns=4)
    found = cells(MODES["reconstructions"](request), 4)
    data, _ = held_out(run.source.test, 6, seed=0)
    expected = cells(image_grid(data, columns=2), 2)
    assert found.shape[:2] == (3, 4)
    np.testing.assert_array_equal(found[:, ::2], expected)


def test_restorations_stand_between_interpolation_and_image(tmp_path):
    run = run_of("super_resolution", tmp_path)
    found = cells(MODES["translations"](Request(run=run, n=2, columns=6)), 6)
    data, _ = held_out(run.source.test, 4, seed=0)
    expected = cells(image_grid(data, columns=2), 2)
    np.testing.assert_array_equal(found[:, 2::3], expected)
    assert (found[:, 0::3] != found[:, 1::3]).any()


def test_a_strength_slider_ends_in_the_stylised_image(tmp_path):
    run = run_of("style_transfer", tmp_path)
    request = Request(run=run, n=2, columns=5)
    found = cells(MODES["strengths"](request), 5)
    test = samples(run.source.test, jax.random.split(request.key, 4))
    content, style = np.asarray(test["a"])[:2], np.asarray(test["b"])[:2]

    def drawn(images):
        return cells(image_grid(images, columns=1), 1)[:, 0]

    np.testing.assert_array_equal(found[:, 0], drawn(content))
    np.testing.assert_array_equal(found[:, 4], drawn(style))
    both = np.concatenate([content, style], -1)
    gap = np.abs(found[:, 3].astype(int) - drawn(run.model.ask("stylise", both)))
    assert gap.max() <= 1
    assert (found[:, 1] != found[:, 3]).any()


def test_a_blend_ends_in_each_style(tmp_path):
    run = run_of("style_transfer", tmp_path)
    found = cells(MODES["blends"](Request(run=run, n=2, columns=4)), 4)
    test = samples(run.source.test, jax.random.split(jax.random.key(0), 4))
    content, styles = np.asarray(test["a"])[:2], np.asarray(test["b"])
    for column, style in ((1, styles[:2]), (2, styles[2:])):
        made = run.model.ask("stylise", np.concatenate([content, style], -1))
        expected = cells(image_grid(made, columns=1), 1)[:, 0]
        assert np.abs(found[:, column].astype(int) - expected).max() <= 1
    with pytest.raises(BadInput, match="--columns=3: expected at least 4"):
        MODES["blends"](Request(run=run, columns=3))


def test_completed_images_stand_between_the_hole_and_the_whole(tmp_path):
    """The hole is grey: 0 in [-1, 1] is 128. Outside of it, nothing changes."""
    run = run_of("inpainting", tmp_path)
    found = cells(MODES["translations"](Request(run=run, n=2, columns=6)), 6)
    data, _ = held_out(run.source.test, 4, seed=0)
    expected = cells(image_grid(data, columns=2), 2)
    np.testing.assert_array_equal(found[:, 2::3], expected)
    asked, made, whole = (found[:, i::3].astype(int) for i in range(3))
    hole = (asked == 128) & (made != whole)
    assert 0.05 < hole.mean() < 0.4
    np.testing.assert_array_equal(made[asked != 128], whole[asked != 128])


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("codes", "whose latents end in codes"),
        ("latents", "the ability 'encode', but game='gan' has nothing"),
        ("reconstructions", "the ability 'reconstruct'"),
        ("translations", "the ability 'translate'"),
        ("strengths", "the ability 'blend'"),
        ("blends", "the ability 'blend'"),
    ],
)
def test_what_a_run_cannot_show_is_refused(images, mode, said):
    with pytest.raises(BadInput, match=said):
        MODES[mode](Request(run=images))


def test_inversions_stand_between_image_and_neighbour(images):
    found = cells(MODES["inversions"](Request(run=images, n=2, columns=3)), 3)
    data, _ = held_out(images.source.test, 2, seed=0)
    train, _ = held_out(images.source.train, 60_000, seed=0)
    expected = cells(image_grid(data, columns=1), 1)
    np.testing.assert_array_equal(found[:, :1], expected)
    gaps = np.square(data[:, None] - train[None]).sum((2, 3, 4))
    expected = cells(image_grid(train[gaps.argmin(axis=1)], columns=1), 1)
    np.testing.assert_array_equal(found[:, 2:], expected)


@pytest.mark.full
def test_an_edit_of_nothing_is_the_inversion(images):
    """The middle column is the inversion: the sample nearest to the image."""
    request = Request(run=images, n=3, columns=5, seed=4)
    found = cells(MODES["edits"](request), 5)
    assert found.shape[:2] == (3, 5)
    assert (found[:, 2] == found[:1, 2]).all() and (found[:, 0] != found[:, 2]).any()


def test_arithmetic_needs_a_classifier(images):
    with pytest.raises(BadInput, match="--extractor='': expected an extractor with"):
        MODES["arithmetic"](Request(run=images))
