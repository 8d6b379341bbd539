"""The data of a run: recorded, compared on resume, and opened only when needed."""

import json
import shutil

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.build import build_game
from ganjax.commands import evaluate, sample
from ganjax.config import knobs, resolve
from ganjax.core import init_state
from ganjax.data import (
    RecordedSource,
    Source,
    differences,
    open_source,
    record_of,
    spec_of,
)
from ganjax.data.synthetic import LAYOUTS
from ganjax.errors import BadInput
from ganjax.loading import located
from ganjax.model import Model
from tests import tiny

CONFIG = {
    **tiny.GAMES["conditional_gan"],
    "batch_size": 8, "steps": 2, "data": {"name": "image_folder", "dir": "data"},
    "log": {"every": 2}, "samples": {"every": 0, "count": 4},
    "evaluation": {"names": ("sliced",), "samples": 100},
}  # fmt: skip
LONGER = CONFIG | {"steps": 4}


def write_images(folder, classes=("cat", "dog"), count=6):
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in classes:
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 256, (8, 8), np.uint8)
                Image.fromarray(pixels).save(folder / split / name / f"{i}.png")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with images, and a run that was started in it."""
    folder = tmp_path_factory.mktemp("start")
    write_images(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        ganjax.train(CONFIG, "run")
    return folder


@pytest.fixture
def start(trained, tmp_path, monkeypatch):
    """A copy of the folder, as the current one and as the start of the run."""
    shutil.copytree(trained, tmp_path / "start")
    record = tmp_path / "start/run/run.json"
    kept = json.loads(record.read_text())
    assert kept["folder"] == str(trained)
    record.write_text(json.dumps(kept | {"folder": str(tmp_path / "start")}))
    monkeypatch.chdir(tmp_path / "start")
    return tmp_path / "start"


def renamed(data):
    (data / "train/dog").rename(data / "train/owl")
    (data / "test/dog").rename(data / "test/owl")
    return "class 1 is 'owl', not 'dog'"


def grown(data):
    shutil.copytree(data / "train/cat", data / "train/bat")
    shutil.copytree(data / "test/cat", data / "test/bat")
    return "2 classes -> 3; class 'bat' is new"


def fewer(data):
    (data / "train/cat/0.png").unlink()
    return "sizes.train: 12 -> 11"


@pytest.mark.parametrize("change", [renamed, grown, fewer])
def test_changed_data_are_refused_and_named(start, change):
    said = change(start / "data")
    before = (start / "run/config.json").read_bytes()
    with pytest.raises(BadInput) as refused:
        ganjax.train(LONGER, "run")
    line = str(refused.value)
    assert "expected the data of this run" in line and said in line
    assert "--allow_config_change resumes anyway" in line and "\n" not in line
    assert (start / "run/config.json").read_bytes() == before


def test_changed_data_are_allowed_on_purpose(start):
    renamed(start / "data")
    run = ganjax.train(LONGER, "run", allow_config_change=True)
    assert int(run.state.step) == 4
    kept = json.loads((start / "run/data.json").read_text())
    assert kept["spec"]["classes"] == ["cat", "owl"]


def test_a_finished_run_samples_without_its_data(start, capsys):
    with_data = ganjax.load("run").sample(0, 6)
    shutil.rmtree(start / "data")
    run = ganjax.load("run")
    np.testing.assert_array_equal(run.sample(0, 6), with_data)
    assert run.source.spec.classes == ("cat", "dog")
    assert sample.main(["--workdir=run", "--n=6", "--out=x.png"]) == 0
    with pytest.raises(BadInput, match="^data.dir='data': no such file"):
        evaluate.main(["--workdir=run"])
    with pytest.raises(BadInput, match="^data.dir='data': no such file"):
        ganjax.train(LONGER, "run")


def test_names_of_files_are_relative_to_the_start(start, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    run = ganjax.load(start / "run")
    assert len(run.source.train) == 12
    assert evaluate.main([f"--workdir={start / 'run'}"]) == 0
    assert int(ganjax.train(LONGER, start / "run").state.step) == 4
    assert json.loads((start / "run/config.json").read_text())["data"]["dir"] == "data"
    kept = json.loads((start / "run/run.json").read_text())
    assert kept["folder"].endswith("start")
    with pytest.raises(BadInput, match="^data.dir='data': no such file"):
        ganjax.train(CONFIG, "new")  # a new run is relative to this folder
    warm = CONFIG | {"data": {"name": "image_folder", "dir": str(start / "data")}}
    moved = ganjax.train(warm | {"start": {"workdir": "../start/run"}}, "warm")
    assert int(moved.state.step) == 2


@pytest.mark.parametrize(
    "stated, found",
    [
        ("data", "/start/data"),
        ("train, test", "/start/train,/start/test"),
        ("/a,~/b", "/a,~/b"),
        ("/a,b", "/a,/start/b"),
        ("", ""),
    ],
)
def test_each_part_of_a_name_is_relative_to_the_start(stated, found):
    config = resolve(CONFIG | {"data": {"name": "image_folder", "dir": stated}})
    assert located(config, "/start").data.dir == found


@pytest.mark.parametrize("name", [*LAYOUTS, "digits", "unpaired", "paired"])
def test_a_specification_survives_json(name):
    spec = open_source(name).spec
    kept = json.loads(json.dumps(record_of(open_source(name))))
    again = spec_of(kept)
    for field, value in vars(spec).items():
        if isinstance(value, np.ndarray):
            assert getattr(again, field).dtype == value.dtype == np.float64
            np.testing.assert_array_equal(getattr(again, field), value)
        else:
            assert getattr(again, field) == value, field
    assert differences(kept, record_of(open_source(name))) == []


def test_facts_about_the_data_are_compared_but_not_the_lines_for_the_user():
    source = open_source("digits")

    def record(**about):
        return record_of(Source(source.spec, source.train, source.test, about))

    first = record(digest="a1", counts={"train": {"cat": 5, "dog": np.int64(6)}})
    other = record(digest="b2", counts={"train": {"cat": 5, "owl": 6}}, shown=["x"])
    assert sorted(differences(first, other)) == [
        "counts.train.dog: 6 -> absent",
        "counts.train.owl: absent -> 6",
        "digest: a1 -> b2",
    ]
    many = record(**{f"fact{i}": i for i in range(9)})
    assert differences(record(), many)[-1] == "3 more"


def test_lines_about_the_data_are_shown_at_the_start(tmp_path, monkeypatch, capsys):
    from ganjax import build

    made = open_source("ring8")
    source = Source(made.spec, made.train, made.test, {"shown": ["8 modes of 1 ring"]})
    monkeypatch.setattr(build, "source_of", lambda section: source)
    ganjax.train({**tiny.GAMES["gan"], "batch_size": 8, "steps": 1}, tmp_path / "run")
    assert "8 modes of 1 ring" in capsys.readouterr().err.splitlines()
    assert "8 modes of 1 ring" in (tmp_path / "run/train.log").read_text()


def test_only_games_of_examples_open_the_data_to_sample():
    def sampled(name, opener):
        stated = {"batch_size": 8, **tiny.GAMES[name]}
        config = resolve(stated)
        spec = open_source(config.data.name).spec
        game, sampler = build_game(config, RecordedSource(spec, opener))
        state = init_state(game, jax.random.key(0), knobs(config))
        return Model(game, sampler, state).sample(0, 3)

    def missing():
        raise BadInput("no data")

    assert sampled("infogan", missing).shape == (3, 2)
    for name in ("cyclegan", "super_resolution", "inpainting"):
        with pytest.raises(BadInput, match="no data"):
            sampled(name, missing)
        opened = []

        def opener(name=name, opened=opened):
            opened.append(1)
            return open_source(tiny.GAMES[name]["data"]["name"])

        assert len(sampled(name, opener)) == 3 and opened == [1]
