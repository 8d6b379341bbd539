"""Anomalies among a user's images. The score of an image is its mean brightness, so
scores, ranks and threshold are known."""

import csv
import json
import re
import types
import zipfile

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.config import resolve
from ganjax.core import Game
from ganjax.data import Arrays, Source, Spec
from ganjax.detection import find_anomalies
from ganjax.errors import BadInput
from ganjax.evaluation import EVALUATORS, EvaluationData
from ganjax.metrics import two_sample_test
from ganjax.model import Model, Sampler, Sampling
from tests.commands import exit_code

# Held-out images of the normal class are flat greys from 0 to 98; others have 200.
LEVELS = np.r_[np.arange(99), np.full(21, 200)].astype(np.uint8)
LABELS = np.r_[np.zeros(99, np.int32), np.ones(21, np.int32)]


def brightness(apply, x):
    return x.mean((1, 2, 3))


def score(level):
    return (2 * level - 255) / 255


def run_of(path, normal=(0,), channels=1, abilities=None):
    """An object with the parts of a run that detection uses."""
    spec = Spec("greys", (4, 4, channels), ("dark", "bright"), normal=normal)
    shape = len(LEVELS), 4, 4, channels
    test = np.broadcast_to(LEVELS.reshape(-1, 1, 1, 1), shape)
    source = Source(spec, Arrays(test[:5], LABELS[:5]), Arrays(test, LABELS))
    given = {"anomaly": brightness} if abilities is None else abilities
    sampler = Sampler(abilities=given)
    state = types.SimpleNamespace(
        step=7, params={}, variables={}, ema={}, key=jax.random.key(0)
    )
    return types.SimpleNamespace(
        path=path, source=source, sampler=sampler, sampling=Sampling(),
        config=resolve({"game": "f_anogan", "data": {"name": "digits"}}),
        model=Model(Game(networks={}, players=()), sampler, state),
    )  # fmt: skip


def write(folder, **images):
    for name, pixels in images.items():
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return str(folder)


def flat(*colour, shape=(4, 4)):
    return np.broadcast_to(np.uint8(colour), (*shape, len(colour))).squeeze()


def test_the_threshold_is_that_of_held_out_normals(tmp_path):
    """With 99 normals and the quantile 0.9 the threshold is the 90th score, of grey 89.
    The bright class is no normal class, and the user's images do not matter."""
    levels = {f"a{x:03}": flat(x) for x in (80, 89, 90, 255)}
    found = find_anomalies(run_of(tmp_path), write(tmp_path / "x", **levels), 0.9)
    assert found.threshold.value == pytest.approx(score(89), abs=1e-7)
    assert found.threshold.rate == pytest.approx(0.1)
    np.testing.assert_allclose(found.scores, [score(x) for x in (80, 89, 90, 255)])
    assert found.anomalous.tolist() == [False, False, True, True]
    assert found.facts["normals"] == 99 and found.facts["anomalies"] == 2
    assert found.facts["protocol"]["normal_classes"] == ["dark"]
    # Without classes that were left out, all 120 held-out images are normal.
    every = find_anomalies(run_of(tmp_path, normal=()), str(tmp_path / "x"), 0.9)
    assert every.threshold.value == pytest.approx(score(200))


def test_the_scores_are_those_of_the_evaluator(tmp_path):
    """The held-out images as files have the AUROC of the evaluator."""
    run = run_of(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, run.source.test.data.shape)
    source = Source(
        run.source.spec, run.source.train, Arrays(noise.astype(np.uint8), LABELS)
    )
    run.source = source
    images = {f"{i:03}": image[..., 0] for i, image in enumerate(noise)}
    found = find_anomalies(run, write(tmp_path / "x", **images), 0.9).scores
    data = EvaluationData(run.sampler, source, samples=100, seed=0)
    expected = dict(EVALUATORS["anomalies"](data).run(run.model))
    ours = two_sample_test(found[LABELS == 1], found[LABELS == 0])["auroc"]
    assert ours == expected[f"anomalies_auroc_{len(LABELS)}"]


def test_images_of_other_sizes_and_kinds_are_fitted(tmp_path):
    """A wide image is cut to its middle, which is white. Red has the grey 76."""
    wide = np.zeros((4, 8), np.uint8)
    wide[:, 2:6] = 255
    large = flat(40, shape=(9, 9))
    clear = flat(0, 0, 0, 0)
    images = {"wide": wide, "large": large, "red": flat(255, 0, 0), "clear": clear,
              "grey_rgb": flat(60, 60, 60)}  # fmt: skip
    path = write(tmp_path / "x", **images)
    found = find_anomalies(run_of(tmp_path), path)
    expected = {"clear": 255, "grey_rgb": 60, "large": 40, "red": 76, "wide": 255}
    assert found.names == [f"{name}.png" for name in expected]
    np.testing.assert_allclose(found.scores, [score(x) for x in expected.values()])
    assert found.coloured == 1
    stretched = find_anomalies(run_of(tmp_path), path, crop="none", filter="box")
    assert stretched.scores[-1] == pytest.approx(0, abs=0.01)  # half of it is white
    assert find_anomalies(run_of(tmp_path, channels=3), path).coloured == 0


def test_the_command_writes_a_table_and_its_threshold(tmp_path, monkeypatch, capsys):
    run = run_of(tmp_path)
    monkeypatch.setattr(ganjax, "load", lambda *a, **k: run)
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "x", **{"sub/a, b": flat(10), "c": flat(240)})
    with zipfile.ZipFile("x.zip", "w") as packed:
        for name in ("sub/a, b.png", "c.png"):
            packed.write(f"x/{name}", name)
    arguments = ("--workdir=run", "x.zip", "--out=found.csv", "--quantile=0.9")
    assert exit_code(monkeypatch, "anomalies.py", *arguments) == 0
    with open("found.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["c.png", "sub/a, b.png"]
    assert [row["anomalous"] for row in rows] == ["1", "0"]
    assert float(rows[0]["score"]) == pytest.approx(score(240), abs=1e-7)
    facts = json.loads((tmp_path / "found.json").read_text())
    assert facts["threshold"] == pytest.approx(score(89))
    assert (facts["quantile"], facts["normals"], facts["images"]) == (0.9, 99, 2)
    assert facts["false_positive_rate"] == pytest.approx(0.1)
    assert facts["protocol"]["step"] == 7
    said = capsys.readouterr().out
    assert "false positives: 10 %" in said and "anomalies: 1 of 2 images" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("broken", "'broken': b.png: is not a readable image"),
        ("cut", "'cut': b.png: cannot be decoded"),
        ("nowhere", "'nowhere': no such file or folder"),
        ("empty", "'empty': has no images"),
        ("a.txt", "a.txt: not a readable .zip"),
        (
            "good --quantile=0.999",
            "expected at least 999 held-out normal samples, .*99",
        ),
        ("good --quantile=1", "quantile=1: expected a number between 0 and 1"),
        ("good --out=a.txt", "--out=a.txt: expected a name that ends in .csv"),
        ("good --crop=centre", "crop='centre': .* did you mean 'center'"),
        ("good --quantil=0.9", "no such flag; did you mean '--quantile'"),
    ],
)
def test_bad_input_is_one_line(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(ganjax, "load", lambda *a, **k: run_of(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("good", "broken", "cut"):
        write(tmp_path / name, a=flat(3))
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    write(tmp_path / "cut", b=noise)
    whole = (tmp_path / "cut/b.png").read_bytes()
    (tmp_path / "cut/b.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "broken/b.png").write_bytes(b"no image")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    arguments = ["--workdir=run", *arguments.split()]
    assert exit_code(monkeypatch, "anomalies.py", *arguments) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and re.search(said, err), err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_run_without_anomaly_scores_or_images_is_refused(tmp_path):
    encodes = run_of(tmp_path, abilities={"encode": brightness})
    with pytest.raises(BadInput, match="ability 'anomaly', .*'f_anogan' has encode"):
        find_anomalies(encodes, "x")
    points = run_of(tmp_path)
    points.source = Source(Spec("points", (2,)), None, None)
    with pytest.raises(BadInput, match="expected a run of images .* samples of 2"):
        find_anomalies(points, "x")
