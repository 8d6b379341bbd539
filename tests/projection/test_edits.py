"""Pictures of projected latents: edits, interpolations, truncation, and files."""

import json

import numpy as np
import pytest
from PIL import Image

from ganjax.commands import sample
from ganjax.data import as_bytes
from ganjax.errors import BadInput
from ganjax.gallery import MODES, Request
from ganjax.projection import Latents, images_of, write_latents
from tests.flags import last_of_each

SCALE = 5  # 12 pixels are drawn five times as large
CELL = SCALE * 12 + 2


@pytest.fixture(scope="module")
def projected(run, tmp_path_factory):
    """Two latents in w+, whose layers have different styles: file and images."""
    w = np.random.default_rng(0).normal(size=(2, 4, 8)).astype(np.float32)
    latents = Latents("w+", w)
    file = tmp_path_factory.mktemp("pictures") / "latents.npz"
    write_latents(file, latents, ["a", "b"], run)
    return str(file), as_bytes(images_of(run.model, latents)).astype(int)


def cells(picture, columns):
    """Images ``[rows, columns, 12, 12, 3]`` of a grid of enlarged images."""
    pixels = np.asarray(picture).astype(int)
    assert pixels.shape[1] == columns * CELL + 2
    rows = pixels.shape[0] // CELL
    inner = pixels[2:, 2:].reshape(rows, CELL, columns, CELL, 3)
    return inner[:, : CELL - 2 : SCALE, :, : CELL - 2 : SCALE].swapaxes(1, 2)


def same(one, other):
    """Whether images are equal. Another batch size may round a pixel to the next."""
    return np.abs(one - other).max() <= 1


def draw(run, mode, file, **options):
    return MODES[mode](Request(run, projected=file, **options))


def test_the_grid_has_the_pictures(run, projected):
    file, images = projected
    assert same(cells(draw(run, "grid", file), 2)[0], images)


def test_directions_begin_at_each_picture(run, projected):
    file, images = projected
    found = cells(draw(run, "directions", file, n=3, columns=5), 5)
    assert len(found) == 2 * 3  # three directions for each picture
    assert same(found[:3, 2], images[:1]) and same(found[3:, 2], images[1:])
    assert not same(found[0, 4], found[0, 2]) and not same(found[0, 4], found[1, 4])


@pytest.mark.full
def test_an_interpolation_goes_from_picture_to_picture(run, projected):
    file, images = projected
    found = cells(draw(run, "interpolation", file, columns=4), 4)
    assert len(found) == 1
    assert same(found[0, 0], images[0]) and same(found[0, 3], images[1])
    bent = cells(draw(run, "interpolation", file, columns=4, path="spherical"), 4)
    assert same(bent[0, 0], images[0]) and not same(bent[0, 1], found[0, 1])


@pytest.mark.full
def test_truncation_ends_at_the_pictures(run, projected):
    """Columns are ψ = 0.1, 0.3, 0.5, 0.7, 1."""
    file, images = projected
    found = cells(draw(run, "truncation", file), 5)
    assert same(found[:, 4], images)
    apart = np.abs(found[0] - found[1]).mean(axis=(1, 2, 3))
    assert apart[0] < 0.5 * apart[4]


def test_mixing_begins_with_the_pictures(run, projected):
    file, images = projected
    found = cells(draw(run, "mixing", file, columns=2, seed=3), 3)
    assert same(found[1:, 0], images)
    assert not found[0, 0].any() and not same(found[1, 1], found[2, 1])


def test_the_command_draws_projected_pictures(run, loaded, projected, tmp_path):
    file, images = projected
    flags = [f"--workdir={run.path}", f"--projected={file}"]
    assert sample.main([*flags, f"--out={tmp_path / 'x.npy'}"]) == 0
    assert same(as_bytes(np.load(tmp_path / "x.npy")).astype(int), images)
    assert sample.main([*flags, f"--out={tmp_path / 'each'}/"]) == 0
    files = sorted((tmp_path / "each").iterdir())
    assert len(files) == 2 and same(np.asarray(Image.open(files[1])), images[1])
    half = [*flags, "--truncation=0.5", f"--out={tmp_path / 'half.npy'}"]
    assert sample.main(half) == 0
    assert not same(as_bytes(np.load(tmp_path / "half.npy")).astype(int), images)
    picture = tmp_path / "x.png"
    command = [*flags, "--mode=directions", "--n=1", "--columns=3", f"--out={picture}"]
    assert sample.main(command) == 0
    said = json.loads(Image.open(picture).text["ganjax"])
    assert said["mode"] == "directions" and said["projected"] == "latents.npz"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--seed=1"], "--seed=1: .*--mode=grid uses --projected"),
        (["--n=1"], "--n=1: .*--mode=grid uses --projected"),
        (["--mode=traversal"], "--projected=.*: expected a mode that draws projected"),
        (
            ["--mode=truncation", "--truncation=1"],
            "--truncation=1: with --projected, expected",
        ),
        (["--projected="], "--projected=: expected a file"),
        (["--projected=absent.npz"], "projected=absent.npz: expected the latents.npz"),
    ],
)
def test_what_changes_nothing_is_refused(run, loaded, projected, tmp_path, flags, said):
    out = tmp_path / "new" / "x.png"
    stated = f"--workdir={run.path}", f"--projected={projected[0]}"
    command = last_of_each(*stated, *flags)
    with pytest.raises(BadInput, match=said):
        sample.main([*command, f"--out={out}"])
    assert not out.parent.exists()


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "expected an array z or w, found none"),
        ({"w": np.zeros((1, 4, 8)), "z": np.zeros((1, 8))}, "an array z or w, found"),
        ({"w": np.zeros((1, 8))}, "w is float64 1×8, expected floats n×4×8"),
        ({"z": np.zeros((2, 8), int)}, "z is int64 2×8, expected floats n×8"),
        ({"z": np.full((2, 8), np.nan)}, "z has values that are not finite"),
        ({"z": np.zeros((2, 8)), "space": np.array("w")}, "found the space 'w' and"),
        ({"w": np.zeros((0, 4, 8))}, "w is float64 0×4×8"),
        (
            {"z": np.zeros((1, 8)), "state": np.array("x"), "step": np.array(3)},
            "latents of step 7 of .* belong to another state, of step 3",
        ),
    ],
)
def test_a_file_without_latents_of_the_run_is_refused(run, tmp_path, arrays, said):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(BadInput, match=said):
        draw(run, "grid", str(tmp_path / "x.npz"))


def test_an_array_of_the_user_is_drawn(run, projected, tmp_path):
    """Without the name of a space, the styles of the layers may differ."""
    np.savez(tmp_path / "own.npz", w=np.load(projected[0])["w"])
    found = cells(draw(run, "grid", str(tmp_path / "own.npz")), 2)
    assert same(found[0], projected[1])


@pytest.mark.full
def test_a_generator_without_styles(plain, tmp_path):
    """The pictures of latents are drawn, but not truncated: only draws are."""
    run = plain
    z = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    write_latents(tmp_path / "z.npz", Latents("z", z), ["a", "b"], run)
    file = str(tmp_path / "z.npz")
    expected = as_bytes(run.model.decode(z))[..., 0].astype(int)
    drawn = np.asarray(draw(run, "grid", file))[2:, 2:]
    assert np.abs(drawn[:64:8, :64:8] - expected[0]).max() <= 1
    assert draw(run, "directions", file, n=2, columns=3).size[1] == 2 * 2 * 66 + 2
    with pytest.raises(BadInput, match="with styles for --mode='truncation'"):
        draw(run, "truncation", file)
    flags = [f"--workdir={run.path}", f"--projected={file}", "--truncation=1"]
    with pytest.raises(BadInput, match="--truncation=1: with --projected, expected"):
        sample.main([*flags, f"--out={tmp_path / 'x.png'}"])
