"""The small configs reach the scores that their docstrings state."""

import json
from pathlib import Path

import pytest

from ganjax import command_line
from ganjax.config import resolve
from ganjax.launch import RunRequest, launch, scores

CONFIGS = Path(__file__).parents[1] / "configs"


def outcome(name, workdir):
    """Run ``configs/NAME.py`` unchanged and return its last scores."""
    config = resolve(command_line.load_config(str(CONFIGS / f"{name}.py")))
    status = launch(RunRequest(config, workdir))
    assert (status["state"], status["step"]) == ("finished", config.steps)
    last = json.loads((workdir / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == config.steps
    return scores(workdir)


@pytest.mark.full
def test_ring8_reaches_every_mode(tmp_path):
    found = outcome("ring8", tmp_path)
    assert found["modes"] == 8
    assert found["high_quality"] >= 0.9


@pytest.mark.full
def test_grid25_reaches_every_mode(tmp_path):
    found = outcome("grid25", tmp_path)
    assert found["modes"] == 25
    assert found["high_quality"] >= 0.85


@pytest.mark.full
def test_quickstart_draws_every_digit(tmp_path):
    found = outcome("quickstart", tmp_path)
    assert found["classes_found"] == 10
    assert found["smallest_class_share"] >= 0.03
    assert found["coverage"] >= 0.5
