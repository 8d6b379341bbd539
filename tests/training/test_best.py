"""The best checkpoint, its scores anew, and scores of two runs beside each other."""

import json

import pytest

import ganjax
from ganjax.errors import BadInput
from scripts import evaluate, report
from tests.training.test_resume import train

SCORE = "swd_points_100"
OPTIONS = {
    "game": "gan",
    "steps": 12,
    "log__every": 4,
    "checkpoint__every": 4,
    "checkpoint__keep": 1,
    "checkpoint__best": SCORE,
    "evaluation__every": 2,
    "evaluation__names": "sliced",
    "evaluation__samples": 100,
    "evaluation__real": 500,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The least and the greatest distance kept, of two seeds."""
    folder = tmp_path_factory.mktemp("runs")
    for name, more in (
        ("least", {}),
        ("greatest", {"checkpoint__best_is": "greatest", "seed": 1}),
    ):
        train(folder / name, **OPTIONS, **more)
    return folder


@pytest.mark.parametrize(("name", "choose"), [("least", min), ("greatest", max)])
def test_the_best_of_all_evaluations_is_kept(runs, name, choose):
    run = ganjax.load(runs / name)
    rows = [row for row in run.metrics if f"evaluation/{SCORE}" in row]
    assert [row["step"] for row in rows] == [2, 4, 6, 8, 10, 12]
    best = choose(rows, key=lambda row: row[f"evaluation/{SCORE}"])
    assert int(run.best.step) == best["step"]
    again = run.evaluate(best=True)
    assert again["scores"][SCORE] == pytest.approx(best[f"evaluation/{SCORE}"])
    assert again["protocol"]["step"] == best["step"]


def test_a_run_that_goes_on_knows_its_best(runs):
    """Seven evaluations more, whatever they find, agree with the records of all."""
    train(runs / "least", **{**OPTIONS, "steps": 20})
    run = ganjax.load(runs / "least")
    rows = [row for row in run.metrics if f"evaluation/{SCORE}" in row]
    assert rows[-1]["step"] == 20
    best = min(rows, key=lambda row: row[f"evaluation/{SCORE}"])
    assert int(run.best.step) == best["step"]


def test_a_wrong_name_is_found_before_training(tmp_path):
    with pytest.raises(BadInput, match=f"checkpoint.best='swd': .*one of {SCORE}"):
        train(tmp_path / "run", **{**OPTIONS, "checkpoint__best": "swd"})
    assert not (tmp_path / "run" / "metrics.jsonl").exists()


def test_evaluate_writes_scores_with_their_protocol(runs, capsys):
    folder = runs / "greatest"
    assert evaluate.main([f"--workdir={folder}", "--metrics=kernel,sliced"]) == 0
    assert evaluate.main([f"--workdir={folder}", "--metrics=modes"]) == 0
    shown = capsys.readouterr().out
    assert "kd_points_100 " in shown and "kd_points_100_floor" in shown
    (path,) = (folder / "evaluation").glob("protocol-*.json")
    found = json.loads(path.read_text())
    assert {"modes", SCORE, "kd_points_100"} <= set(found["scores"])
    own = json.loads((folder / "evaluation" / "00000012.json").read_text())
    assert found["protocol"] == own["protocol"]
    assert found["scores"][SCORE] == pytest.approx(own["scores"][SCORE])
    with pytest.raises(BadInput, match="kernal.*did you mean 'kernel'"):
        evaluate.main([f"--workdir={folder}", "--metrics=kernal"])
    with pytest.raises(BadInput, match="evaluation.samples=5"):
        evaluate.main([f"--workdir={folder}", "--samples=5"])


def test_only_scores_of_one_protocol_are_compared(runs, capsys):
    pair = [str(runs / "least"), str(runs / "greatest")]
    assert report.main(["--compare", *pair]) == 0
    shown = capsys.readouterr().out
    assert SCORE in shown and "100 samples against 500 of ring8/train" in shown
    other = runs / "least" / "evaluation"
    for path in other.glob("*.json"):
        found = json.loads(path.read_text())
        found["protocol"]["fake"] = 5000
        path.write_text(json.dumps(found))
    with pytest.raises(BadInput, match="protocols are not compared: fake is 5000 and"):
        report.main(["--compare", *pair])
    with pytest.raises(BadInput, match="sweep=x: expected the folder of a sweep"):
        report.main(["--compare", *pair, "--workdir=x"])
