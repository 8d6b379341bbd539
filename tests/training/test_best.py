"""The best checkpoint, its evaluation after training, and a comparison of two runs."""

import json

import pytest

import ganjax
from ganjax.commands import evaluate, report
from ganjax.errors import BadInput
from tests.training.test_resume import train

SCORE, HIGHER = "swd_points_100", "density_points_100"
OPTIONS = {
    "game": "gan",
    "steps": 12,
    "log__every": 4,
    "checkpoint__every": 4,
    "checkpoint__keep": 1,
    "checkpoint__best": SCORE,
    "evaluation__every": 2,
    "evaluation__names": "sliced,density_coverage",
    "evaluation__samples": 100,
    "evaluation__real": 500,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs with two seeds. One keeps its least distance, the other its greatest
    density. No option states whether lower or higher is better."""
    folder = tmp_path_factory.mktemp("runs")
    more = {"checkpoint__best": HIGHER, "seed": 1}
    for name, options in (("least", OPTIONS), ("greatest", {**OPTIONS, **more})):
        train(folder / name, **options)
    return folder


@pytest.mark.parametrize(
    ("name", "score", "choose"), [("least", SCORE, min), ("greatest", HIGHER, max)]
)
def test_the_best_of_all_evaluations_is_kept(runs, name, score, choose):
    run = ganjax.load(runs / name)
    rows = [row for row in run.metrics if f"evaluation/{score}" in row]
    assert [row["step"] for row in rows] == [2, 4, 6, 8, 10, 12]
    values = [row[f"evaluation/{score}"] for row in rows]
    assert min(values) < max(values)
    best = choose(rows, key=lambda row: row[f"evaluation/{score}"])
    assert int(run.best.step) == best["step"]
    again = run.evaluate(best=True)
    assert again["scores"][score] == pytest.approx(best[f"evaluation/{score}"])
    assert again["protocol"]["step"] == best["step"]


def test_a_run_that_goes_on_knows_its_best(runs):
    """The best checkpoint agrees with the records of all old and new evaluations."""
    train(runs / "least", **{**OPTIONS, "steps": 20})
    run = ganjax.load(runs / "least")
    rows = [row for row in run.metrics if f"evaluation/{SCORE}" in row]
    assert rows[-1]["step"] == 20
    best = min(rows, key=lambda row: row[f"evaluation/{SCORE}"])
    assert int(run.best.step) == best["step"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("swd", f"one of .*{SCORE}"), (f"{SCORE}_floor", "lower or higher is better")],
)
def test_no_score_to_choose_by_is_found_before_training(tmp_path, name, said):
    with pytest.raises(BadInput, match=f"checkpoint.best='{name}': .*{said}"):
        train(tmp_path / "run", **{**OPTIONS, "checkpoint__best": name})
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_evaluate_writes_scores_with_their_protocol(runs, capsys):
    folder = runs / "greatest"
    assert evaluate.main([f"--workdir={folder}", "--metrics=kernel,sliced"]) == 0
    assert evaluate.main([f"--workdir={folder}", "--metrics=modes"]) == 0
    shown = capsys.readouterr().out
    assert "kd_points_100 " in shown and "kd_points_100_floor" in shown
    assert "100 generated against 500 real samples of ring8/train; floors" in shown
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


def test_several_truncations_and_seeds_are_a_table(runs, capsys):
    """Each pair of values has a file. An entry is the mean of the seeds' scores, with
    their standard deviation (of n − 1)."""
    folder = runs / "greatest"
    flags = [f"--workdir={folder}", "--metrics=sliced"]
    before = set((folder / "evaluation").glob("protocol-*.json"))
    several = ["--truncation=0.5,1", "--seeds=3,4"]
    assert evaluate.main([*flags, *several]) == 0
    lines = capsys.readouterr().out.splitlines()
    made = set((folder / "evaluation").glob("protocol-*.json")) - before
    found = {}
    for path in made:
        one = json.loads(path.read_text())
        place = one["protocol"]["truncation"], one["protocol"]["seed"]
        found[place] = one["scores"][SCORE]
    assert set(found) == {(0.5, 3), (0.5, 4), (1.0, 3), (1.0, 4)}
    assert len(set(found.values())) == 4
    (head,) = [line.split() for line in lines if line.startswith("  ")]
    assert head == ["truncation", "0.5", "truncation", "1"]
    (row,) = [line.split() for line in lines if line.startswith(f"{SCORE} ")]
    for first, truncation in ((1, 0.5), (4, 1.0)):
        a, b = found[truncation, 3], found[truncation, 4]
        assert float(row[first]) == pytest.approx((a + b) / 2, rel=1e-4)
        spread = abs(a - b) / 2**0.5  # the standard deviation of two values
        assert float(row[first + 2]) == pytest.approx(spread, rel=0.06)
    for path in made:
        path.unlink()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--seed=1", "--seeds=2"], "--seeds=2: expected either --seed or --seeds"),
        (["--seeds=1,1"], "--seeds=1,1: expected different values"),
        (["--truncation="], "--truncation=: expected different values"),
        (["--truncation=-1"], "sampling.truncation=-1.0: expected at least 0"),
        (["--truncation=much"], "sampling.truncation='much': expected float"),
    ],
)
def test_wrong_truncations_and_seeds_are_one_line(runs, flags, said):
    with pytest.raises(BadInput, match=said):
        evaluate.main([f"--workdir={runs / 'greatest'}", "--metrics=sliced", *flags])


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
