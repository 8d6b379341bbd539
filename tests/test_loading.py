"""Load a run from Python and from the command line."""

import json

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.commands import evaluate, sample
from ganjax.config import knobs
from ganjax.core import averaged, child_key, init_state, state_digest
from ganjax.errors import BadInput
from ganjax.evaluation import EVALUATORS, EvaluationData
from ganjax.loading import warm_start
from ganjax.metrics import precision_recall
from ganjax.model import Model, Sampling
from tests.tiny import setup
from tests.training.test_resume import train


def flat(x):
    return np.asarray(x).reshape(len(x), -1)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "digits"
    digest, _ = train(path, game="convolutional", steps=10, log__every=5)
    return path, digest


def test_load_gives_the_run_back(run):
    path, digest = run
    loaded = ganjax.load(path)
    assert int(loaded.state.step) == 10
    assert state_digest(loaded.state) == digest
    assert loaded.config.networks.generator.name == "dcgan"
    assert [row["step"] for row in loaded.metrics] == [5, 10]
    images = loaded.sample(jax.random.key(3), 6)
    assert images.shape == (6, 8, 8, 1) and np.abs(images).max() <= 1
    np.testing.assert_array_equal(images, loaded.sample(3, 6))
    # Loading locks and changes nothing, so another load reads the same state.
    assert state_digest(ganjax.load(path).state) == digest


def test_train_goes_on_with_a_run_and_gives_it_back(run):
    """A finished run is not trained again, so this compiles nothing."""
    path, digest = run
    again = ganjax.train(ganjax.load(path).config, path)
    assert state_digest(again.state) == digest
    with pytest.raises(BadInput, match="steps=5: expected at least 10"):
        ganjax.train({**again.config.to_dict(), "steps": 5}, path)


def test_overrides_of_sampling_change_the_scored_model(run):
    """The scores belong to a model that is made with the sampling in the protocol.
    A field that cannot change a trained run is refused."""
    path, _ = run
    loaded = ganjax.load(path)
    asked = {"evaluation.samples": "100", "evaluation.real": "200"}
    found = {}
    for field, value in (
        ("truncation", "0.0"), ("truncation", "0.5"), ("statistics", "standing"),
    ):  # fmt: skip
        sampling = Sampling(**{field: float(value) if value[0] == "0" else value})
        one = loaded.evaluate(["sliced"], {**asked, f"sampling.{field}": value})
        assert str(one["protocol"][field]) == value
        found[value] = one["scores"]["swd_pixels_100"]
        model = Model(loaded.game, loaded.sampler, loaded.state, sampling)
        data = EvaluationData(
            loaded.sampler, loaded.source, samples=100, real=200, seed=0
        )
        assert (
            found[value]
            == dict(EVALUATORS["sliced"](data).run(model))["swd_pixels_100"]
        )
    assert len(set(found.values())) == 3


def test_an_option_of_a_measure_changes_the_score_of_a_run(run):
    path, run = run[0], ganjax.load(run[0])
    asked = {"evaluation.samples": "100", "evaluation.real": "150"}
    k = {"evaluation.precision_recall.k": "9"}
    found = run.evaluate(["precision_recall"], {**asked, **k})
    key = child_key(jax.random.key(run.config.seed), "evaluation")
    chosen = np.random.default_rng(run.config.seed).permutation(len(run.source.train))
    real = run.source.train.data[chosen[:150]] / 127.5 - 1
    expected = precision_recall(flat(real), flat(run.sample(key, 100)), k=9)
    for name, value in expected.items():
        score = found["scores"][f"{name}_pixels_100"]
        assert score == pytest.approx(value, abs=0.011)  # a tie of rounding
    assert found["protocol"]["precision_recall.k"] == 9
    with pytest.raises(BadInput, match="k=9: expected precision_recall among the eval"):
        run.evaluate(["sliced"], {**asked, **k})
    flags = [f"--workdir={path}", "--metrics=kernel", "--samples=100"]
    assert evaluate.main([*flags, "--kernel.subsets=3"]) == 0
    protocols = [json.loads(x.read_text()) for x in run.files.protocols()]
    (made,) = [x for x in protocols if "kernel.subsets" in x["protocol"]]
    assert made["protocol"]["kernel.subsets"] == 3
    with pytest.raises(BadInput, match="kernel.subsets=0: expected at least 1"):
        evaluate.main([*flags, "--kernel.subsets=0"])


@pytest.mark.parametrize(
    "field",
    ["data.name=ring8", "data.limit=5", "latents.size=9", "steps=7", "batch_size=4",
     "precision=bfloat16", "evaluation.every=5", "networks.generator.width=8"],
)  # fmt: skip
def test_overrides_without_effect_are_refused(run, field):
    name, _, text = field.partition("=")
    with pytest.raises(BadInput, match=f"^{field}: expected a field of evaluation or"):
        ganjax.load(run[0]).evaluate(["sliced"], {name: text})


def test_sample_command(run, tmp_path, capsys):
    path, _ = run
    array, picture = tmp_path / "new" / "x.npy", tmp_path / "x.png"
    flags = [f"--workdir={path}", "--n=6", "--seed=3"]
    assert sample.main([*flags, f"--out={array}"]) == 0
    assert sample.main([*flags, f"--out={picture}"]) == 0
    assert "step 10" in capsys.readouterr().out
    np.testing.assert_array_equal(np.load(array), ganjax.load(path).sample(3, 6))
    assert Image.open(picture).size[0] > 8


def test_samples_of_another_truncation(run, tmp_path):
    """A model of this truncation draws them. The run itself is not changed."""
    path, _ = run
    flags = [f"--workdir={path}", "--n=6", "--seed=3", "--truncation=0.5"]
    assert sample.main([*flags, f"--out={tmp_path / 'x.npy'}"]) == 0
    loaded = ganjax.load(path)
    expected = Model(loaded.game, loaded.sampler, loaded.state, Sampling(0.5))
    made = np.load(tmp_path / "x.npy")
    np.testing.assert_array_equal(made, expected.sample(3, 6))
    whole = loaded.sample(3, 6)
    assert np.abs(made - whole).max() > 1e-3
    other = loaded.sampled({"sampling.truncation": "0.5"})
    np.testing.assert_array_equal(other.sample(3, 6), made)
    np.testing.assert_array_equal(loaded.sample(3, 6), whole)
    assert sample.main([*flags, f"--out={tmp_path / 'x.png'}"]) == 0
    said = json.loads(Image.open(tmp_path / "x.png").info["ganjax"])
    assert said["truncation"] == 0.5
    for field, text in (("sampling.truncation", "-1"), ("data.name", "ring8")):
        with pytest.raises(BadInput, match=f"{field}=.*expected"):
            loaded.sampled({field: text})


def test_bad_requests_are_one_line(run, tmp_path):
    path, _ = run
    with pytest.raises(
        BadInput, match="--out=x.jpg.*npy, .smi, .npz, .txt, .csv, .tsv, .parquet or /"
    ):
        sample.main([f"--workdir={path}", "--out=x.jpg"])
    with pytest.raises(BadInput, match="--n=0"):
        sample.main([f"--workdir={path}", "--n=0"])
    with pytest.raises(BadInput, match="expected a run"):
        sample.main([f"--workdir={tmp_path}"])


def test_another_run_begins_with_its_parameters(run, tmp_path):
    """Only the named networks are loaded, with the run's averages if it has them.
    Without names all networks are loaded."""
    path, _ = run
    loaded = ganjax.load(path)
    end = averaged(loaded.game, loaded.state)
    fresh = init_state(loaded.game, jax.random.key(5), knobs(loaded.config))

    def begun(**section):
        config = loaded.config.copy_and_resolve_references().unlock()
        config.start.update({"workdir": str(path), **section})
        return warm_start(config)(fresh)

    state = begun(networks=("generator",))
    for a, b in (
        (state.params["generator"], end["generator"]["params"]),
        (state.ema["generator"], end["generator"]),
        (state.params["discriminator"], fresh.params["discriminator"]),
    ):
        jax.tree.map(np.testing.assert_array_equal, a, b)
    both = begun()
    jax.tree.map(
        np.testing.assert_array_equal,
        both.params["discriminator"],
        end["discriminator"]["params"],
    )
    with pytest.raises(BadInput, match="start.networks='generatr'.*'generator'"):
        begun(networks=("generatr",))
    with pytest.raises(BadInput, match="^start.workdir: .*found none"):
        begun(workdir=str(tmp_path / "nowhere"))
    wider = setup("convolutional", networks__generator__width=8)
    other = jax.eval_shape(
        lambda: init_state(wider.game, jax.random.key(5), wider.knobs)
    )
    config = loaded.config.copy_and_resolve_references().unlock()
    config.start.workdir = str(path)
    with pytest.raises(BadInput, match="expected networks.generator.*there and"):
        warm_start(config)(other)
