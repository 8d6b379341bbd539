"""A limit on the time of a single read of data.

A read from a network disk may never return, and a thread that waits for it answers no
signal. A thread of this module watches the reads that are under way. If one takes too
long, the process ends with the name of the file. Only single reads are timed:
compilation, training and evaluation may take any time. After a signal, a read has
``signals.PATIENCE`` seconds left. If the main thread waits for the data, as a training
loop does, its work is saved first. If a training loop does something else, such as a
write of a checkpoint, the process does not end before this is done.
"""

import contextlib
import faulthandler
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import NoReturn

from ganjax import signals

# Exit code of a failure that no change of input prevents.
FAILURE = 1
_POLL = 1.0
# A process that slept longer than this was stopped, as by Ctrl-Z.
_STOPPED = 5.0
# The least seconds that saving may take. It may write to the disk that does not answer.
_LEAST_SAVING = 60.0

_limit = 0.0
_save: Callable[[str, int], None] | None = None
_unsaved = False
_saving = threading.Lock()
_under_way: dict[int, "Reading"] = {}
_watcher: threading.Thread | None = None
_lock = threading.Lock()
_changed = threading.Event()  # the limit is another one


def limit_reads(seconds: float) -> None:
    """Set the longest time of a single read in this process, in seconds; 0 for none."""
    global _limit
    _limit = seconds
    _changed.set()


@contextlib.contextmanager
def unsaved() -> Iterator[None]:
    """Inside the context, the main thread has work to save. A read that takes too long
    ends the process only while the main thread is inside ``saved_by``. It comes there,
    or to the end of the context, when it has done what it does now."""
    global _unsaved
    _unsaved = True
    try:
        yield
    finally:
        _unsaved = False


@contextlib.contextmanager
def saved_by(save: Callable[[str, int], None]) -> Iterator[None]:
    """Inside the context, the main thread only waits for data. If a read takes too long
    there, call ``save(problem, signal)`` before the process ends.

    Args:
      save: receives why the process ends, and the number of the signal that came, or 0.
        It is called in another thread, and the main thread does not leave the context.
    """
    global _save
    _save = save
    try:
        yield
    finally:
        with _saving:
            _save = None


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
    asked = math.inf  # when a signal came
    while True:
        wanted = _limit / 4 if _limit else _POLL
        pause, before = min(max(wanted, 0.05), _POLL), time.monotonic()
        _changed.wait(pause)
        _changed.clear()
        stopped = time.monotonic() - before - pause
        if stopped > _STOPPED:  # it did not read in the meantime
            for read in list(_under_way.values()):
                read.since += stopped
        now, number = time.monotonic(), signals.came()
        asked = min(asked, now) if number else math.inf
        if late := _late(now, _limit or math.inf):
            _give_up(f"data.timeout={_limit:g}: {late.name}", _limit, 0)
        elif now - asked > signals.PATIENCE and (late := _late(now, signals.PATIENCE)):
            _give_up(f"{late.name}", signals.PATIENCE, number)


def _give_up(name, seconds, number):
    """End the process because of a read, and save before."""
    problem = f"{name} could not be read within {seconds:g} seconds"
    with _saving:  # until the process ends
        if not _late(time.monotonic(), seconds):  # it has returned
            return
        if _unsaved and not _save:
            return
        if _save:
            saving = threading.Thread(target=_save, args=(problem, number), daemon=True)
            saving.start()
            saving.join(max(_LEAST_SAVING, _limit))
        leave(
            f"{problem}; the command was ended, and the same command goes on from the "
            f"last checkpoint",
            128 + number if number else FAILURE,
        )


def _late(now: float, limit: float) -> Reading | None:
    """Return the read that has taken longer than ``limit`` seconds, or ``None``.

    Threads may wait for a lock that the slowest thread holds, so its read counts. If
    this thread reads one thing as a part of another, the part has the better name.
    """
    reads = list(_under_way.values())
    late = [read for read in reads if now - read.since > limit]
    if not late:
        return None
    first = min(late, key=lambda read: read.since)
    own = [read for read in reads if read.thread == first.thread]
    return max(own, key=lambda read: read.since)
