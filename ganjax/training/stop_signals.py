"""Signals that ask a process to save its work and stop."""

import contextlib
import signal
from collections.abc import Iterator

STOPS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


@contextlib.contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Yield a list that receives the number of each signal that asks to stop: SIGINT,
    SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2. A SIGHUP that is ignored, as ``nohup`` does,
    stays ignored. In a thread that is not the main thread no signal is received."""
    came: list[int] = []
    before = {}

    def note(number, frame):
        came.append(number)

    try:
        for number in STOPS:
            ignored = signal.getsignal(number) == signal.SIG_IGN
            if not (number == signal.SIGHUP and ignored):
                before[number] = signal.signal(number, note)
    except ValueError:  # only the main thread can handle signals
        pass
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
