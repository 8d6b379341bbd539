"""What an experiment does after a signal: it judges nothing, and nothing else runs."""

import json
import math
import signal
import subprocess
import sys
import types

import pytest

import experiments
from experiments import reproduction
from experiments.claims import Claim, at_least
from experiments.trials import Incomplete, trained
from ganjax.commands import reproduce as script
from ganjax.signals import Stopped
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.sweep import Sweep
from tests import tiny

CONFIG = {"batch_size": 8, "steps": 4, **tiny.GAMES["gan"]}
SPACE = [{"seed": 0}, {"seed": 1}]


def ends_with(monkeypatch, code):
    """Let sweeps register their trials, run nothing, and return an exit code."""

    def run(self, out, **_):
        folder = SweepFolder(out)
        with folder.hold():
            folder.register(self.base, self.trials, self.commands(out))
        if isinstance(code, BaseException):
            raise code
        return code

    monkeypatch.setattr(Sweep, "run", run)


@pytest.mark.parametrize("ended", [143, Stopped(signal.SIGTERM)])
def test_a_signal_in_one_of_all_experiments_ends_the_command(
    tmp_path, monkeypatch, ended
):
    ran = []

    def run(scale, seed, out):
        ran.append(out.name)
        return {"trials": [t.row for t in trained(CONFIG, SPACE, out / "sweep")]}

    module = types.SimpleNamespace(
        run=run, CLAIMS=(Claim("", lambda r: math.nan, at_least(1)),), figure=None
    )
    ends_with(monkeypatch, ended)
    monkeypatch.setattr(script, "EXPERIMENTS", ("first", "second"))
    for place in (script, experiments, reproduction):
        monkeypatch.setattr(place, "experiment", lambda name: module)
    with pytest.raises(Stopped) as stop:
        script.main(["--all", f"--out={tmp_path}"])
    assert stop.value.code == 143 and ran == ["first"]
    folder = tmp_path / "first"
    assert stop.value.said == (
        f"first: incomplete, 0 of 2 trials in {folder / 'sweep'}; the same command "
        f"goes on"
    )
    assert {path.name for path in folder.iterdir()} == {"sweep"}


def test_a_trial_that_failed_without_divergence_is_not_judged(tmp_path, monkeypatch):
    def run(self, out, **_):
        folder = SweepFolder(out)
        with folder.hold():
            folder.register(self.base, self.trials, self.commands(out))
        folder.note([self.trials[1].id], "killed by SIGKILL")
        return 1

    monkeypatch.setattr(Sweep, "run", run)
    with pytest.raises(Incomplete, match="incomplete, 0 of 2 trials .*by SIGKILL"):
        trained(CONFIG, SPACE, tmp_path)


def test_nan_is_no_measured_value():
    """A score that a diverged trial does not have fails a claim, and JSON has no
    nan."""
    claims = [
        Claim("one", lambda r: math.nan, at_least(0)),
        Claim("some", lambda r: [2.0, math.nan], at_least(1)),
    ]
    rows = [claim.judged({}, "quick") for claim in claims]
    assert [row["measured"] for row in rows] == [None, [2.0, None]]
    assert [row["passed"] for row in rows] == [False, False]
    json.dumps(rows, allow_nan=False)
    assert "measured nothing, expected at least 0" in reproduction.table(rows)


@pytest.mark.full
def test_an_experiment_of_two_sweeps_stops_in_the_first(tmp_path):
    """SIGTERM reaches the command while both of its processes train."""
    command = [
        sys.executable, "-m", "ganjax", "reproduce", "pacgan", f"--out={tmp_path}",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        if line.startswith("group001"):
            break
    ring = SweepFolder(tmp_path / "ring")
    while not any("step" in x for x in ring.statuses().values()):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 143, said
    assert f"pacgan: incomplete, 0 of 16 trials in {tmp_path / 'ring'}" in said
    assert [path.name for path in tmp_path.iterdir()] == ["ring"]
