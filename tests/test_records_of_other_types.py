"""JSON files of runs and sweeps that hold other types: one line, or no harm."""

import json

import pytest

from ganjax.errors import BadInput
from ganjax.population_files import PopulationFiles
from ganjax.report import write_report
from ganjax.run_files import RunFiles
from ganjax.sweep_files import FORMAT, SweepFiles


@pytest.mark.parametrize(
    "entries, said",
    [
        ({"folder": 3}, "folder=3: expected a text"),
        ({"command": ["ls"]}, r"command=\['ls'\]: expected a text"),
        ({"overrides": 1.5}, "overrides=1.5: expected an object"),
        ({"code": []}, r"code=\[\]: expected an object"),
        ({"code": {"folders": "/tmp"}}, "code.folders='/tmp': expected a list"),
        (
            {"code": {"folders": [], "sources": {"a:b": 3}}},
            "code.sources.a:b=3: expected an object",
        ),
        (
            {"code": {"folders": [], "sources": {"a:b": {"file": "x"}}}},
            "expected an entry code.sources.a:b.sha256",
        ),
    ],
)
def test_run_json(tmp_path, entries, said):
    files = RunFiles(tmp_path)
    files.describe({"seed": 3}, **entries)
    with pytest.raises(BadInput, match=f"^run.json={files.record}: {said}$"):
        files.read()
    with pytest.raises(BadInput, match=said):
        write_report(tmp_path)
    population = PopulationFiles(tmp_path / "population")
    if "code" in entries or "folder" in entries:
        population.describe({}, {}, **entries)
        with pytest.raises(BadInput, match="^members.json=.*: .*expected"):
            population.read()


GOOD = {"step": 4, "evaluator": "modes", "reason": "too few"}


@pytest.mark.parametrize(
    "held", [3, "modes", {"step": 4}, [GOOD, 3], [{**GOOD, "step": "4"}], [{"step": 4}]]
)
def test_failed_evaluations_of_other_types(tmp_path, held):
    files = RunFiles(tmp_path)
    files.describe({"seed": 3})
    status = {"state": "finished", "step": 4, "failed_evaluations": [GOOD]}
    files.status.write_text(json.dumps(status))
    assert "failed at step 4" in write_report(tmp_path).read_text()
    files.status.write_text(json.dumps(status | {"failed_evaluations": held}))
    assert files.read_status() == {}  # the run resumes from its checkpoints
    page = write_report(tmp_path).read_text()
    assert "status.json is damaged" in page and "failed at step 4" not in page


@pytest.mark.parametrize("text", ["{", "[]", '{"scores": 3}', '{"failed": []}'])
def test_damaged_scores_are_made_again(tmp_path, text):
    files = RunFiles(tmp_path)
    files.evaluation(4).parent.mkdir()
    files.evaluation(4).write_text(text)
    assert not files.scored(4) and files.failed_evaluations() == []


TRIAL = {"id": "a", "point": {"seed": "1"}, "kind": 0}
SWEEP = {"format": FORMAT, "kinds": [{"steps": 1}], "trials": [TRIAL]}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"trials": {}}, r"trials=\{\}: expected a list"),
        ({"trials": ["a"]}, "trials.0='a': expected an object"),
        ({"trials": [{"id": "a"}]}, "expected an entry trials.0.point"),
        (
            {"trials": [{**TRIAL, "point": {"seed": 1}}]},
            "trials.0.point.seed=1: expected a text",
        ),
        ({"trials": [{**TRIAL, "kind": 1}]}, "trial 'a' has kind 1, expected one of 1"),
        (
            {"trials": [{**TRIAL, "kind": True}]},
            "trials.0.kind=True: expected a whole number",
        ),
        ({"trials": [{**TRIAL, "values": 3}]}, "trials.0.values=3: expected an object"),
        ({"kinds": [{}]}, "expected an entry kinds.0.steps"),
        ({"folders": "x"}, "folders='x': expected a list"),
        ({"folder": []}, r"folder=\[\]: expected a text"),
        ({"base": "x"}, "base='x': expected an object"),
    ],
)
def test_sweep_json(tmp_path, change, said):
    files = SweepFiles(tmp_path)
    files.record.write_text(json.dumps(SWEEP))
    assert files.points == {"a": {"seed": "1"}}
    assert files.statuses() == {"a": {"state": "waiting"}}
    files.record.write_text(json.dumps(SWEEP | change))
    with pytest.raises(BadInput, match=f"sweep.json=.*: {said}"):
        files.statuses()


@pytest.mark.parametrize(
    "name, held, said",
    [
        ("plan.json", {"groups": 3}, "groups=3: expected a list"),
        ("plan.json", {"groups": [{"name": "g"}]}, "expected an entry groups.0.trials"),
        ("outcomes.json", {"a": "failed"}, "a='failed': expected an object"),
        ("outcomes.json", {"a": {}}, "expected an entry a.state"),
    ],
)
def test_other_files_of_a_sweep(tmp_path, name, held, said):
    files = SweepFiles(tmp_path)
    files.record.write_text(json.dumps(SWEEP))
    (tmp_path / name).write_text(json.dumps(held))
    with pytest.raises(BadInput, match=f"^{name}=.*: {said}$"):
        files.statuses()
