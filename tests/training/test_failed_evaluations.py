"""An evaluation that cannot be made, fails or is killed loses no training."""

import json
import textwrap

import pytest

import ganjax
from ganjax import names
from ganjax.commands import report
from ganjax.commands import train as train_command
from ganjax.errors import BadInput
from ganjax.evaluation import Evaluation
from ganjax.run_files import RunFiles
from ganjax.training import run_archive, samples
from tests.training.test_resume import ROOT, command, contents, result, train

EVERY_TEN = {
    "game": "gan", "steps": 30, "log__every": 10, "checkpoint__every": 10,
    "samples__every": 10, "evaluation__every": 10, "evaluation__names": "sliced",
    "evaluation__samples": 100, "evaluation__real": 100,
}  # fmt: skip
BEST = EVERY_TEN | {"checkpoint__best": "swd_points_100"}

FAULTY = """
    import os
    import signal

    from ganjax.errors import Uncomputable


    class Late:
        higher = ("late",)

        def __init__(self, evaluation_data):
            pass

        def run(self, model):
            if model.step == 20:
                raise ERROR
            yield "late", -float(model.step)
"""


STOPPING = """
    import signal

    CAME = []


    class Late:
        higher = ("late",)

        def __init__(self, evaluation_data):
            pass

        def run(self, model):
            if model.step == 20 and not CAME:
                CAME.append(signal.raise_signal(signal.SIGTERM))
            yield "late", -float(model.step)
"""


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    """Write a module with an evaluator that raises at step 20. Return its path."""

    def write(name, error):
        text = textwrap.dedent(FAULTY).replace("ERROR", error)
        (tmp_path / f"{name}.py").write_text(text)
        names.beside(tmp_path)
        return f"{name}:Late"

    return write


def run_command(workdir, monkeypatch, capsys, **options):
    """Return the exit code and stderr of ``ganjax train`` in this process."""
    monkeypatch.chdir(ROOT)
    capsys.readouterr()
    code = train_command.main(command(workdir, **options)[2:])
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    "error",
    [
        pytest.param("KeyError('a bug')", id="bug"),
        pytest.param("Uncomputable('not finite')", id="known", marks=pytest.mark.full),
    ],
)
def test_a_failed_evaluation_is_recorded_and_training_continues(
    faulty, tmp_path, monkeypatch, capsys, error
):
    known = error.startswith("Unc")
    late, run = faulty("known" if known else "bug", error), tmp_path / "run"
    options = EVERY_TEN | {
        "evaluation__names": f"sliced,{late}",
        "checkpoint__best": "late",
    }
    code, err = run_command(run, monkeypatch, capsys, **options)
    why = "not finite" if known else "KeyError: 'a bug'"
    said = f"evaluation.names='{late}' failed at step 20: {why}"
    assert code == 1
    assert err.splitlines()[-1] == f"error: {said}"
    assert ("Traceback" in err) is not known
    files = RunFiles(run)
    status = files.read_status()
    assert (status["state"], status["step"]) == ("finished", 30)
    assert status["failed_evaluations"] == [
        {"step": 20, "evaluator": late, "reason": why}
    ]
    kept = json.loads(files.evaluation(20).read_text())
    assert kept["failed"] == {late: why} and "swd_points_100" in kept["scores"]
    assert [r["step"] for r in files.rows() if "evaluation/late" in r] == [10, 30]
    assert int(ganjax.load(run).best.step) == 10  # later steps score lower
    assert report.main([str(run)]) == 0
    assert "failed at step 20" in files.report.read_text()
    again, err = run_command(run, monkeypatch, capsys, **options)
    assert again == 1 and err.splitlines()[-1] == f"error: {said}"


@pytest.mark.parametrize("name", ["inception_score", "intra_frechet"])
def test_what_an_evaluator_needs_is_known_before_step_1(tmp_path, name):
    with pytest.raises(BadInput, match=f"^evaluation.names='{name}': .*, expected "):
        train(tmp_path / "run", **EVERY_TEN | {"evaluation__names": name})
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def test_a_signal_is_answered_between_two_evaluators(tmp_path, monkeypatch, capsys):
    """It comes in the first one, at the last step. The run is not finished then."""
    (tmp_path / "stopping.py").write_text(textwrap.dedent(STOPPING))
    names.beside(tmp_path)
    run, files = tmp_path / "run", RunFiles(tmp_path / "run")
    options = EVERY_TEN | {"steps": 20, "evaluation__names": "stopping:Late,sliced"}
    code, _ = run_command(run, monkeypatch, capsys, **options)
    status = files.read_status()
    assert (code, status["state"], status["step"]) == (143, "interrupted", 20)
    assert [*files.evaluations()] == [10] and 20 not in files.pictures()
    code, _ = run_command(run, monkeypatch, capsys, **options)
    assert (code, files.read_status()["state"]) == (0, "finished")
    scores = json.loads(files.evaluation(20).read_text())["scores"]
    assert scores["late"] == -20 and "swd_points_100" in scores
    rows = [row["step"] for row in files.rows() if "evaluation/late" in row]
    assert rows == [10, 20] and 20 in files.pictures()


class Killed(BaseException):
    """The process dies, so no handler of errors runs."""


def dying(original, last_call):
    """Return ``original``, which dies in call number ``last_call``."""
    calls = []

    def call(*arguments, **keywords):
        calls.append(arguments)
        if len(calls) == last_call:
            raise Killed
        return original(*arguments, **keywords)

    return call


# Where the process dies -> (owner and name of a function, the number of its call that
# belongs to step 20).
MOMENTS = {
    "while it scores": (Evaluation, "attempt", 2),
    "while it draws": (samples, "scatter", 3),
    "before the scores are a file": (run_archive, "write_json", 2),
}
QUICK = ("before the scores are a file",)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(folder, **BEST)
    return folder


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.full)
        for name in MOMENTS
    ],
)
def test_a_kill_between_checkpoint_and_scores_is_made_up_for(
    whole, tmp_path, monkeypatch, moment
):
    parts = tmp_path / "parts"
    owner, name, last_call = MOMENTS[moment]
    monkeypatch.setattr(owner, name, dying(getattr(owner, name), last_call))
    with pytest.raises(Killed):
        train(parts, **BEST)
    monkeypatch.undo()
    assert (parts / "checkpoints/20/manifest.json").exists()
    assert not (parts / "checkpoints/30").exists()
    assert train(parts, **BEST) == result(whole)
    for folder in ("samples", "evaluation"):
        assert contents(parts / folder) == contents(whole / folder)
    assert ganjax.load(parts).best.step == ganjax.load(whole).best.step
