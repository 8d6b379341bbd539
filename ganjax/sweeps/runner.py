"""Run a sweep on this machine: each group of trials in a separate process.

A slot is a share of the machine (some GPUs or CPU cores). It runs one process at a
time.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from ganjax.run_files import failed_evaluation
from ganjax.sweep_files import ENDED, Group, imperfect, is_over
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import Slot

POLL = 0.1


def run_local(
    folder: SweepFolder,
    slots: Sequence[Slot],
    *,
    fail_fast: bool = False,
    say: Callable[[str], None] = print,
) -> int:
    """Run the groups of trials that still have work, one group on each slot at a time.

    After SIGINT, SIGTERM or SIGUSR2, this process sends SIGTERM to the processes of the
    groups. They write checkpoints and end. The same call later resumes from the
    checkpoints.

    Args:
      folder: the folder of the sweep, with its plan.
      slots: the shares of this machine.
      fail_fast: whether the first failed trial ends all other processes in the same
        way.
      say: receives lines for the user.

    Returns:
      The exit code: 0 if every trial is finished and no evaluation failed, 128 + n
        after signal n, 1 in all other cases.
    """
    waiting = folder.waiting()
    free, busy = list(slots), {}
    failed = False
    with _signals() as came, _killed_at_the_end(busy):
        reported = False
        while busy or (waiting and not came and not (failed and fail_fast)):
            while waiting and free and not came and not (failed and fail_fast):
                group, slot = waiting.pop(0), free.pop(0)
                folder.note(group.trials, None)
                busy[_start(folder, group, slot)] = group, slot
                say(f"{group.name}: {_count(group)} on {slot.name}")
            if (came or (failed and fail_fast)) and not reported:
                reported = True
                for process in busy:
                    process.send_signal(signal.SIGTERM)
            for process in [p for p in busy if p.poll() is not None]:
                group, slot = busy.pop(process)
                free.append(slot)
                failed |= _ended(folder, group, process.returncode, say)
            time.sleep(POLL)
    if came:
        return 128 + came[0]
    return int(any(map(imperfect, folder.statuses().values())))


def command(folder: SweepFolder, group: Group, slot: Slot) -> list[str]:
    """Return the command (a list of arguments) of the process that runs a group of
    trials on the cores of ``slot``."""
    line = [sys.executable, "-m", "ganjax.sweeps.worker", str(folder.path), group.name]
    if slot.cores:
        line.append(f"--cores={','.join(map(str, slot.cores))}")
    return line


def _start(folder, group, slot):
    log = folder.path / "logs" / f"{group.name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("a") as file:
        return subprocess.Popen(
            [*command(folder, group, slot), f"--parent={os.getpid()}"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **slot.environment},
            start_new_session=True,  # Ctrl-C reaches only this process
        )


def _ended(folder, group, code, say) -> bool:
    """Record how a group ended, and return whether one of its trials failed."""
    every = folder.statuses()
    silent = [x for x in group.trials if every[x]["state"] not in ENDED]
    if silent:
        folder.note(silent, _reason(folder, group, code))
        every = folder.statuses()
    statuses = {trial: every[trial] for trial in group.trials}
    states = [status["state"] for status in statuses.values()]
    counts = ", ".join(f"{states.count(s)} {s}" for s in dict.fromkeys(states))
    done = sum(map(is_over, every.values()))
    say(f"{group.name}: {counts}; {done} of {len(every)} trials are over")
    for trial, status in statuses.items():
        if status["state"] == "failed":
            say(f"{group.name}: trial {trial} failed: {status['exit_reason']}")
        for failed in status.get("failed_evaluations", ()):
            say(f"{group.name}: trial {trial}: {failed_evaluation(**failed)}")
    return "failed" in states


def _reason(folder, group, code):
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    lines = (folder.path / "logs" / f"{group.name}.log").read_text().splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"exit code {code}: {last.removeprefix('error: ')}"


def _count(group):
    n = len(group.trials)
    return "1 trial" if n == 1 else f"{n} trials by {group.population}"


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR2)
    before = {n: signal.signal(n, lambda n, frame: came.append(n)) for n in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _killed_at_the_end(busy):
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
