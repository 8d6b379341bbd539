"""Projection of pictures: what is found, in which space, and what is reported."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.commands import project as command
from ganjax.data import as_bytes
from ganjax.errors import BadInput
from ganjax.metrics.features import EXTRACTORS, Extractor
from ganjax.projection import images_of, latent_space, read_latents, styles_of
from ganjax.projection.distance import all_distances, distances, looks
from ganjax.projection.latent_space import Latents
from ganjax.projection.pictures import read_pictures
from ganjax.projection.schedule import learning_rate, noise_scale
from tests.flags import last_of_each
from tests.projection.run_folders import SHAPE, STYLES, save, write_run

LAYERS, SIZE = 4, 8


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return write_run(
        tmp_path_factory.mktemp("runs") / "labelled",
        generator=STYLES,
        classes=3,
        game="conditional_gan",
        conditioning={"generator": "embedding"},
    )


def drawn(run, n, seed=5):
    """Random latents and their images."""
    z = np.asarray(run.model.latents(jax.random.key(seed), n))
    return z, as_bytes(run.model.decode(z))


@pytest.fixture(scope="module")
def found(run, tmp_path_factory):
    """Two pictures that the generator drew, projected into w."""
    files = save(tmp_path_factory.mktemp("pictures"), drawn(run, 2)[1])
    return ganjax.project(run, files, space="w", steps=150)


def test_a_picture_of_the_generator_is_found_again(found):
    """The layers have noise: without the noise of the picture it is not found."""
    for scores in found.scores:
        assert scores["psnr"] > 35
        assert scores["distance"] < 0.01 * scores["distance_start"]


@pytest.mark.full
def test_larger_spaces_come_closer(run, tmp_path):
    """A picture of random pixels is outside of what the generator draws. The styles of
    latents are styles, and equal styles for all layers are styles for each layer."""
    noise = np.random.default_rng(0).integers(0, 256, (1, *SHAPE), np.uint8)
    files = save(tmp_path, noise)
    found = [
        ganjax.project(run, files, space=space, steps=150) for space in ("z", "w", "w+")
    ]
    errors = [one.scores[0]["distance"] for one in found]
    assert errors[0] > errors[1] > errors[2]
    assert np.std(found[2].latents.values, axis=1).max() > 0.1  # of the layers


def test_rates_by_hand():
    """0.1 · min(1, 20 t) · (1 − cos(π · min(1, 4 (1 − t)))) / 2."""
    by_hand = {0: 0, 0.025: 0.05, 0.05: 0.1, 0.5: 0.1, 0.75: 0.1, 0.875: 0.05}
    for t, rate in by_hand.items():
        assert learning_rate(t) == pytest.approx(rate, abs=1e-12)
    # 1 − cos(π/250) = 7.8957e-5.
    assert learning_rate(0.999) == pytest.approx(3.94785e-6, rel=1e-4)


def test_noise_by_hand():
    by_hand = {0: 0.05, 0.375: 0.0125, 0.6: 0.002, 0.75: 0, 0.9: 0}
    for t, scale in by_hand.items():
        assert noise_scale(t) == pytest.approx(scale, abs=1e-12)


def test_the_spread_of_latents_is_the_root_of_their_number(run):
    """E‖z − E z‖² = d for z ~ N(0, I) in d dimensions."""
    from ganjax.projection.descent import Descent

    mean, spread = Descent(run.model, "z", None, None, 0).statistics
    assert spread == pytest.approx(np.sqrt(SIZE), rel=0.02)
    assert np.abs(mean).max() < 0.05  # five standard errors


@pytest.mark.full
def test_a_picture_does_not_depend_on_the_others(run, tmp_path):
    files = save(tmp_path, drawn(run, 3, seed=6)[1])
    together = ganjax.project(run, files, steps=10)
    alone = ganjax.project(run, files[2:], steps=10)
    np.testing.assert_allclose(
        together.latents.values[2], alone.latents.values[0], rtol=1e-3, atol=1e-4
    )
    moved = np.abs(alone.latents.values - together.latents.values[:1]).max()
    assert moved > 0.05


@pytest.mark.full
def test_the_step_is_compiled_once(run, tmp_path, monkeypatch):
    """All steps of all batches have one program: 5 pictures in batches of 2."""
    from ganjax.projection import projecting

    traced = []
    images = latent_space.synthesised(run.model.sampler)

    def counted(apply, w, label):
        traced.append(w.shape)
        return images(apply, w, label)

    monkeypatch.setattr("ganjax.projection.descent.synthesised", lambda _: counted)
    monkeypatch.setattr(projecting, "BATCH", 2)
    files = save(tmp_path, drawn(run, 5)[1])
    many = ganjax.project(run, files, steps=4)
    assert len(many.latents) == 5
    # The step and the distances at its ends.
    assert traced == [(2, 1, SIZE)] * 2


def test_styles_and_latents_have_the_same_noise(run):
    z, images = drawn(run, 3)
    made = images_of(run.model, Latents("z", z))
    assert np.abs(as_bytes(made).astype(int) - images).max() <= 1
    w = styles_of(run.model, Latents("z", z))
    assert w.shape == (3, LAYERS, SIZE)
    again = images_of(run.model, Latents("w+", w))
    np.testing.assert_allclose(again, made, atol=1e-5)


def test_truncation_of_a_projected_latent(run, found):
    average = np.linspace(-0.5, 0.5, SIZE)

    def truncated(psi):
        return run.sampled({"sampling.truncation": psi}).model

    whole = images_of(truncated("1"), found.latents)
    np.testing.assert_allclose(whole, found.images, atol=1e-5)
    half = styles_of(truncated("0.5"), found.latents)
    np.testing.assert_allclose(half, (found.latents.values + average) / 2, atol=1e-6)


def test_a_style_is_the_same_in_all_layers_of_w(found):
    w = found.latents.values
    assert w.shape == (2, LAYERS, SIZE)
    np.testing.assert_array_equal(w, np.repeat(w[:, :1], LAYERS, axis=1))
    # Five pictures of the course: after 0, 5, 10, 25 and 50 % of the steps.
    assert found.course.shape == (2, 5, *SHAPE)
    # All begin at the mean style.
    np.testing.assert_allclose(found.course[0, 0], found.course[1, 0], atol=1e-6)


@pytest.mark.full
def test_a_run_with_labels(labelled, tmp_path):
    files = save(tmp_path, drawn(labelled, 1)[1])
    first, other = (
        ganjax.project(labelled, files, steps=1, label=label) for label in (0, "2")
    )
    assert first.latents.label == [0] and other.latents.label == [2]
    # The first rate is 0. So these are the images of the mean styles of two classes.
    assert np.abs(first.images - other.images).max() > 0.01
    with pytest.raises(BadInput, match="label: expected the class .* one of 0, 1, 2"):
        ganjax.project(labelled, files)
    with pytest.raises(BadInput, match="label=3: expected a class by name or number"):
        ganjax.project(labelled, files, label=3)


# --- Distances ------------------------------------------------------------------------


def test_distances_by_hand():
    """Channels (3, 4) and (8, 6) have directions (0.6, 0.8) and (0.8, 0.6), at a
    squared distance of 0.08. Of two places one differs, and the second map is the
    same."""
    one = jnp.array([[[[3.0, 4.0], [1.0, 0.0]]]])
    other = jnp.array([[[[8.0, 6.0], [5.0, 0.0]]]])
    images = jnp.zeros((2, 2, 2, 1))

    def seen(first):
        return looks(lambda x: [first, jnp.ones((1, 3, 3, 5))], images[:1])

    gap = distances(seen(one), seen(other))
    np.testing.assert_allclose(gap, [0.04], atol=1e-6)
    np.testing.assert_allclose(
        all_distances(seen(one), seen(other)), [[0.04]], atol=1e-6
    )
    # Pixels: the mean squared difference.
    gap = distances(looks(None, images), looks(None, images + 0.5))
    np.testing.assert_allclose(gap, [0.25, 0.25], rtol=1e-6)


@pytest.mark.full
def test_maps_without_signal_have_a_gradient():
    def total(images):
        return sum(jnp.sum(x**2) for x in looks(lambda x: [0.0 * x], images))

    assert np.isfinite(jax.grad(total)(jnp.ones((1, 2, 2, 3)))).all()


def test_transparent_images_are_compared_on_white():
    clear = jnp.concatenate([jnp.zeros((1, 2, 2, 3)), -jnp.ones((1, 2, 2, 1))], -1)
    seen = []
    looks(lambda x: seen.append(x) or [x], clear)
    np.testing.assert_array_equal(seen[0], np.full((1, 2, 2, 3), 255))


@pytest.fixture
def eye(monkeypatch):
    """An extractor whose maps are pairs of differences between pixels."""

    def maps(weights, images):
        across = images[:, :, 1:] - images[:, :, :-1]
        return [weights * across, images]

    found = Extractor(
        "eye", 3, "d", "none", lambda x: None, maps=jax.tree_util.Partial(maps, 2.0)
    )
    monkeypatch.setitem(EXTRACTORS.entries, "eye", lambda weights, resize: found)


@pytest.mark.full
def test_an_extractor_guides_the_search(run, eye, tmp_path):
    files = save(tmp_path, drawn(run, 1)[1])
    found = ganjax.project(run, files, features="eye", steps=150)
    scores = found.scores[0]
    assert scores["distance"] < 0.1 * scores["distance_start"]
    assert found.protocol["features"] == "eye" and found.protocol["weights"] == "d"


# --- The command ----------------------------------------------------------------------


def test_files_of_the_command(run, loaded, tmp_path, capsys):
    """The errors are recomputed from the files that are written."""
    images = drawn(run, 2)[1]
    wide = np.repeat(np.repeat(images[1], 2, axis=0), 3, axis=1)  # 24×36
    files = save(tmp_path, [images[0], wide], ["a/x.png", "b/x.png"])
    out = tmp_path / "out"
    flags = [f"--workdir={run.path}", "--steps=20", "--space=w", f"--out={out}"]
    assert command.main([*files, *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("after 0 of 20 steps: mean distance ")
    assert lines[-3].startswith(f"{files[0]}: PSNR ")
    assert lines[-2].endswith("cut from 24×36 to 24×24, resized from 24×24")
    assert {path.name for path in out.iterdir()} == {
        "x.png", "x-2.png", "latents.npz", "projection.json", "strip.png",
    }  # fmt: skip
    written = json.loads((out / "projection.json").read_text())
    assert written["protocol"]["space"] == "w" and written["protocol"]["step"] == 7
    one = written["images"][0]
    made = np.asarray(Image.open(out / one["image"])).astype(float)
    error = np.mean((made - images[0]) ** 2)
    assert one["scores"]["psnr"] == pytest.approx(10 * np.log10(255**2 / error))
    assert one["scores"]["mse"] == pytest.approx(error * 4 / 255**2)
    assert -1 <= one["scores"]["ssim"] <= 1
    # Pillow's filter on the square in the middle.
    square = Image.fromarray(wide).crop((6, 0, 30, 24)).resize((12, 12), 1)
    (row,) = written["images"][1:]
    made = np.asarray(Image.open(out / row["image"])).astype(float)
    error = np.mean((made - np.asarray(square)) ** 2)
    assert row["scores"]["psnr"] == pytest.approx(10 * np.log10(255**2 / error))
    latents = read_latents(out / "latents.npz", run)
    assert latents.space == "w" and latents.values.shape == (2, LAYERS, SIZE)
    # A row for each picture: itself, five of the course, and the result.
    cell = 5 * 12 + 2
    assert Image.open(out / "strip.png").size == (7 * cell + 2, 2 * cell + 2)


def test_pictures_take_the_channels_of_the_run(tmp_path):
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (*SHAPE[:2], 1), np.uint8)
    colour = rng.integers(0, 256, (8, 8, 3), np.uint8)
    files = save(tmp_path, [grey, colour])
    (into_colour,) = read_pictures(files[:1], SHAPE, "center", "lanczos")
    np.testing.assert_array_equal(into_colour.pixels, np.repeat(grey, 3, axis=-1))
    assert into_colour.changes == ()
    (into_grey,) = read_pictures(files[1:], (8, 8, 1), "center", "lanczos")
    # ITU-R BT.601, as Pillow rounds it.
    luma = colour @ np.array([0.299, 0.587, 0.114])
    assert np.abs(into_grey.pixels[..., 0] - luma).max() <= 1
    assert into_grey.changes == ("colour became grey",)


@pytest.mark.full
def test_a_generator_without_styles_is_searched_in_z(plain, tmp_path):
    files = save(
        tmp_path, np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1), "u1")
    )
    found = ganjax.project(plain, files, steps=30)
    assert found.latents.space == "z" and found.latents.values.shape == (1, SIZE)
    (scores,) = found.scores
    assert scores["distance"] < scores["distance_start"]
    assert "ssim" not in scores  # an image has only 8 pixels on a side


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--space=q"], "space='q': expected one of w, w\\+, z"),
        (["--features=pixel"], "features='pixel': .*did you mean 'pixels'"),
        (["--weights=x"], "weights='x': expected features with it"),
        (["--steps=0"], "steps=0: expected 1 to"),
        (["--seed=-1"], "seed=-1: expected 0 to"),
        (["--label=cat"], "label=cat: expected none"),
        (["--crop=middle"], "crop='middle': expected one of center, none"),
        (["--filter=lancsos"], "filter='lancsos': .*did you mean 'lanczos'"),
        (["absent.png"], "'absent.png': expected an image file, there is no such file"),
        (["."], "'.': expected an image file, found a folder"),
        ([__file__], "is not a readable image"),
        (["--out={files}"], "--out=.*: expected a folder, found a file"),
        (["--features=small_cnn_mnist"], "expected images of 28×28×1, not 12×12×3"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(run, loaded, tmp_path, flags, said):
    (file,) = save(tmp_path, drawn(run, 1)[1])
    out = tmp_path / "out"
    flags = [flag.format(files=file) for flag in flags]
    with pytest.raises(BadInput, match=said) as error:
        stated = f"--workdir={run.path}", f"--out={out}"
        command.main([*last_of_each(*stated, *flags), file])
    assert "\n" not in str(error.value) and not out.exists()


def test_an_extractor_without_maps_is_refused(run, tmp_path, monkeypatch):
    blind = Extractor("blind", 3, "d", "none", lambda x: None)
    monkeypatch.setitem(EXTRACTORS.entries, "blind", lambda weights, resize: blind)
    files = save(tmp_path, np.zeros((1, *SHAPE), np.uint8))
    with pytest.raises(BadInput, match="features='blind': expected .* with maps"):
        ganjax.project(run, files, features="blind")


def test_a_generator_without_styles_has_no_w(plain, tmp_path):
    files = save(tmp_path, np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(BadInput, match="space='w': expected 'z', .*'dcgan' has no sty"):
        ganjax.project(plain, files, space="w")
