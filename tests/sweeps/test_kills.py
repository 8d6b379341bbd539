"""A sweep whose processes are killed ends as if nobody had disturbed it."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ganjax.population_files import PopulationRecords
from ganjax.sweeps.folder import SweepFolder
from tests.sweeps.test_sweep import ROOT, command, environment, run

LONG = (
    "--config.steps=2000", "--config.log.every=10", "--config.checkpoint.every=100",
    "--config.parallel.inner_steps=10", "--config.samples.every=500",
    "--config.evaluation.every=0", "--config.evaluation.samples=400000",
    "--config.evaluation.names=modes,sliced",
)  # fmt: skip
TURNS = ["training"] * 8 + ["the end of the population"] * 7 + ["the report"] * 5


def phases(folder):
    """Return phase -> a function that tells whether the sweep is in this phase. Call it
    before the runner starts: files of the process before do not count."""

    def files():
        return [folder.population(group.name) for group in folder.groups]

    def starts():
        logs = [x.log.read_text() for x in files() if x.log.exists()]
        return sum(log.count(" running at step") for log in logs)

    before = starts()

    def training():
        return starts() > before and any(
            0 < x.read_status().get("step", 0) < 2000 for x in files()
        )

    def ending():
        found = [x.read_status() for x in files()]
        at_the_end = [x for x in found if x.get("step") == 2000]
        return starts() > before and any(x["state"] == "running" for x in at_the_end)

    def over():
        found = [x.read_status().get("state") for x in files()]
        return bool(found) and set(found) == {"finished"}

    return {
        "training": training, "the end of the population": ending, "the report": over,
    }  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("population", ["map", "vmap"])
def test_a_sweep_killed_twenty_times_is_the_undisturbed_one(tmp_path, population):
    """Runner and trials are killed while they train, score and report, at random
    moments. No trial is trained twice to its end, and no trial is lost."""
    ways = (f"--population={population}", *LONG)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = run(command(whole, "relativistic", *ways))
    assert done.returncode == 0, done.stdout + done.stderr
    rng, folder, landed = random.Random(0), SweepFolder(killed), []
    for turn, phase in enumerate(TURNS):
        reached = phases(folder)[phase]
        runner = subprocess.Popen(
            command(killed, "relativistic", *ways), cwd=ROOT, env=environment(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not reached() and runner.poll() is None:
            time.sleep(0.02)
        until = time.monotonic() + rng.uniform(0, 1)
        while time.monotonic() < until and runner.poll() is None:
            time.sleep(0.02)
        if runner.poll() is None:
            landed.append(phase)
        if turn % 2:  # kill the trials, and the runner ends
            for pid in children(runner.pid):
                os.kill(pid, signal.SIGKILL)
            runner.wait(timeout=60)
        runner.kill()
        runner.wait()
    print({phase: landed.count(phase) for phase in landed})
    assert set(landed) >= {"training", "the end of the population"}
    done = run(command(killed, "relativistic", *ways))
    assert done.returncode == 0, done.stdout + done.stderr
    one, other = SweepFolder(whole), folder
    for trial, status in other.statuses().items():
        assert status["state"] == "finished"
        assert status["state_digest"] == one.statuses()[trial]["state_digest"]
    for group in one.groups:
        files = [x.population(group.name) for x in (one, other)]
        assert files[0].metrics.read_text() == files[1].metrics.read_text()
        records = [PopulationRecords(x) for x in files]
        for trial in group.trials:
            assert records[0].scores(trial) == records[1].scores(trial)
            samples = [x.samples(trial) for x in records]
            assert samples[0].keys() == samples[1].keys()
            assert all((samples[0][k] == samples[1][k]).all() for k in samples[0])
        assert files[1].log.read_text().count(" finished at step") == 1
    assert (killed / "table.csv").read_text() == (whole / "table.csv").read_text()


def children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return (
        [int(x) for x in listed.read_text(encoding="utf-8").split()]
        if listed.exists()
        else []
    )
