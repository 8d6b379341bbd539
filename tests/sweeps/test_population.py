"""Trials that train together: their records, and each trial as a run."""

import errno
import json

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest

import ganjax
from ganjax import names
from ganjax.core import state_digest
from ganjax.errors import BadInput
from ganjax.launch import RunRequest, launch
from ganjax.population_files import PopulationRecords
from ganjax.run_files import RunFiles
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep
from ganjax.unpacking import opened
from tests import tiny

RATE = "optimizers.generator.learning_rate"
SPACE = [
    {"seed": 0, RATE: 1e-3}, {"seed": 1, RATE: 1e-3}, {"seed": 1, RATE: 1e-4},
    {"seed": 2, RATE: 2e8},
]  # fmt: skip
STATED = {
    "batch_size": 8, "steps": 20, "log": {"every": 5}, "parallel": {"inner_steps": 5},
    "samples": {"every": 10, "count": 4}, "checkpoint": {"every": 5, "keep": 2},
    "evaluation": {"names": ("modes", "sliced"), "every": 10, "samples": 300,
                   "real": 500},
}  # fmt: skip


FAULTY = """
class Late:
    higher = ("late",)

    def __init__(self, evaluation_data):
        self.seed = evaluation_data.seed

    def run(self, model):
        if self.seed == 1:
            raise KeyError("a bug")
        yield "late", self.seed
"""


def sweep_of(folder, space=SPACE, population="map", **stated):
    config = {**tiny.GAMES["gan"], **STATED, **stated}
    sweep = Sweep(config, space, say=str)
    code = sweep.run(folder, executor="debug", population=population)
    return sweep, SweepFolder(folder), code


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Four trials by ``map``. The last one diverges after its first checkpoint."""
    return sweep_of(tmp_path_factory.mktemp("sweep") / "s")


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*"))}


def test_the_trials_share_their_files(swept):
    _, folder, code = swept
    assert code == 1
    assert [s["state"] for s in folder.statuses().values()] == ["finished"] * 3 + [
        "failed"
    ]
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    assert not (folder.path / "trials").exists()
    assert len([x for x in files if "checkpoints" not in x.parts]) < 20


def test_a_trial_is_unpacked_as_the_run_that_it_would_be_alone(swept, tmp_path):
    """All files are equal, except measured times. The states are equal bit for bit."""
    sweep, folder, _ = swept
    for i, trial in enumerate((sweep.trials[0], sweep.trials[2])):
        member = RunFiles(opened(folder.workdir(trial.id)))
        entry = next(x for x in folder.read()["trials"] if x["id"] == trial.id)
        alone = RunFiles(tmp_path / str(i))
        request = RunRequest(trial.config, alone.path, entry["point"], entry["command"])
        assert launch(request)["state"] == "finished"
        for name in ("config", "record", "data", "environment", "metrics"):
            one, other = (getattr(x, name).read_text() for x in (member, alone))
            assert one == other, name
        for name in ("samples", "evaluation"):
            assert contents(member.path / name) == contents(alone.path / name)
        statuses = [x.read_status() for x in (member, alone)]
        assert statuses[0]["state_digest"] == statuses[1]["state_digest"]
        runs = [ganjax.load(x.path) for x in (member, alone)]
        states = [[state_digest(s) for s in run.states()] for run in runs]
        assert states[0] == states[1] and len(states[0]) == 2
        samples = [run.sample(3, 5) for run in runs]
        np.testing.assert_array_equal(*samples)


def test_a_diverged_trial_keeps_its_last_good_state(swept):
    """The others go on, and it says why it failed."""
    sweep, folder, _ = swept
    trial = sweep.trials[3].id
    status = folder.statuses()[trial]
    assert status["diverged"] and "is inf" in status["exit_reason"]
    run = ganjax.load(folder.workdir(trial))
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(run.state.params))
    assert int(run.state.step) < status["step"] <= 10


def test_a_trial_trains_further_alone(swept):
    """The sweep keeps its own records of the trial."""
    sweep, folder, _ = swept
    trial = sweep.trials[1]
    config = trial.config.copy_and_resolve_references().unlock()
    config.steps = 30
    workdir = folder.workdir(trial.id)
    status = launch(RunRequest(config.lock(), workdir))
    assert (status["state"], status["step"]) == ("finished", 30)
    rows = RunFiles(workdir).rows()
    (own,) = folder.rows([trial.id])
    assert rows[: len(own)] == own and rows[-1]["step"] == 30
    assert folder.statuses()[trial.id]["step"] == 20


def test_a_score_that_fails_in_one_trial_is_said_and_the_others_are_whole(tmp_path):
    """An evaluator raises for the second of three trials."""
    space = [{"seed": seed} for seed in range(3)]
    module = tmp_path / "late_scores.py"
    module.write_text(FAULTY)
    names.beside(tmp_path)
    stated = {"names": ("modes", "late_scores:Late"), "samples": 300, "every": 0}
    _, folder, code = sweep_of(tmp_path / "s", space, steps=5, evaluation=stated)
    assert code == 1
    records = PopulationRecords(folder.population("group000"))
    first, second, third = (records.scores(trial)[5] for trial in folder.points)
    assert first["scores"]["late"] == 0 and third["scores"]["late"] == 2
    assert "late" not in second["scores"] and second["scores"]["modes"] >= 0
    assert second["failed"] == {"late_scores:Late": "KeyError: 'a bug'"}
    states = [s["state"] for s in folder.statuses().values()]
    assert states == ["finished"] * 3
    (failed,) = [s["failed_evaluations"] for s in folder.statuses().values()
                 if "failed_evaluations" in s]  # fmt: skip
    assert failed[0]["reason"] == "KeyError: 'a bug'"


def test_a_full_disk_fails_all_trials_and_loses_none(swept, tmp_path, monkeypatch):
    """The third checkpoint does not fit. The same command goes on from the second."""
    saved, save = [], ocp.StandardCheckpointer.save

    def full(self, path, *arguments):
        saved.append(path)
        if len(saved) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(self, path, *arguments)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(ocp.StandardCheckpointer, "save", full)
        sweep_of(tmp_path / "s")
    folder = SweepFolder(tmp_path / "s")
    for status in list(folder.statuses().values())[:3]:
        assert status["state"] == "failed" and status["step"] == 15
        assert "checkpoint 15 was not written" in status["exit_reason"]
    assert_equal(swept[1], sweep_of(tmp_path / "s")[1])


def test_a_trial_that_does_not_exist_is_named(swept):
    _, folder, _ = swept
    with pytest.raises(BadInput, match="expected a run directory, found none"):
        ganjax.load(folder.workdir("0123456789ab"))


def test_a_longer_sweep_continues_all_of_its_trials(swept, tmp_path):
    """It ends like a sweep of that length from the start, also its rows."""
    sweep_of(tmp_path / "parts", steps=15)
    parts = sweep_of(tmp_path / "parts")[1]
    assert_equal(swept[1], parts)


def assert_equal(one, other):
    """Compare the rows, scores and states of two sweeps with the same trials."""
    files = [x.population("group000") for x in (one, other)]
    assert files[0].metrics.read_text() == files[1].metrics.read_text()
    records = [PopulationRecords(x) for x in files]
    for trial in list(one.points)[:3]:  # the last one diverges
        assert records[0].scores(trial) == records[1].scores(trial)
        digests = [x.statuses[trial]["state_digest"] for x in records]
        assert digests[0] == digests[1]


def test_a_failed_trial_runs_again_alone(swept):
    """It resumes from its last good state, and diverges again at the same step."""
    sweep, folder, _ = swept
    trial = sweep.trials[3].id
    before = folder.statuses()
    assert folder.retry_failed() == [trial]
    assert folder.groups[-1].trials == (trial,) and folder.groups[-1].alone
    assert folder.statuses()[trial]["state"] == "interrupted"
    assert sweep.run(folder.path, executor="debug", population="map") == 1
    assert folder.statuses()[trial]["exit_reason"] == before[trial]["exit_reason"]
    held = json.loads((folder.population("group000").status).read_text())
    assert held["state"] == "finished"


THREE = {
    "gan": {"evaluation.names": "modes,frechet,sliced"},
    "convolutional": {"evaluation.names": "frechet,precision_recall"},
    "conditional_gan": {"evaluation.names": "frechet,density_coverage"},
}


@pytest.mark.full
@pytest.mark.parametrize("game", THREE)
def test_eight_trials_equal_their_runs_alone(game, tmp_path):
    """By ``map``, bit for bit: rows, scores, samples and states of eight trials, read
    from the shared files and from the unpacked folders."""
    space = [{"seed": i % 4, RATE: 1e-3 * (1 + i)} for i in range(8)]
    config = {**tiny.GAMES[game], **STATED}
    del config["evaluation"]
    overrides = {"evaluation.samples": "300", "evaluation.every": "10",
                 "evaluation.real": "500", **THREE[game]}  # fmt: skip
    sweep = Sweep(config, space, overrides, say=str)
    sweep.run(tmp_path / "s", executor="debug", population="map")
    folder = SweepFolder(tmp_path / "s")
    records = PopulationRecords(folder.population("group000"))
    assert len(records.places) == 8
    for i, trial in enumerate(sweep.trials):
        alone = RunFiles(tmp_path / str(i))
        launch(RunRequest(trial.config, alone.path))
        assert records.rows(trial.id) == alone.rows()
        scores = {x: json.loads(p.read_text()) for x, p in alone.evaluations().items()}
        assert records.scores(trial.id) == scores and len(scores) == 2
        status = alone.read_status()
        digest = records.statuses[trial.id]["state_digest"]
        assert digest == status["state_digest"]
        member = RunFiles(opened(folder.workdir(trial.id)))
        assert member.metrics.read_text() == alone.metrics.read_text()
        for name in ("samples", "evaluation"):
            assert contents(member.path / name) == contents(alone.path / name)
        states = [ganjax.load(x.path).state for x in (member, alone)]
        assert [state_digest(x) for x in states] == [digest, digest]
