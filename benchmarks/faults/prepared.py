"""Processes of ganjax that start from one process that has imported it.

    python -m benchmarks.faults.prepared

An import takes longer than all else that a short command does. This server imports
ganjax, and for each line of JSON on stdin it forks a process that runs one command. It
is for the commands of a case in which nothing is disturbed from outside. Linux only.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What ``ganjax train``, ``evaluate``, ``sample`` and ``report`` import.
MODULES = (
    "ganjax.command_line", "ganjax.launch", "ganjax.training", "ganjax.loading",
    "ganjax.scoring", "ganjax.evaluation", "ganjax.gallery", "ganjax.report",
    "ganjax.commands.train", "ganjax.commands.evaluate", "ganjax.commands.sample",
    "ganjax.commands.report", "jax.experimental.multihost_utils",
)  # fmt: skip


class Prepared:
    """The server, in another process.

    Args:
      environment: the environment of its processes.
    """

    def __init__(self, environment: Mapping[str, str]):
        # A process becomes a child of this process when its parent has ended, so that
        # this process learns its exit code (PR_SET_CHILD_SUBREAPER).
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        self._lock = threading.Lock()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.faults.prepared"],
            env=dict(environment), cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, arguments: Sequence[str], log: Path) -> "Forked":
        """Start ``ganjax ARGUMENTS`` with its output in a file, whose folder is the
        working directory."""
        asked = json.dumps({"arguments": list(arguments), "log": str(log)})
        with self._lock:
            self._server.stdin.write(asked + "\n")
            self._server.stdin.flush()
            return Forked(int(self._server.stdout.readline()))

    def ended(self) -> bool:
        """Return whether the server has ended, as after a lack of memory."""
        return self._server.poll() is not None

    def close(self) -> None:
        """End the server. Its processes continue."""
        with contextlib.suppress(OSError):
            self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


class Forked:
    """A child process that another process has started, with the methods of
    ``subprocess.Popen`` that a case uses."""

    def __init__(self, pid: int):
        self.pid, self._code = pid, None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float = float("inf")) -> int:
        limit = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > limit:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(9)


def _serve():
    """Read requests until the end of stdin. Return the arguments in a new process."""
    for module in MODULES:
        importlib.import_module(module)
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        if between := os.fork():
            # The line ends when the new process has this process's parent.
            os.waitpid(between, 0)
            os.write(1, b"\n")
        elif pid := os.fork():
            os.write(1, str(pid).encode())
            os._exit(0)
        else:
            _become(asked)
            return asked["arguments"]
    sys.exit()


def _become(asked):
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.close(log)
    os.close(nothing)
    folder = Path(asked["log"]).parent
    os.chdir(folder)
    sys.path[0] = str(folder)  # as ``python -m ganjax`` has it
    sys.argv = ["ganjax", *asked["arguments"]]


if __name__ == "__main__":
    arguments = _serve()
    from ganjax.commands import main

    sys.exit(main(arguments))
