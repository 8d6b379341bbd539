"""What a sweep does after a signal: its processes end, and nothing else starts."""

import os
import signal
import sys
import threading
import time

import pytest

from ganjax import signals
from ganjax.sweep_files import Group
from ganjax.sweeps import runner, worker
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import Slot
from ganjax.sweeps.sweep import Sweep
from tests import tiny

READY = "import signal, time, pathlib; pathlib.Path({path!r}).touch(); "
WAITS = READY + "time.sleep(60)"
STUBBORN = READY.replace(
    "pathlib.", "signal.signal(signal.SIGTERM, signal.SIG_IGN); pathlib.", 1
) + "time.sleep(60)"  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A sweep of two trials in two groups."""
    sweep = Sweep(
        {"batch_size": 8, "steps": 4, **tiny.GAMES["gan"]},
        [{"seed": 0}, {"seed": 1}],
        say=lambda line: None,
    )
    folder = SweepFolder(tmp_path / "sweep")
    with folder.hold():
        folder.register(sweep.base, sweep.trials, sweep.commands(folder.path))
        names = [trial.id for trial in sweep.trials]
        folder.write_plan(
            [Group(f"group{i}", (x,), "alone") for i, x in enumerate(names)]
        )
    return folder


def run(folder, monkeypatch, code, numbers=(signal.SIGTERM,), pause=0.0):
    """Run a sweep whose processes run ``code``, and send signals to this process."""
    ready = folder.path / "ready"

    def command(*_):
        return [sys.executable, "-c", code.format(path=str(ready))]

    monkeypatch.setattr(runner, "command", command)

    def send():
        while not ready.exists():
            time.sleep(0.01)
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(pause)

    sender = threading.Thread(target=send)
    sender.start()
    lines = []
    code = runner.run_local(folder, [Slot("this machine", {})], say=lines.append)
    sender.join()
    return code, lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_processes_end_and_no_group_starts(folder, monkeypatch, number):
    code, lines = run(folder, monkeypatch, WAITS, [number])
    assert code == 128 + number
    assert lines == [
        "group0: 1 trial on this machine",
        f"{number.name}: waiting for checkpoints of 1 process; no further group starts",
        "group0: 1 waiting; 0 of 2 trials are over",
    ]
    # The trial did not fail: it was stopped.
    assert {x["state"] for x in folder.statuses().values()} == {"waiting"}


def test_a_process_that_does_not_stop_is_killed(folder, monkeypatch):
    monkeypatch.setattr(runner, "PATIENCE", 0.2)
    code, lines = run(folder, monkeypatch, STUBBORN)
    assert code == 143
    assert "group0: its process did not stop in time and is killed" in lines
    assert {x["state"] for x in folder.statuses().values()} == {"waiting"}


def test_a_second_signal_kills_the_processes(folder, monkeypatch):
    monkeypatch.setattr(signals, "TOGETHER", 0.1)
    numbers = [signal.SIGINT, signal.SIGTERM]
    code, lines = run(folder, monkeypatch, STUBBORN, numbers, pause=0.2)
    assert code == 130
    assert "group0: its process did not stop in time and is killed" in lines


def test_a_signal_at_the_end_of_a_group_starts_no_other(folder, monkeypatch):
    ran = []

    def alone(folder, entry):
        ran.append(entry["id"])
        with signals.noted():  # as training does
            signal.raise_signal(signal.SIGTERM)
            while not signals.came():
                time.sleep(0.01)
        return {"state": "finished", "step": 4}

    monkeypatch.setattr(worker, "_alone", alone)
    with signals.answered():
        assert worker.run_groups(folder, folder.groups) == 143
    assert len(ran) == 1
