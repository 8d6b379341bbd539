"""JSON files of runs and sweeps that hold other types: one line, or no harm."""

import json

import pytest

from ganjax.errors import BadInput
from ganjax.population_files import PopulationFiles
from ganjax.report import write_report
from ganjax.run_files import RunFiles, failed_evaluations
from ganjax.sweep_files import FORMAT, SweepFiles


@pytest.mark.parametrize(
    "entries, said",
    [
        ({"folder": 3}, "folder is 3, expected str"),
        ({"command": ["ls"]}, r"command is \['ls'\], expected str"),
        ({"overrides": 1.5}, "overrides is 1.5, expected dict"),
        ({"code": []}, r"code is \[\], expected dict"),
        ({"code": {"folders": "/tmp"}}, "code.folders is '/tmp', expected list"),
        ({"code": {"sources": {"a:b": 3}}}, "code.sources.a:b is 3, expected dict"),
        ({"code": {"sources": {"a:b": {}}}}, "code.sources.a:b has no sha256"),
    ],
)
def test_run_json(tmp_path, entries, said):
    files = RunFiles(tmp_path)
    files.describe({"seed": 3}, **entries)
    with pytest.raises(BadInput, match=f"^run.json={files.record}: damaged: {said}$"):
        files.read()
    with pytest.raises(BadInput, match=said):
        write_report(tmp_path)
    population = PopulationFiles(tmp_path / "population")
    if "code" in entries or "folder" in entries:
        population.describe({}, {}, **entries)
        with pytest.raises(BadInput, match=f"^members.json=.*: damaged: {said}$"):
            population.read()


GOOD = {"step": 4, "evaluator": "modes", "reason": "too few"}


@pytest.mark.parametrize(
    "held, kept",
    [
        (3, []),
        ("modes", []),
        ({"step": 4}, []),
        ([GOOD, 3, {}, {**GOOD, "step": "4"}, {"step": 4}], [GOOD]),
    ],
)
def test_failed_evaluations_of_other_types(tmp_path, held, kept):
    files = RunFiles(tmp_path)
    files.describe({"seed": 3})
    status = {"state": "finished", "step": 4, "failed_evaluations": held}
    files.status.write_text(json.dumps(status))
    assert files.read_status() == {}  # the run resumes from its checkpoints
    assert failed_evaluations(status) == kept
    assert ("failed at step 4" in write_report(tmp_path).read_text()) is bool(kept)


TRIAL = {"id": "a", "point": {"seed": "1"}, "kind": 0}
SWEEP = {"format": FORMAT, "kinds": [{"steps": 1}], "trials": [TRIAL]}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"trials": {}}, r"trials is \{\}, expected list"),
        ({"trials": ["a"]}, "trials.0 is 'a', expected dict"),
        ({"trials": [{"id": "a"}]}, "trials.0 has no point"),
        ({"trials": [{**TRIAL, "point": {"seed": 1}}]}, "trials.0.point.seed is 1, e"),
        ({"trials": [{**TRIAL, "kind": 1}]}, "kind=1 of trial a, expected one of 1 ki"),
        ({"trials": [{**TRIAL, "kind": True}]}, "trials.0.kind is True, expected int"),
        ({"trials": [{**TRIAL, "values": 3}]}, "values is 3, expected dict"),
        ({"kinds": [{}]}, "kinds.0 has no steps"),
        ({"folders": "x"}, "folders is 'x', expected list"),
        ({"folder": []}, r"folder is \[\], expected str"),
        ({"base": "x"}, "base is 'x', expected dict"),
    ],
)
def test_sweep_json(tmp_path, change, said):
    files = SweepFiles(tmp_path)
    files.record.write_text(json.dumps(SWEEP))
    assert files.points == {"a": {"seed": "1"}}
    assert files.statuses() == {"a": {"state": "waiting"}}
    files.record.write_text(json.dumps(SWEEP | change))
    with pytest.raises(BadInput, match=f"sweep.json=.*: damaged: {said}"):
        files.statuses()


@pytest.mark.parametrize(
    "name, held, said",
    [
        ("plan.json", {"groups": 3}, "groups is 3, expected list"),
        ("plan.json", {"groups": [{"name": "g"}]}, "groups.0 has no trials"),
        ("outcomes.json", {"a": "failed"}, "a is 'failed', expected dict"),
        ("outcomes.json", {"a": {}}, "a has no state"),
    ],
)
def test_other_files_of_a_sweep(tmp_path, name, held, said):
    files = SweepFiles(tmp_path)
    files.record.write_text(json.dumps(SWEEP))
    (tmp_path / name).write_text(json.dumps(held))
    with pytest.raises(BadInput, match=f"^{name}=.*: damaged: {said}$"):
        files.statuses()
