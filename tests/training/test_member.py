"""Members of one population do not affect each other."""

import json
import traceback

import jax
import pytest

from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.launch import RunRequest, launch, launch_population
from ganjax.training.samples import SamplePictures
from tests import tiny

SHORT = {
    "batch_size": 8, "steps": 20, "samples.every": 10, "samples.count": 4,
    "log.every": 10, "checkpoint.every": 10, "parallel.inner_steps": 10,
}  # fmt: skip


def test_a_member_that_raises_fails_alone(tmp_path, monkeypatch):
    """At step 10 the picture of the second and the third of four members raises."""
    generated, calls = SamplePictures.generated, []
    errors = {2: BadInput("constant features"), 3: KeyError("a bug")}

    def some_raise(self, model, step):
        calls.append(step)
        if calls[-1] == 10 and len(calls) in errors:
            raise errors[len(calls)]
        return generated(self, model, step)

    monkeypatch.setattr(SamplePictures, "generated", some_raise)
    trials = [
        RunRequest(
            resolve(tiny.GAMES["gan"], SHORT | {"seed": seed}), tmp_path / str(seed)
        )
        for seed in range(4)
    ]
    statuses = launch_population(
        trials, population="serial", devices=jax.local_devices()[:1]
    )
    states = [s["state"] for s in statuses]
    assert states == ["finished", "failed", "failed", "finished"]
    for status, error in zip(statuses[1:3], errors.values(), strict=True):
        assert status["step"] == 10 and status["exit_reason"] == str(error)
    assert calls == [10, 10, 10, 10, 20, 20]
    rows = [
        json.loads(line)["step"]
        for line in (tmp_path / "3" / "metrics.jsonl").read_text().splitlines()
    ]
    assert set(rows) == {10, 20}


def test_a_bug_in_a_run_alone_is_raised_as_it_was(tmp_path, monkeypatch):
    """The traceback ends in the code that raised it, and no other error wraps it."""

    def broken(self, model, step):
        raise KeyError("a bug")

    monkeypatch.setattr(SamplePictures, "generated", broken)
    with pytest.raises(KeyError, match="a bug") as caught:
        launch(RunRequest(resolve(tiny.GAMES["gan"], SHORT), tmp_path / "run"))
    error = caught.value
    assert traceback.extract_tb(error.__traceback__)[-1].name == "broken"
    assert error.__cause__ is None and error.__context__ is None
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert (status["state"], status["step"]) == ("failed", 10)
    assert status["exit_reason"] == "'a bug'"
    assert (tmp_path / "run/report.html").exists()
