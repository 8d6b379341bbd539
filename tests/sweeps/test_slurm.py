"""Submission to a cluster, with submitit's own executors and with a fake cluster."""

import os
import signal
import sys
import time

import pytest

from ganjax.errors import BadInput
from ganjax.sweeps.folder import Group, SweepFolder
from ganjax.sweeps.sweep import Sweep
from tests import configs, tiny

submitit = pytest.importorskip("submitit")


@pytest.fixture
def folder(tmp_path):
    """A sweep of four trials, planned as two groups. No trial has begun."""
    stated = {
        "batch_size": 8, **tiny.GAMES["relativistic"], "steps": 6000,
        "log": {"every": 10}, "checkpoint": {"every": 500},
        "samples": {"every": 0, "count": 4}, "parallel": {"inner_steps": 10},
    }  # fmt: skip
    sweep = Sweep(stated, configs.SPACES["relativistic"], say=str)
    folder = SweepFolder(tmp_path / "sweep")
    with folder.hold():
        folder.register(sweep.base, sweep.trials, sweep.commands(folder.path))
    ids = [trial.id for trial in sweep.trials]
    folder.write_plan([Group("group000", tuple(ids[:3]), "map"),
                       Group("group001", (ids[3],), "alone")])  # fmt: skip
    return folder


def test_groups_become_one_array_of_jobs(folder, tmp_path, monkeypatch):
    """Two shell scripts act as the cluster. One of them keeps the script it gets."""
    from ganjax.sweeps.slurm import executor_of, submit

    tools = tmp_path / "bin"
    tools.mkdir()
    kept = tmp_path / "batch.sh"
    for name, text in {
        "sbatch": f'cp "$1" {kept}\necho Submitted batch job 12',
        "srun": "exit 0",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    parameters = {"slurm_partition": "gpu", "timeout_min": "90", "gpus_per_node": "1",
                  "slurm_array_parallelism": "1"}  # fmt: skip
    jobs = submit(folder, executor_of(folder, parameters))
    assert [job.job_id for job in jobs] == ["12_0", "12_1"]
    script = kept.read_text()
    for line in (
        "--partition=gpu",
        "--time=90",
        "--array=0-1%1",
        "--gpus-per-node=1",
        "--signal=USR2@90",
        "--job-name=sweep",
        "--open-mode=append",
    ):
        assert f"#SBATCH {line}\n" in script
    with pytest.raises(BadInput, match="slurm_partitoin"):
        executor_of(folder, {"slurm_partitoin": "gpu"})


def test_without_a_cluster_it_says_so(folder, monkeypatch, tmp_path):
    from ganjax.sweeps.slurm import executor_of

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadInput, match="--executor=slurm: .*srun"):
        executor_of(folder, {})


@pytest.mark.parametrize("missing", ["submitit", "cluster", "parameter"])
def test_a_sweep_that_cannot_be_submitted_writes_nothing(
    tmp_path, monkeypatch, missing
):
    """Nothing is measured either, and there is no folder."""

    def measured(*arguments, **keywords):
        raise AssertionError("a plan was made")

    monkeypatch.setattr("ganjax.sweeps.sweep.plan", measured)
    sweep = Sweep(
        {"batch_size": 8, **tiny.GAMES["gan"]}, [{"seed": 0}, {"seed": 1}], say=str
    )
    if missing == "submitit":
        monkeypatch.setitem(sys.modules, "submitit", None)
    tools = tmp_path / "bin"
    tools.mkdir()
    if missing != "cluster":
        for name in ("sbatch", "srun"):
            (tools / name).write_text("#!/bin/sh\n")
            (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    more = {"slurm_partitoin": "x"} if missing == "parameter" else {}
    with pytest.raises(BadInput, match="^--executor=slurm: "):
        sweep.run(tmp_path / "sweep", executor="slurm", slurm=more)
    assert not (tmp_path / "sweep").exists()


@pytest.mark.full
def test_a_signalled_job_is_queued_again_and_goes_on(folder, monkeypatch):
    """The task gets SIGUSR2, as before a cluster takes the machine away."""
    from ganjax.sweeps.slurm import executor_of, submit
    from ganjax.sweeps.worker import run_groups

    first, second = folder.groups
    jobs = submit(folder, executor_of(folder, {"timeout_min": "30"}, cluster="local"))
    rows = folder.population(first.name).metrics
    deadline = time.monotonic() + 240
    while not (rows.exists() and rows.read_text().count("\n") > 20):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    task = int(task_of(jobs[0].job_id))
    os.kill(task, signal.SIGUSR2)
    assert [job.result() for job in jobs] == [0, 0]
    log = folder.population(first.name).log.read_text()
    assert "interrupted at step" in log and "resuming from step" in log
    assert log.count(" finished at step") == 1
    whole = SweepFolder(folder.path.with_name("whole"))
    for name in ("sweep.json", "plan.json"):
        os.makedirs(whole.path, exist_ok=True)
        (whole.path / name).symlink_to(folder.path / name)
    run_groups(whole, [first, second])
    one, other = (f.statuses() for f in (folder, whole))
    for trial in folder.points:
        assert one[trial]["state_digest"] == other[trial]["state_digest"]


def task_of(controller):
    """Return the id of the process that submitit's local controller started."""
    with open(
        f"/proc/{controller}/task/{controller}/children", encoding="utf-8"
    ) as file:
        return file.read().split()[0]
