"""Disturbances of a run: errors, signals, closed pipes, and records that are damaged,
stale or missing. The same command goes on, and nothing is lost."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from ganjax import launch, report, signals
from ganjax.commands import train as train_command
from ganjax.population_files import PopulationFiles
from ganjax.resumption import ended_members
from ganjax.run_files import RunFiles, write_json
from ganjax.sweep_files import SweepFiles
from ganjax.training import (
    Checkpoints,
    Plan,
    PopulationArchive,
    PopulationDirectory,
    RunArchive,
    RunDirectory,
    read_history,
    run_archive,
)
from ganjax.training.best import BestStates
from ganjax.training.plan import Checkpointing
from ganjax.training.population_checkpoints import own_steps
from ganjax.training.progress import ProgressReport
from ganjax.training.rows import RowFile
from ganjax.unpacking import opened
from tests.training.test_resume import LONG, ROOT, command, contents, result, train

FULL = pytest.mark.full

OPTIONS = {
    "game": "gan", "steps": 8, "log__every": 1, "checkpoint__every": 8,
    "samples__every": 3, "samples__count": 4,
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(folder, **OPTIONS)
    return folder


class Broken(Exception):
    pass


def raising(original, at, error):
    """Return ``original``, whose call number ``at`` raises ``error``."""
    calls = []

    def call(*arguments, **keywords):
        calls.append(arguments)
        if len(calls) == at:
            raise error
        return original(*arguments, **keywords)

    return call


def picture(monkeypatch):
    """The picture of step 6 cannot be drawn. The state of step 6 is good."""
    original = run_archive.picture_of_samples
    monkeypatch.setattr(
        run_archive, "picture_of_samples", raising(original, 2, Broken("x"))
    )
    return Broken, [6]


def compiled(monkeypatch):
    """The seventh call of the compiled step raises. Its input is the state of step
    6."""
    original = launch.compiled_step

    def step(*arguments):
        return raising(original(*arguments), 7, Broken("x"))

    monkeypatch.setattr(launch, "compiled_step", step)
    return Broken, [6]


def rows(monkeypatch):
    """A row is lost on its way to the disk, so no checkpoint may follow it."""
    error = OSError(errno.EIO, "Input/output error")
    monkeypatch.setattr(RowFile, "append", raising(RowFile.append, 9, error))
    return OSError, []


@pytest.mark.parametrize("break_", [picture, pytest.param(compiled, marks=FULL), rows])
def test_an_error_loses_no_step(whole, tmp_path, monkeypatch, break_):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        kind, saved = break_(patch)
        with pytest.raises(kind):
            train(run, **OPTIONS)
    status = json.loads((run / "status.json").read_text())
    assert status["state"] == "failed"
    assert [int(p.parent.name) for p in run.glob("checkpoints/*/manifest.json")] == (
        saved
    )
    assert train(run, **OPTIONS) == result(whole)
    assert contents(run / "samples") == contents(whole / "samples")
    first, second = read_history(run / "history.jsonl")
    assert (first["step"], [second["step"]]) == (0, saved or [0])
    assert first["config"]["steps"] == second["config"]["steps"] == 8
    assert first["data"] == second["data"] and len(first["data"]["sha256"]) == 64
    carrier = RunFiles(run).read_status()["carrier"]
    assert second["carrier"] == carrier and "segments" not in carrier


class Closed(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


class ClosedTerminal(Closed):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [Closed, ClosedTerminal, lambda: None])
def test_printing_raises_no_error(tmp_path, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream())
    with RunDirectory(tmp_path / "run") as folder, ProgressReport(10, 0) as progress:
        folder.say("resuming")
        rates = {"steps_per_second": 1.0, "images_per_second": 8.0}
        progress.update(10, rates, {"generator/loss": 1.0})
        progress.say("ended")
    assert "resuming" in folder.log.read_text()


@FULL
@pytest.mark.parametrize("stream", [Closed, ClosedTerminal])
def test_printing_ends_no_training(whole, tmp_path, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream())
    assert train(tmp_path / "run", **OPTIONS) == result(whole)


@pytest.mark.parametrize("number", signals.STOPS)
def test_each_signal_asks_to_stop(number):
    before = signal.getsignal(number)
    with signals.noted() as came:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
    assert came == [number]  # together they are one
    assert signal.getsignal(number) == before


def test_an_ignored_hangup_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.noted() as came:
            os.kill(os.getpid(), signal.SIGHUP)
        assert came == []
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1])
def test_a_process_saves_at_a_signal(tmp_path, number):
    run = tmp_path / "run"
    line = command(run, **LONG)
    process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.DEVNULL)
    rows = run / "metrics.jsonl"
    while not rows.exists() or rows.read_text().count("\n") < 3:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    status = json.loads((run / "status.json").read_text())
    assert (run / f"checkpoints/{status['step']}/manifest.json").exists()


@pytest.mark.full
def test_a_closed_pipe_ends_no_training(tmp_path):
    """Only the line on stdout after the training cannot be written."""
    line = " ".join(command(tmp_path / "run", **OPTIONS))
    subprocess.run(f"{line} 2>&1 | true", shell=True, cwd=ROOT, check=True)
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert (status["state"], status["step"]) == ("finished", 8)


@pytest.fixture
def run(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "run")
    return RunFiles(tmp_path / "run")


# --- status.json ----------------------------------------------------------------------

DAMAGED = ["", "[]", '{"state": "fin', '{"step": "four"}', "[" * 10**5, b"\xff\xfe"]


@pytest.mark.parametrize("text", [*DAMAGED, None])
def test_a_run_resumes_without_its_status(run, whole, text, capsys):
    run.status.unlink()
    if text is not None:
        run.status.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert run.read_status() == {}
    if text in ("[]", None):
        assert train(run.path, **OPTIONS) == result(whole)
        what = "missing" if text is None else "damaged"
        assert f"status.json is {what}" in capsys.readouterr().err


def members(path, *own):
    """Write a population of members with states at the steps ``own``, in a
    checkpoint of the largest of them."""
    files, count = PopulationFiles(path), len(own)
    said = {"values": {}, "command": "", "overrides": {}}
    names = [f"m{i}" for i in range(count)]
    files.describe({"steps": 9}, {x: said for x in names}, code={}, folder="")
    state = {"step": np.int32(own), "params": np.arange(1.0 * count)}
    for folder in (files.checkpoints, files.best):
        with Checkpoints(folder) as checkpoints:
            checkpoints.save(state, max(own))
    return files


def a_sweep(path, *own):
    """Write a sweep with one population, ``members(path, *own)``."""
    files = members(path / "groups/g", *own)
    names = [f"m{i}" for i in range(len(own))]
    group = {"name": "g", "trials": names, "population": "map"}
    write_json(path / "plan.json", {"groups": [group]})
    trials = [{"id": x, "kind": 0, "point": {}} for x in names]
    record = {"format": 3, "trials": trials, "kinds": [{"steps": 9}]}
    write_json(path / "sweep.json", record)
    return files


def test_members_that_diverged_are_known_from_the_checkpoint(tmp_path):
    files = a_sweep(tmp_path, 6, 4, -1)
    files.status.write_text("damaged")
    found = ended_members(files)
    assert {k: x["step"] for k, x in found.items()} == {"m1": 4, "m2": 0}
    assert all(x["state"] == "failed" and x["diverged"] for x in found.values())
    states = {k: x["state"] for k, x in SweepFiles(tmp_path).statuses().items()}
    assert states == dict.fromkeys(["m0", "m1", "m2"], "waiting")
    write_json(files.status, {"state": "interrupted", "step": 6})
    assert ended_members(files) == {}


def test_a_trial_that_trained_further_is_not_unpacked_again(tmp_path):
    """The trial trained alone from step 6 to 9, and its status is damaged."""
    files = a_sweep(tmp_path, 6, 6)
    write_json(files.status, {"state": "finished", "step": 6})
    run = RunFiles(tmp_path / "trials/m0")
    with Checkpoints(run.checkpoints) as checkpoints:
        checkpoints.save({"step": np.int32(9)}, 9)
    run.status.write_text("damaged")
    assert opened(run.path) == run.path
    with Checkpoints(run.checkpoints) as checkpoints:
        assert checkpoints.readable() == [9]


def test_a_late_checkpoint_does_not_bring_a_failed_run_back(tmp_path):
    """Checkpoints are sealed in another thread, which writes the status too."""
    with RunDirectory(tmp_path / "run") as folder:
        folder.write_status("running", 0)
        folder.reached(2)
        assert folder.read_status()["step"] == 2
        folder.write_status("failed", 5)
        folder.reached(4)
        assert folder.read_status()["state"] == "failed"
        assert folder.read_status()["step"] == 5


def test_the_status_names_an_error_of_the_disk(tmp_path, monkeypatch):
    """From one moment on the rows and the log cannot be written, also on closing."""
    run = RunFiles(tmp_path / "run")

    def broken(self):
        if not run.log.is_dir():
            run.log.unlink()
            run.log.mkdir()
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(RowFile, "flush", broken)
        with pytest.raises(OSError, match="Input/output"):
            train(run.path, **OPTIONS)
    status = run.read_status()
    assert (status["state"], status["exit_reason"]) == ("failed", "Input/output error")


# --- a state that is not finite -------------------------------------------------------


def test_a_run_of_one_step_to_nan_fails(tmp_path, monkeypatch, capsys):
    """The metrics of a step come before its update, so all of them are finite."""
    options = {"game": "gan", "steps": 1, "log__every": 1}
    # At its first step this optimizer moves by 3 times the rate or more: to infinity.
    options["optimizers__generator__name"] = "rmsprop"
    options["optimizers__generator__learning_rate"] = 3e38
    monkeypatch.chdir(ROOT)
    assert train_command.main(command(tmp_path / "run", **options)[2:]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("error: training diverged, step 1: ")
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert (status["state"], status["diverged"]) == ("failed", True)
    assert not list((tmp_path / "run").glob("checkpoints/*/manifest.json"))
    (row,) = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert all(np.isfinite(list(json.loads(row).values())))


# --- report.html ----------------------------------------------------------------------


def test_a_report_is_written_again_if_its_run_went_on(run):
    """A kill between the last status and the report leaves the report of before."""
    run.report.unlink()
    train(run.path, **OPTIONS)
    new = run.report.read_text()
    status = run.status.read_bytes()
    write_json(run.status, run.read_status() | {"state": "interrupted", "step": 6})
    report.write_report(run.path)
    assert run.report.read_text() != new
    run.status.write_bytes(status)
    train(run.path, **OPTIONS)
    assert run.report.read_text() == new
    at = run.report.stat().st_mtime_ns
    train(run.path, **OPTIONS)
    assert run.report.stat().st_mtime_ns == at
    write_json(run.status, run.read_status() | {"time": "later"})
    train(run.path, **OPTIONS)
    assert run.report.read_text() != new


# --- best -----------------------------------------------------------------------------

ROWS = [(2, 5.0, 1.0), (4, 3.0, 2.0), (6, 4.0, 3.0)]


class Offered(BestStates):
    """The steps at which states are saved."""

    def __init__(self, archive, score):
        self.saved, self.lines = [], []
        archive.save_best = lambda step, state, places: self.saved.append(step)
        archive.say = self.lines.append
        plan = Plan(checkpoint=Checkpointing(best=score))
        super().__init__(archive, plan, "lower", [0])


@pytest.mark.parametrize(
    ("score", "rows", "there", "kept", "saved"),
    [
        ("x", ROWS, [4], [4], []),  # as the run left it
        ("y", ROWS, [4], [], [8]),  # chosen by another score
        ("x", ROWS[:1], [4], [], [8]),  # of a step that is computed again
        ("x", ROWS[:1], [2, 4], [2], []),  # killed before the older one was removed
        ("z", ROWS, [4], [], [8]),  # chosen by a score that no row has
        ("x", [], [], [], [8]),
    ],
)
def test_the_best_state_is_the_best_of_the_rows(
    tmp_path, score, rows, there, kept, saved
):
    with RunDirectory(tmp_path / "run") as folder:
        lines = [
            json.dumps({"step": step, "evaluation/x": x, "evaluation/y": y})
            for step, x, y in rows
        ]
        folder.metrics.write_text("".join(f"{x}\n" for x in lines))
        with Checkpoints(folder.best) as checkpoints:
            for step in there:
                checkpoints.save({"step": np.int32(step)}, step)
        with RunArchive(folder, Plan()) as archive:
            best = Offered(archive, score)
            best.offer(8, {0: {"x": 50.0, "y": 50.0, "z": 50.0}}, None)
        assert best.saved == saved
        with Checkpoints(folder.best) as checkpoints:
            assert checkpoints.steps() == kept
        assert bool(best.lines) == (saved == [8] and bool(rows) and score != "z")


def test_one_member_forgets_a_stale_best_state(tmp_path):
    members(tmp_path / "g", 6, 4, 2)
    with PopulationDirectory(tmp_path / "g") as files:
        archive = PopulationArchive(files, ["m0", "m1", "m2"], Plan())
        assert archive.keep_best({0: 4, 1: 4, 2: 2}) == {1, 2}
        with Checkpoints(files.best) as best:
            assert best.readable() == [4]
            assert own_steps(best, 4) == {1: 4, 2: 2}
            np.testing.assert_array_equal(best.arrays(4)["params"], [0.0, 1.0, 2.0])
        assert archive.keep_best({1: 4, 2: 2}) == {1, 2}
        assert archive.keep_best({1: -1, 2: -1}) == set()
        with Checkpoints(files.best) as best:
            assert best.steps() == []
        archive.__exit__(None, None, None)
