"""How a command answers the signals that ask it to stop.

SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 mean the same: keep what is done, and end
with exit code 128 + n. A line on stderr answers the first one immediately, also while
the main thread computes inside a library. A second signal forces the exit.
"""

import contextlib
import functools
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator

STOPS = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip
# Seconds after the first signal in which other signals do not count: ``timeout`` and
# cluster managers signal a process and also its group.
TOGETHER = 1.0
# Seconds until the exit is forced, if the code that runs does not answer signals.
PATIENCE = 20.0
AGAIN = 0.1  # seconds until a signal is sent again that could not be raised

_END = b"\0"  # no signal has this number
_seen: list[int] = []  # what the thread of ``answered`` has seen
_raised: list[int] = []
_deferred: list[int] = []  # signals that came where nothing can be raised
_echoes: list[int] = []  # signals that the thread has sent to the main thread
_leaving: list[bool] = []  # not empty while ``answered`` ends
_notes: list[list[int]] = []  # the lists of ``noted``, the innermost last
_noted: list[int] = []  # the signals of all ``noted`` that ended inside ``answered``


class Stopped(KeyboardInterrupt):
    """A signal asked the command to stop. ``except Exception`` does not hide it.

    Attributes:
      number: the signal.
      said: a line for the user about what is incomplete; may be empty.
    """

    def __init__(self, number: int, said: str = ""):
        super().__init__(said or f"stopped by {signal.Signals(number).name}")
        self.number, self.said = number, said

    @property
    def code(self) -> int:
        """Return the exit code of a command that this signal stopped."""
        return 128 + self.number


def came() -> int:
    """Return the first signal that came inside ``answered`` or ``noted``, or 0. Code
    that another handler of signals has interrupted may still ask it."""
    return next((numbers[0] for numbers in (_seen, _noted, *_notes) if numbers), 0)


def check() -> None:
    """Raise ``Stopped`` if a signal came. A computation that takes long calls this
    between its parts, because inside ``noted`` nothing interrupts it."""
    if number := came():
        raise Stopped(number)


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Answer signals inside the context: print a line, and raise ``Stopped`` in the
    main thread.

    Code inside that handles signals with ``noted``, or with handlers that it sets, is
    not interrupted. Other code that does not end within ``PATIENCE`` seconds, such as a
    hung read, is ended by a forced exit. ``Stopped`` is raised after an import that is
    in progress, because modules in C++ crash if their import raises, and after a
    callback of the garbage collector, which cannot raise. An ignored SIGHUP stays
    ignored, for ``nohup``. Inside another such context, and outside the main thread,
    this does nothing.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is _raise:
        yield
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = {number: signal.signal(number, _raise) for number in _caught()}
    # Python runs handlers only between two of its instructions. The pipe is written as
    # soon as a signal comes, so the thread answers while the main thread cannot.
    pipe = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    hook = sys.unraisablehook
    sys.unraisablehook = functools.partial(_ignored, hook)
    watcher = threading.Thread(target=_watch, args=(read,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        _leaving.append(True)
        signal.set_wakeup_fd(pipe)
        # The thread ends before the handlers: other ones would get what it sends again.
        os.write(write, _END)
        watcher.join()
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook
        os.close(read)
        os.close(write)
        late, said = [] if _raised else _deferred[:1], bool(_seen)
        for numbers in (_seen, _noted, _raised, _deferred, _echoes, _leaving):
            numbers.clear()
        if late:
            if not said:
                _say_stopping(late[0])
            raise Stopped(late[0])


@contextlib.contextmanager
def noted() -> Iterator[list[int]]:
    """Yield a list that receives the number of each signal that asks to stop. Nothing
    is raised. Signals within ``TOGETHER`` seconds of the first one are left out."""
    noted, first = [], []

    def note(number, frame):
        first.append(time.monotonic())
        if not noted or first[-1] > first[0] + TOGETHER:
            noted.append(number)

    try:
        before = {number: signal.signal(number, note) for number in _caught()}
    except ValueError:  # only the main thread can handle signals
        before = {}
    _notes.append(noted)
    try:
        yield noted
    finally:
        # Equal lists are not the same list.
        _notes[:] = [x for x in _notes if x is not noted]
        if before.get(signal.SIGTERM) is _raise:  # its thread may see them later
            _noted.extend(noted)
        for number, handler in before.items():
            signal.signal(number, handler)


def _caught():
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [x for x in STOPS if not (x == signal.SIGHUP and ignored)]


def _raise(number, frame):
    # A second one must not disturb what the first one ends.
    if _raised:
        return
    if _leaving or _importing(frame):
        _deferred.append(number)
        return
    _raised.append(number)
    raise Stopped(number)


def _ignored(hook, problem):
    """Raise ``Stopped`` later if Python ignored it, as in a method ``__del__``."""
    if isinstance(problem.exc_value, Stopped):
        _deferred.append(problem.exc_value.number)
        _raised.clear()
    else:
        hook(problem)


def _importing(frame):
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib._bootstrap"):
            return True
        frame = frame.f_back
    return False


def _watch(pipe):
    """Answer signals as their numbers come out of a pipe, until ``_END`` comes."""
    start, patient = 0.0, True
    while True:
        wait = AGAIN if _seen and patient else None
        if not select.select([pipe], [], [], wait)[0]:
            # Code that has handlers has answered the signal, and takes its time.
            patient = signal.getsignal(_seen[0]) is _raise
            if patient and time.monotonic() > start + PATIENCE:
                _force(_seen[0], f"did not stop within {PATIENCE:g} s")
            if _deferred and not _raised:
                _echoes.append(_seen[0])
                signal.pthread_kill(threading.main_thread().ident, _seen[0])
            continue
        for number in os.read(pipe, 64):
            if number == _END[0]:
                return
            if number not in STOPS:
                continue  # a signal that other code handles
            if number in _echoes:
                _echoes.remove(number)
            elif not _seen:
                start = time.monotonic()
                _seen.append(number)
                _say_stopping(number)
            elif time.monotonic() > start + TOGETHER:
                _force(number, "a second signal")


def _say_stopping(number):
    _say(f"{_name(number)}: stopping; a second signal forces the exit")


def _force(number, why):
    _say(f"{_name(number)}: {why}; the exit is forced")
    os._exit(128 + number)


def _name(number):
    return signal.Signals(number).name


def _say(line):
    # The main thread may hold the lock of ``sys.stderr``.
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode())
