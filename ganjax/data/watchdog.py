"""A limit on the time of a single read of data.

A read from a network disk may never return, and a thread that waits for it answers no
signal. A thread of this module watches the reads that are under way. If one takes too
long, the process ends with the name of the file. Only single reads are timed:
compilation, training and evaluation may take any time.
"""

import faulthandler
import os
import sys
import threading
import time
from typing import NoReturn

# Exit code of a failure that no change of input prevents.
FAILURE = 1
_LONGEST_SLEEP = 5.0

_limit = 0.0
_under_way: dict[int, "Reading"] = {}
_watcher: threading.Thread | None = None
_lock = threading.Lock()


def limit_reads(seconds: float) -> None:
    """Set the longest time of a single read in this process, in seconds; 0 for none."""
    global _limit
    _limit = seconds


class Reading:
    """A read that is under way: a context manager. One object may time several reads of
    one thread, one after another.

    Args:
        name: the file, for the message.
    """

    def __init__(self, name: object = ""):
        self.name, self.since, self.thread = name, 0.0, 0

    def now(self, name: object) -> None:
        """Note that the read before has ended, and that the read of ``name`` begins."""
        self.name, self.since = name, time.monotonic()

    def __enter__(self) -> "Reading":
        if _limit:
            self.thread = threading.get_ident()
            self.since = time.monotonic()
            _under_way[id(self)] = self
            if _watcher is None:
                _start()
        return self

    def __exit__(self, *error: object) -> None:
        _under_way.pop(id(self), None)


def leave(problem: str, code: int) -> NoReturn:
    """End the process without delay. Print a problem as one line, then the stacks of
    all threads, on stderr. Nothing else is written, and no thread is waited for.

    Args:
        problem: why the process ends.
        code: the exit code.
    """
    try:
        print(f"error: {problem}", file=sys.stderr, flush=True)
        faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    finally:  # stderr may be closed
        os._exit(code)


def _start():
    global _watcher
    with _lock:
        if _watcher is None:
            _watcher = threading.Thread(target=_watch, name="watchdog", daemon=True)
            _watcher.start()


def _watch():
    while True:
        pause, before = min(max(_limit / 4, 0.05), _LONGEST_SLEEP), time.monotonic()
        time.sleep(pause)
        # A process that was stopped, as by Ctrl-Z, did not read in the meantime.
        stopped = time.monotonic() - before - pause
        if stopped > _LONGEST_SLEEP:
            for read in list(_under_way.values()):
                read.since += stopped
        if late := _late(time.monotonic()):
            leave(
                f"data.timeout={_limit:g}: {late.name} could not be read within "
                f"{_limit:g} seconds; the command was ended, and the same command "
                f"goes on from the last checkpoint",
                FAILURE,
            )


def _late(now: float) -> Reading | None:
    """Return the read that has taken too long, or ``None``.

    Threads may wait for a lock that the slowest thread holds, so its read counts. If
    this thread reads one thing as a part of another, the part has the better name.
    """
    reads = list(_under_way.values())
    late = [read for read in reads if _limit and now - read.since > _limit]
    if not late:
        return None
    first = min(late, key=lambda read: read.since)
    own = [read for read in reads if read.thread == first.thread]
    return max(own, key=lambda read: read.since)
