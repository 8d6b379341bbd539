"""Samples of prompts (ganjax sample --prompt, --prompts), and pictures of captions."""

import json

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.build import build, build_game
from ganjax.commands import sample
from ganjax.config import knobs, resolve
from ganjax.core import init_state
from ganjax.data import RecordedSource
from ganjax.errors import BadInput
from ganjax.model import Model
from ganjax.run_files import RunFiles
from ganjax.training import Checkpoints
from tests import tiny

SEVEN, THREES = "a small red seven above a green circle", "two blue threes on the left"


def untrained(path, name, **changes):
    files = RunFiles(path)
    config = resolve({"batch_size": 8, **tiny.GAMES[name], **changes})
    files.describe(config.to_dict())
    setup = build(config)
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    with Checkpoints(files.checkpoints) as checkpoints:
        checkpoints.save(state)
    return files.path


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The folder of a run of text to image that is not trained."""
    return untrained(tmp_path_factory.mktemp("runs") / "scenes", "text_to_image")


def asked(path, *flags):
    return sample.main([f"--workdir={path}", *flags])


def test_prompts_take_turns(path, tmp_path):
    out = tmp_path / "made.npy"
    prompts = (f"--prompt={SEVEN}", f"--prompt={THREES}")
    assert asked(path, *prompts, "--n=5", f"--out={out}") == 0
    run = ganjax.load(path)
    language = run.source.spec.captions
    tokens = np.stack([language.tokens(text) for text in (SEVEN, THREES)])
    z = np.asarray(run.model.latents(jax.random.key(0), 5))
    wanted = run.model.decode(z, tokens[[0, 1, 0, 1, 0]])
    np.testing.assert_allclose(np.load(out), wanted, atol=1e-6)
    # The same latents with the captions in the other order.
    other = run.model.decode(z, tokens[[1, 0, 1, 0, 1]])
    assert np.abs(other - wanted).max((1, 2, 3)).min() > 1e-4


def test_a_file_for_each_image_holds_its_prompt(path, tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_text(f"{SEVEN.upper()}!\n\n{THREES}\n")
    folder = tmp_path / "made"
    assert asked(path, f"--prompts={file}", "--seeds=0,1,3", f"--out={folder}/") == 0
    found = said_in(folder)
    assert found == {"seed000000": SEVEN, "seed000001": THREES, "seed000003": THREES}
    listed = (folder / "captions.csv").read_text().splitlines()
    assert listed == ["file,caption", *(f"{x}.png,{y}" for x, y in found.items())]
    # Held-out captions are not prompts, but each file holds its own too.
    assert asked(path, "--seeds=1", f"--out={folder}/held_out/") == 0
    shown = ganjax.load(path).source.spec.captions.shown
    assert said_in(folder / "held_out") == {"seed000001": shown[1]}


@pytest.mark.parametrize("image", ["cat.png,a cat", "seedling.png,a seedling"])
def test_a_list_of_other_images_stays(path, tmp_path, image):
    listed = tmp_path / "captions.csv"
    listed.write_text(f"file,caption\n{image}\n")
    with pytest.raises(BadInput, match="without captions of other images"):
        asked(path, f"--prompt={SEVEN}", "--seeds=0", f"--out={tmp_path}/")
    assert [x.name for x in tmp_path.iterdir()] == ["captions.csv"]
    assert listed.read_text() == f"file,caption\n{image}\n"


def said_in(folder):
    found = {}
    for name in sorted(folder.glob("*.png")):
        with Image.open(name) as picture:
            said = json.loads(picture.text["ganjax"])
        assert "prompts" not in said
        found[name.stem] = said["prompt"]
    return found


@pytest.mark.full
def test_every_prompt_of_a_file_is_drawn(path, tmp_path):
    """A grid has 64 samples, and rows of captions are 8, unless there are more
    prompts."""
    file, out = tmp_path / "prompts.txt", tmp_path / "made.npy"
    file.write_text(f"{SEVEN}\n" * 69 + THREES)
    assert asked(path, f"--prompts={file}", f"--out={out}") == 0
    assert np.load(out).shape == (70, 16, 16, 3)
    rows, cell = tmp_path / "rows.png", 4 * 16 + 2 + 2 + 16
    file.write_text(f"{SEVEN}\n" * 9)
    flags = ("--mode=captions", "--columns=1", f"--out={rows}")
    for more, count in (((), 9), (("--n=4",), 4)):
        assert asked(path, *flags, f"--prompts={file}", *more) == 0
        with Image.open(rows) as picture:
            assert picture.height == count * cell


def test_a_picture_of_captions_has_a_row_for_each(path, tmp_path):
    out = tmp_path / "rows.png"
    flags = ("--mode=captions", "--columns=3", f"--out={out}")
    assert asked(path, *flags, f"--prompt={SEVEN}", f"--prompt={THREES}") == 0
    cell, text = 4 * 16 + 2, 16
    with Image.open(out) as picture:
        assert picture.height == 2 * (cell + 2 + text)
        assert json.loads(picture.text["ganjax"])["prompts"] == [SEVEN, THREES]
    assert asked(path, *flags, "--n=1") == 0
    with Image.open(out) as picture:
        assert picture.height == cell + 2 + text


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--prompt=a small rad seven"], "have no 'rad'; did you mean 'red'"),
        (["--prompt="], "prompt='': expected at least one word"),
        (["--prompt=" + 11 * "a "], "expected at most 10 words, found 11"),
        (["--prompts=/no/such/file"], "--prompts=/no/such/file: cannot be read"),
        (["--prompts="], "--prompts=: expected a file"),
        (["--prompts={empty}"], "expected a caption in each line, found none"),
        (
            ["--prompt=a red two", "--projected=x.npz"],
            "--prompt=a red two: expected no --projected with it",
        ),
        (["--classes=3"], "expected a game that generates by label"),
    ],
)
def test_a_wrong_prompt_is_one_line(path, tmp_path, flags, problem):
    empty = tmp_path / "empty.txt"
    empty.write_text("\n \n")
    with pytest.raises(BadInput) as refused:
        asked(path, *(flag.format(empty=empty) for flag in flags))
    assert problem in str(refused.value) and "\n" not in str(refused.value)


def test_other_games_take_no_prompts(tmp_path):
    path = untrained(tmp_path / "run", "gan", data={"name": "digits"})
    with pytest.raises(
        BadInput, match="prompt='a cat': expected a game that generates"
    ):
        asked(path, "--prompt=a cat")
    with pytest.raises(BadInput, match="expected a run with captions, such as"):
        asked(path, "--mode=captions")


def test_samples_need_no_data():
    """The words and some held-out captions are in the record of the data."""
    config = resolve({"batch_size": 8, **tiny.GAMES["text_to_image"]})
    spec = build(config).source.spec

    def missing():
        raise BadInput("no data")

    game, sampler = build_game(config, RecordedSource(spec, missing))
    state = init_state(game, jax.random.key(0), knobs(config))
    model = Model(game, sampler, state)
    made = model.sample(0, 3)
    tokens = [spec.captions.tokens(text) for text in spec.captions.shown[:3]]
    np.testing.assert_array_equal(model.labels(3), tokens)
    z = np.asarray(model.latents(jax.random.key(0), 3))
    np.testing.assert_allclose(made, model.decode(z, np.stack(tokens)), atol=1e-6)


@pytest.mark.full
@pytest.mark.parametrize(
    ("mode", "rows", "columns"), [("mean", 1, 2), ("directions", 2, 3)]
)
def test_modes_of_latents_draw_the_prompts(path, tmp_path, mode, rows, columns):
    """There is a mean image for each caption. Directions have three columns and two
    rows here."""
    out = tmp_path / "made.png"
    flags = [] if mode == "mean" else ["--columns=3", "--n=2"]
    prompts = (f"--prompt={SEVEN}", f"--prompt={THREES}")
    assert asked(path, f"--mode={mode}", f"--out={out}", *flags, *prompts) == 0
    cell = 4 * 16 + 2
    with Image.open(out) as picture:
        assert picture.size == (cell * columns + 2, cell * rows + 2)


@pytest.mark.full
def test_pictures_without_captions_are_not_inverted(path):
    with pytest.raises(BadInput, match="expected a game without captions"):
        asked(path, "--mode=inversions", "--n=1")
    with pytest.raises(BadInput, match="expected a game without captions"):
        ganjax.project(ganjax.load(path), ["x.png"])
