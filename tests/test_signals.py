"""What a command does after SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from ganjax import signals

WAITING = "import time; print('ready', flush=True); time.sleep(60)"
# A call that runs no Python code for minutes, as a compilation or a read can.
BUSY = """
import hashlib, threading
threading.Timer(0.4, lambda: print("ready", flush=True)).start()
hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""
# Code in which Python ignores the exception. JAX has such callbacks.
COLLECTED = """
class Slow:
    def __del__(self):
        print("ready", flush=True)
        time.sleep(0.3)
Slow()
time.sleep(60)
"""
# Code that hides the exception.
DEAF = """
said = False
while True:
    try:
        if not said:
            said = print("ready", flush=True) is None
        time.sleep(0.05)
    except BaseException:
        pass
"""
# An import that runs Python code, as the import of a module in C++ may.
IMPORT = """
folder = tempfile.mkdtemp()
with open(folder + "/slow.py", "w") as file:
    file.write("print('ready', flush=True); import time; time.sleep(0.3); done = 1")
sys.path.insert(0, folder)
import slow
"""
IMPORTS = f"""
try:
    {IMPORT.replace(chr(10), chr(10) + " " * 4)}
    time.sleep(60)
finally:
    print(slow.done, flush=True)
"""
# Code that needs a moment to clean up.
CLEANS = """
try:
    print("ready", flush=True)
    time.sleep(60)
finally:
    time.sleep(0.3)
    print("cleaned", flush=True)
"""


def started(body, before="", **changes):
    lines = [f"signals.{name} = {value}" for name, value in changes.items()]
    code = "\n".join(
        [
            "import signal, sys, tempfile, time",
            "from ganjax import signals",
            *lines,
            before,
            "try:",
            "    with signals.answered():",
            textwrap.indent(body, " " * 8),
            "except signals.Stopped as stop:",
            "    sys.exit(stop.code)",
        ]
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def ended(process):
    out, error = process.communicate(timeout=30)
    return process.returncode, out, error.splitlines()


@pytest.mark.parametrize("number", signals.STOPS)
def test_a_signal_is_answered_by_a_line_and_its_exit_code(number):
    process = started(WAITING)
    process.send_signal(number)
    code, _, lines = ended(process)
    assert code == 128 + number
    assert lines == [f"{number.name}: stopping; a second signal forces the exit"]


def test_the_line_comes_and_the_exit_is_forced_while_no_python_code_runs():
    process = started(BUSY, TOGETHER=0.1)
    process.send_signal(signal.SIGTERM)
    assert process.stderr.readline().startswith("SIGTERM: stopping")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    code, _, lines = ended(process)
    assert code == 130
    assert lines == ["SIGINT: a second signal; the exit is forced"]


def test_code_that_hides_the_signal_does_not_run_on():
    process = started(DEAF, PATIENCE=0.3)
    process.send_signal(signal.SIGUSR1)
    code, _, lines = ended(process)
    assert code == 128 + signal.SIGUSR1
    assert lines[1] == "SIGUSR1: did not stop within 0.3 s; the exit is forced"


def test_a_signal_in_a_callback_that_cannot_raise_is_not_lost():
    process = started(COLLECTED)
    process.send_signal(signal.SIGHUP)
    code, _, lines = ended(process)
    assert code == 128 + signal.SIGHUP and len(lines) == 1


def test_an_import_is_not_interrupted():
    """A module in C++ that is interrupted in its import crashes the process."""
    process = started(IMPORTS)
    process.send_signal(signal.SIGTERM)
    code, out, lines = ended(process)
    assert code == 143 and out == "1\n" and len(lines) == 1


@pytest.mark.parametrize("number", signals.STOPS)
def test_a_signal_in_the_last_import_is_answered_at_the_end(number):
    """The thread sends the signal again and again, also while the context ends."""
    process = started(IMPORT, AGAIN=0.0)
    process.send_signal(number)
    code, _, lines = ended(process)
    assert code == 128 + number and len(lines) == 1


def test_a_signal_while_the_context_ends(monkeypatch, capfd):
    write = os.write

    def late(file, data):
        if data == b"\0":  # the message to the thread that it ends
            signal.raise_signal(signal.SIGTERM)
        return write(file, data)

    monkeypatch.setattr(os, "write", late)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(signals.Stopped) as stop, signals.answered():
        pass
    assert stop.value.code == 143 and signal.getsignal(signal.SIGTERM) == before
    assert capfd.readouterr().err.startswith("SIGTERM: stopping")


def test_two_signals_together_are_one():
    """``timeout`` signals its child and then the group of its child."""
    process = started(CLEANS)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    code, out, lines = ended(process)
    assert code == 143 and out == "cleaned\n" and len(lines) == 1


def test_an_ignored_hangup_stays_ignored():
    process = started(WAITING, "signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    code, _, lines = ended(process)
    assert code == 143 and lines[0].startswith("SIGTERM: stopping")


def test_handlers_are_restored():
    before = [signal.getsignal(number) for number in signals.STOPS]
    with pytest.raises(signals.Stopped) as stop, signals.answered():
        signal.raise_signal(signal.SIGUSR2)
        raise AssertionError("the signal was not answered")
    assert stop.value.code == 128 + signal.SIGUSR2
    assert [signal.getsignal(number) for number in signals.STOPS] == before
    assert signals.came() == 0
    with signals.noted() as came:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert came == [signal.SIGTERM]
    assert [signal.getsignal(number) for number in signals.STOPS] == before
