"""An error in a run is raised as it was, and the run says why it ended."""

import json
import traceback

import pytest

from ganjax.config import resolve
from ganjax.launch import RunRequest, launch
from ganjax.training import run_archive
from tests import tiny

SHORT = {
    "batch_size": 8, "steps": 20, "samples.every": 10, "samples.count": 4,
    "log.every": 10, "checkpoint.every": 10, "parallel.inner_steps": 10,
}  # fmt: skip


def test_a_bug_in_a_run_alone_is_raised_as_it_was(tmp_path, monkeypatch):
    """The traceback ends in the code that raised it, and no other error wraps it."""

    def broken(samples, real, step):
        raise KeyError("a bug")

    monkeypatch.setattr(run_archive, "picture_of_samples", broken)
    with pytest.raises(KeyError, match="a bug") as caught:
        launch(RunRequest(resolve(tiny.GAMES["gan"], SHORT), tmp_path / "run"))
    error = caught.value
    assert traceback.extract_tb(error.__traceback__)[-1].name == "broken"
    assert error.__cause__ is None and error.__context__ is None
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert (status["state"], status["step"]) == ("failed", 10)
    assert status["exit_reason"] == "'a bug'"
    assert (tmp_path / "run/report.html").exists()
