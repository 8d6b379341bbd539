"""A failed trial runs again on request, and a finished sweep becomes longer."""

import json
import shutil

import pytest

from ganjax.commands import sweep as command
from ganjax.errors import BadInput
from ganjax.run_files import RunFiles
from ganjax.sweeps.folder import SweepFolder
from ganjax.unpacking import opened

FILE = """
def get_config():
    return {
        "batch_size": 8, "steps": 4, "data": {"name": "ring8"}, "latents": {"size": 4},
        "networks": {"generator": {"widths": (4,)}, "discriminator": {"widths": (4,)}},
        "log": {"every": 2}, "samples": {"every": 0, "count": 4},
        "checkpoint": {"every": 2},
    }


def sweep():
    return [{"seed": 0}, {"seed": 1}]
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run(*flags) -> exit code`` of a sweep of two trials in this process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ring.py").write_text(FILE)
    flags = ["--config=ring.py", "--workdir=s", "--executor=debug"]
    return lambda *more, population="alone": command.main(
        [*flags, f"--population={population}", *more]
    )


def results(folder):
    runs = [RunFiles(folder.workdir(trial)) for trial in folder.points]
    return [(x.read_status()["state_digest"], x.metrics.read_text()) for x in runs]


def test_a_sweep_is_retried_and_extended(run, tmp_path, capsys):
    """Both trials are made to look failed: one diverged after a checkpoint at step 2,
    the other one failed before its first checkpoint."""
    assert run() == 0
    folder = SweepFolder(tmp_path / "s")
    finished = results(folder)
    first, second = (RunFiles(folder.workdir(trial)) for trial in folder.points)
    shutil.rmtree(first.checkpoints / "4")
    shutil.rmtree(second.checkpoints)
    for one, checkpoint in ((first, 2), (second, 0)):
        failed = {"state": "failed", "step": 4, "exit_reason": "x", "diverged": True}
        one.status.write_text(json.dumps(failed | {"checkpoint": checkpoint}))
    assert run() == 1  # a diverged trial is over
    assert [x.read_status()["state"] for x in (first, second)] == ["failed"] * 2
    aside = first.checkpoints.rename(tmp_path / "aside")
    statuses = [x.status.read_text() for x in (first, second)]
    with pytest.raises(BadInput, match="reached step 4, but there is none in checkpoi"):
        run("--retry_failed")
    assert [x.status.read_text() for x in (first, second)] == statuses
    aside.rename(first.checkpoints)
    capsys.readouterr()
    assert run("--retry_failed") == 0
    said = capsys.readouterr()
    ids = ", ".join(folder.points)
    assert (
        f"2 failed trials run again, from checkpoints if there are: {ids}" in said.out
    )
    assert said.err.count("resuming from step 2") == 1
    assert results(folder) == finished
    assert run("--retry_failed", "--config.steps=6") == 0
    assert [x.read_status()["step"] for x in (first, second)] == [6, 6]
    assert set(folder.points) == {first.path.name, second.path.name}


@pytest.mark.full
@pytest.mark.parametrize("population", ["map", "alone"])
def test_a_longer_sweep_refuses_a_lost_checkpoint_and_a_stretched_schedule(
    run, tmp_path, population
):
    with_decay = FILE.replace(
        '"log":',
        '"schedules": {"decay": {"knobs": "optimizers.generator.learning_rate", '
        '"begin": 1.0, "end": 0.0}}, "log":',
    )
    (tmp_path / "ring.py").write_text(with_decay)
    assert run(population=population) == 0
    folder = SweepFolder(tmp_path / "s")

    def refused(*flags):
        with pytest.raises(BadInput) as caught:
            run("--config.steps=6", *flags, population=population)
        return str(caught.value)

    said = refused()
    assert "schedules.decay.steps: 3 -> 5" in said
    assert said.endswith("--allow_config_change resumes anyway")
    flag = "--allow_config_change"
    second = RunFiles(folder.workdir([*folder.points][1]))
    if population == "map":
        second = folder.population("group000")
    rows = second.metrics.read_text()
    aside = second.checkpoints.rename(tmp_path / "aside")
    said = "expected a checkpoint of this run, which reached step 4, but there is none"
    assert f"workdir={second.path}: {said}" in refused(flag)
    assert second.metrics.read_text() == rows
    shutil.rmtree(second.checkpoints, ignore_errors=True)
    aside.rename(second.checkpoints)
    assert run("--config.steps=6", flag, population=population) == 0
    for trial, status in folder.statuses().items():
        assert status["step"] == 6
        finished = RunFiles(opened(folder.workdir(trial)))
        assert json.loads(finished.config.read_text())["steps"] == 6


@pytest.mark.full
def test_a_diverged_trial_does_not_hold_the_others_back(run, tmp_path):
    """The first trial diverged at step 4, its last checkpoint is of step 2. The second
    trial is extended from step 4, and keeps the rows of its first steps."""
    assert run() == 0
    folder = SweepFolder(tmp_path / "s")
    first, second = (RunFiles(folder.workdir(trial)) for trial in folder.points)
    shutil.rmtree(first.checkpoints / "4")
    failed = {"state": "failed", "step": 4, "exit_reason": "x", "diverged": True}
    first.status.write_text(json.dumps(failed))
    rows = second.metrics.read_text()
    assert run("--config.steps=6") == 1
    assert first.read_status() == failed
    assert second.read_status()["step"] == 6
    assert second.metrics.read_text().startswith(rows)
    assert "resuming from step 4" in second.log.read_text() + "".join(
        path.read_text() for path in (tmp_path / "s/logs").glob("*")
    )
