"""Scores and samples of some classes, and samples by seed, of a conditional run."""

import json
import math
import signal

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.build import build
from ganjax.commands import evaluate, sample
from ganjax.config import resolve
from ganjax.core import child_key, init_state
from ganjax.errors import BadInput
from ganjax.metrics import frechet_distance, moments
from ganjax.run_files import RunFiles
from ganjax.signals import Stopped, answered
from ganjax.training import Checkpoints
from tests import tiny

CLASSES = (3, 7)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The folder of a run that is not trained."""
    files = RunFiles(tmp_path_factory.mktemp("runs") / "digits")
    game = {**tiny.GAMES["conditional_gan"], "data": {"name": "digits"}}
    config = resolve({"batch_size": 8, **game})
    files.describe(config.to_dict())
    setup = build(config)
    with Checkpoints(files.checkpoints) as checkpoints:
        checkpoints.save(init_state(setup.game, jax.random.key(0), setup.knobs))
    return files.path


@pytest.fixture(scope="module")
def run(path):
    return ganjax.load(path)


def flat(x):
    return np.asarray(x).reshape(len(x), -1)


def test_scores_of_classes_compare_these_classes_alone(run, path, capsys):
    """The distances are computed by hand: from samples with the labels 3 and 7 in turn,
    to the training and the test images that have them."""
    asked = {"evaluation.samples": "100"}
    found = run.evaluate(["frechet"], asked, classes=["7", 3])
    key = child_key(jax.random.key(run.config.seed), "evaluation")
    z = run.model.latents(key, 100)
    made = run.model.decode(np.asarray(z), np.resize(CLASSES, 100))
    sets = [
        x.data[np.isin(x.label, CLASSES)] / 127.5 - 1
        for x in (run.source.train, run.source.test)
    ]
    real = moments(flat(sets[0]))
    expected = frechet_distance(*real, *moments(flat(made)))
    assert found["scores"]["fd_pixels_100"] == pytest.approx(expected, rel=1e-4)
    protocol = found["protocol"]
    assert protocol["classes"] == ["3", "7"]
    assert protocol["real"] == len(sets[0]) and protocol["held_out"] == len(sets[1])
    whole = run.evaluate(["frechet"], asked)
    assert "classes" not in whole["protocol"]
    assert whole["scores"]["fd_pixels_100"] != found["scores"]["fd_pixels_100"]
    flags = [f"--workdir={path}", "--metrics=frechet", "--samples=100"]
    assert evaluate.main([*flags, "--classes=3,7"]) == 0
    out = capsys.readouterr().out
    assert "only the classes 3, 7" in out
    assert f"{found['scores']['fd_pixels_100']:.5g}" in out


def test_labels_are_the_chosen_ones_in_turn(run):
    model = run.sampled({}, classes=CLASSES).model
    np.testing.assert_array_equal(model.labels(5), [3, 7, 3, 7, 3])
    key = jax.random.key(2)
    expected = run.model.decode(np.asarray(run.model.latents(key, 5)), model.labels(5))
    np.testing.assert_allclose(model.sample(key, 5), expected, atol=1e-6)


@pytest.mark.full
def test_standing_statistics_are_of_all_classes(run):
    """So the same network draws every choice of classes."""
    pairs = [
        run.sampled({"sampling.statistics": "standing"}, classes=x).model.variables
        for x in ((), CLASSES)
    ]
    jax.tree.map(np.testing.assert_array_equal, *pairs)


@pytest.mark.parametrize(
    ("classes", "metrics", "said"),
    [
        (["3", "eleven"], "frechet", "classes=3,eleven: expected different labels or"),
        ([3, "3"], "frechet", "classes=3,3: expected different labels"),
        ([3], "pixels", "names='pixels': only some classes were chosen, expected all"),
    ],
)
def test_bad_classes_are_one_line(run, classes, metrics, said):
    with pytest.raises(BadInput, match=said):
        run.evaluate([metrics], {"evaluation.samples": "100"}, classes=classes)


def test_a_seed_gives_the_same_picture_in_every_list(run, path, tmp_path, capsys):
    """Seed 12 has the label 12 mod 10. With two classes it has the first of them."""
    flags = [f"--workdir={path}"]
    assert sample.main([*flags, "--seeds=0-3,12", f"--out={tmp_path / 'a'}/"]) == 0
    names = [f"seed{x:06}.png" for x in (0, 1, 2, 3, 12)]
    assert sorted(x.name for x in (tmp_path / "a").iterdir()) == names
    assert sample.main([*flags, "--seeds=12", f"--out={tmp_path / 'b'}/"]) == 0
    one, same = (tmp_path / x / names[-1] for x in "ab")
    assert one.read_bytes() == same.read_bytes()
    assert json.loads(Image.open(one).info["ganjax"])["seed"] == 12
    for classes, label in (((), 2), ((7, 4), 7), ((4,), 4)):
        model = run.sampled({}, classes).model
        z = np.asarray(run.model.latents(jax.random.key(12), 1))
        expected = run.model.decode(z, np.array([label]))
        made = model.of_seeds([5, 12])[1:]
        np.testing.assert_allclose(made, expected, atol=1e-6)
        np.testing.assert_array_equal(made, model.of_seeds([12]))
        other = run.model.decode(z, np.array([9]))
        assert np.abs(expected - other).max() > 1e-2
    array = tmp_path / "x.npy"
    chosen = [*flags, "--seeds=12,5", "--classes=7,4", f"--out={array}"]
    assert sample.main(chosen) == 0
    expected = run.sampled({}, (7, 4)).model.of_seeds([12, 5])
    np.testing.assert_array_equal(np.load(array), expected)
    assert sample.main([*flags, "--seeds=1,2", f"--out={tmp_path / 'x.png'}"]) == 0
    assert "samples of" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--seeds=1-"], "--seeds=1-: expected seeds and ranges, as in 0-7,12"),
        (["--seeds="], "--seeds=: expected seeds and ranges"),
        (["--seeds=7-3"], "--seeds=7-3: expected rising numbers below 2.32"),
        (["--seeds=4294967296"], "expected rising numbers below 2.32"),
        (["--seeds=0-3,2"], "--seeds=0-3,2: expected different values"),
        (["--seeds=0-1000000"], "expected at most 1,000,000 seeds"),
        (["--seeds=1", "--seed=1"], "--seeds=1: expected no --seed with it"),
        (["--seeds=1", "--n=4"], "--seeds=1: expected no --n with it"),
        (["--seeds=1", "--mode=classes"], "--seeds=1: expected no --mode with it"),
        (["--classes="], "--classes=: expected classes by name or number"),
        (["--classes=11"], "classes=11: expected different labels or names of classes"),
    ],
)
def test_wrong_lists_are_one_line(path, tmp_path, monkeypatch, flags, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=said):
        sample.main([f"--workdir={path}", *flags])
    assert not list(tmp_path.iterdir())


def test_a_signal_after_a_file_of_scores(path, monkeypatch):
    """The line counts the file that was just written."""
    write = evaluate._write

    def signalled(files, made):
        written = write(files, made)
        signal.raise_signal(signal.SIGTERM)
        return written

    monkeypatch.setattr(evaluate, "_write", signalled)
    asked = [f"--workdir={path}", "--metrics=frechet", "--samples=100", "--seeds=91-93"]
    with pytest.raises(Stopped) as stop, answered():
        evaluate.main(asked)
    assert stop.value.said == "incomplete, 1 of 3 evaluations are written"
    assert stop.value.code == 143


@pytest.mark.parametrize(
    ("values", "said"),
    [((1.0, 3.0), "2 ± 1.4"), ((math.inf, 1.0), "inf ± nan"), ((2.5,), "2.5")],
)
def test_a_score_over_seeds_may_be_infinite(values, said):
    scores = [{"reverse_kl": value} for value in values]
    assert evaluate._entry("reverse_kl", scores).strip() == said
