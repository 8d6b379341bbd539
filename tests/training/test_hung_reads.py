"""A read of data that never returns loses no step, and says which file hung."""

import importlib
import json
import signal
import sys
import textwrap
import threading
import time

import pytest

from ganjax import names, signals
from ganjax.commands import train
from ganjax.data import watchdog
from ganjax.data.watchdog import Reading, limit_reads
from ganjax.training.recorder import Recorder
from ganjax.training.trainer import _NoRecorder
from tests.training.test_resume import ROOT, command

SOURCE = """
    import os
    import threading

    import numpy as np

    from ganjax.data import Arrays, Source, Spec
    from ganjax.data.watchdog import Reading

    GATE = threading.Event()  # the reads hang until it is set
    TRAINED = threading.Event()  # a signal comes when it is set
    READ = []


    class Points:
        def __len__(self):
            return 40

        def __getitem__(self, index):
            READ.append(index)
            with Reading(f"points/{index}.npy"):
                if len(READ) > 200:
                    if len(READ) == 201 and int(os.environ["HANG"]):
                        TRAINED.wait()
                        os.kill(os.getpid(), int(os.environ["HANG"]))
                    GATE.wait()
            return {"data": np.full(2, index / 40, np.float32), "label": 0}


    def points(directory):
        test = Arrays(np.zeros((40, 2), np.float32), np.zeros(40, np.int32))
        return Source(Spec("points", (2,), ()), Points(), test)
"""
# The batches of eight steps are read in advance, 16 examples each. So read 201 comes
# after the fifth batch is taken, and hangs while the main thread takes step 5.
TRAINED = 5
OPTIONS = {
    "game": "gan", "steps": 16, "log__every": 1, "checkpoint__every": 1000,
    "samples__every": 0, "samples__count": 4, "data__name": "hanging:points",
    "data__feed": "streamed", "batch_size": 16,
}  # fmt: skip


@pytest.fixture
def hanging(tmp_path, monkeypatch):
    """Return the module of the data. Its reads hang after the first 200. If the
    variable HANG is a signal, the process receives it then, after ``TRAINED`` steps."""
    (tmp_path / "hanging.py").write_text(textwrap.dedent(SOURCE))
    names.beside(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("hanging", None)
    yield importlib.import_module("hanging")
    watchdog.limit_reads(0)


@pytest.mark.parametrize(
    ("number", "busy"), [(0, 0), (signal.SIGTERM, 0), (signal.SIGTERM, 1.0)]
)
def test_a_hung_read_saves_the_state(hanging, tmp_path, monkeypatch, number, busy):
    """The end of the process is replaced by its last words. Then the reads go on. After
    ``TRAINED`` steps, the main thread is busy longer than a read may take."""
    run, ended = tmp_path / "run", []

    def leave(problem, code):
        status = json.loads((run / "status.json").read_text())
        saved = [int(p.parent.name) for p in run.glob("checkpoints/*/manifest.json")]
        ended.append((problem, code, status, saved))
        watchdog.limit_reads(0)
        hanging.READ.clear()
        hanging.GATE.set()

    after = Recorder.after

    def busy_after(recorder, step, *values):
        after(recorder, step, *values)
        if step == TRAINED:
            hanging.TRAINED.set()
            time.sleep(busy)

    monkeypatch.setattr(Recorder, "after", busy_after)
    monkeypatch.setattr(watchdog, "leave", leave)
    monkeypatch.setattr(watchdog, "_POLL", 0.1)
    monkeypatch.setattr(signals, "PATIENCE", 0.3)
    monkeypatch.setenv("HANG", str(int(number)))
    arguments = command(run, **OPTIONS, data__timeout=0 if number else 0.5)[2:]
    monkeypatch.chdir(ROOT)
    assert train.main(arguments) == (143 if number else 0)
    problem, code, status, saved = ended[0]
    assert (status["step"], status["checkpoint"]) == (saved[0], saved[0])
    assert len(saved) == 1 and saved[0] >= TRAINED
    if number:
        assert code == 143 and problem.startswith("points/")
        assert (status["state"], status["exit_reason"]) == ("interrupted", "signal 15")
    else:
        assert code == 1 and problem.startswith("data.timeout=0.5: points/")
        assert status["state"] == "failed"
        assert status["exit_reason"] == problem.partition(";")[0]


def test_a_hung_read_ends_a_process_that_records_nothing(monkeypatch):
    """A process that follows the first one has nothing to save."""
    ended, recorder = threading.Event(), _NoRecorder()
    monkeypatch.setattr(watchdog, "leave", lambda *said: ended.set())
    limit_reads(0.2)
    try:
        with Reading("slow"), recorder.unsaved(), recorder.waiting(0, None, {}):
            assert ended.wait(10)
    finally:
        limit_reads(0)
