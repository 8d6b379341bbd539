"""A run that becomes longer ends like a run that had this length from the start."""

import json

import pytest

from ganjax.commands import sweep as sweep_command
from ganjax.commands import train as train_command
from ganjax.errors import BadInput
from tests.training.test_resume import ROOT, command, result, train

OPTIONS = {
    "game": "gan",
    "log__every": 5,
    "checkpoint__every": 10,
    "samples__every": 0,
    "schedules__decay__knobs": "optimizers.*.learning_rate",
}
FIXED = {"schedules__decay__steps": 10}


def resumed(workdir, monkeypatch, *flags, **options):
    monkeypatch.chdir(ROOT)
    assert train_command.main([*command(workdir, **options)[2:], *flags]) == 0
    return result(workdir)


def test_a_schedule_up_to_the_last_step_is_not_stretched_in_silence(
    tmp_path, monkeypatch
):
    parts = tmp_path / "parts"
    train(parts, steps=10, **OPTIONS)
    before = result(parts)
    for steps in (20, 15):
        with pytest.raises(BadInput) as refused:
            train(parts, steps=steps, **OPTIONS)
        said = str(refused.value)
        assert f"schedules.decay.steps: 10 -> {steps}, which follows steps" in said
        assert "set schedules.decay.steps=10" in said and "\n" not in said
        assert "--allow_config_change resumes anyway" in said
    assert result(parts) == before
    # Its length stated, the run may become longer: the rate stays at its end.
    fixed = train(tmp_path / "fixed", steps=20, **OPTIONS, **FIXED)
    assert train(parts, steps=20, **OPTIONS, **FIXED) == fixed
    rows = [json.loads(x) for x in fixed[1].splitlines()]
    assert [row["step"] for row in rows] == [5, 10, 15, 20]
    # Stretched on purpose, with the flag.
    changed = resumed(parts, monkeypatch, "--allow_config_change", steps=30, **OPTIONS)
    kept = json.loads((parts / "config.json").read_text())
    assert kept["schedules"]["decay"]["steps"] == 0 and kept["steps"] == 30
    assert changed[0] != fixed[0]


@pytest.mark.full
def test_a_schedule_with_a_length_is_no_obstacle(tmp_path):
    options = OPTIONS | FIXED
    train(tmp_path / "run", steps=10, **options)
    extended = train(tmp_path / "run", steps=15, **options)
    assert extended == train(tmp_path / "straight", steps=15, **options)


SWEEP = """
def get_config():
    return {
        "batch_size": 8, "steps": 4, "data": {"name": "ring8"},
        "networks": {"generator": {"widths": (4,)}, "discriminator": {"widths": (4,)}},
        "log": {"every": 2}, "samples": {"every": 0},
        "schedules": {"decay": {"knobs": "optimizers.*.learning_rate"}},
    }


def sweep():
    return [{"seed": 0}]
"""


@pytest.mark.full
def test_a_sweep_does_not_stretch_a_schedule(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "decay.py").write_text(SWEEP)
    flags = ["--config=decay.py", "--workdir=s", "--executor=debug"]
    assert sweep_command.main([*flags, "--population=alone"]) == 0
    with pytest.raises(BadInput, match="schedules.decay.steps: 4 -> 8, which follows"):
        sweep_command.main([*flags, "--config.steps=8"])
