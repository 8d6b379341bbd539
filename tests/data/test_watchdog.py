"""A read that never returns ends the command, and nothing else does."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ganjax.data import watchdog
from ganjax.data.watchdog import Reading, limit_reads, saved_by, unsaved

ROOT = Path(__file__).parents[2]


@pytest.fixture
def limit(monkeypatch):
    """Set a limit, and note in place of an end of the process."""
    ended = []
    monkeypatch.setattr(watchdog, "leave", lambda *said: ended.append(said))
    yield lambda seconds: (limit_reads(seconds), ended)[1]
    limit_reads(0)


def process(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


READ = """
import sys
from pathlib import Path
from ganjax.data.idx import read_idx
from ganjax.data.watchdog import limit_reads
limit_reads(0.3)
read_idx(Path(sys.argv[1]))
"""


def test_a_hung_read_ends_the_process_and_names_the_file(tmp_path):
    """A named pipe without a writer blocks the process that opens it."""
    path = tmp_path / "train-images-idx3-ubyte.gz"
    os.mkfifo(path)
    child = process(READ, path)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 1
    line, *stacks = err.splitlines()
    assert line.startswith(f"error: data.timeout=0.3: {path} could not be read")
    assert any("in read_idx" in stack for stack in stacks)
    assert any("in _watch" in stack for stack in stacks)


def wait_for(ended):
    for _ in range(1000):
        if ended:
            return True
        time.sleep(0.01)
    return False


def test_only_single_reads_are_timed(limit):
    ended = limit(0.8)
    with Reading() as reading:
        for i in range(5):  # together longer than the limit
            reading.now(i)
            time.sleep(0.2)
    time.sleep(1.0)  # computing
    assert not ended
    with Reading("slow"):
        assert wait_for(ended)
    line, code = ended[0]
    assert "data.timeout=0.8: slow could not" in line and code == 1


def test_without_a_limit_a_read_may_take_any_time(limit):
    ended = limit(0)
    with Reading("slow"):
        time.sleep(0.3)
    assert not ended


def test_unsaved_work_of_the_main_thread_is_saved_before_the_end(limit):
    ended, saved = limit(0.2), []
    with Reading("slow"), unsaved():
        time.sleep(1.0)  # as in a write of a checkpoint
        assert not ended
        with saved_by(lambda *said: saved.append(said)):
            assert wait_for(ended)
    problem, code = ended[0]
    assert saved[0] == (
        "data.timeout=0.2: slow could not be read within 0.2 seconds",
        0,
    )
    assert problem.startswith(saved[0][0]) and code == 1


def test_the_slowest_thread_is_named_by_its_innermost_read(limit):
    ended, done = limit(0.2), threading.Event()

    def read(*names):
        with Reading(names[0]):
            if names[1:]:
                read(*names[1:])
            else:
                done.wait()

    first = threading.Thread(target=read, args=("sample 3", "a/3.png"))
    first.start()
    time.sleep(0.02)
    others = [threading.Thread(target=read, args=(f"{i}.png",)) for i in range(4)]
    [other.start() for other in others]
    assert wait_for(ended)
    done.set()
    [thread.join() for thread in (first, *others)]
    assert "a/3.png could not be read" in ended[0][0]


HANG = """
import os, signal, time
from ganjax.data.watchdog import leave
signal.signal(signal.SIGTERM, lambda number, _: leave("signal", 128 + number))
print("ready", file=__import__("sys").stderr, flush=True)
time.sleep(60)
"""


def test_a_handler_may_leave_at_once():
    child = process(HANG)
    assert child.stderr.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 128 + signal.SIGTERM
    assert err.startswith("error: signal\n") and "most recent call first" in err
