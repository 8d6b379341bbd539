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
from collections.abc import Callable, Sequence
from typing import Any

from ganjax.run_files import failed_evaluation
from ganjax.signals import noted
from ganjax.sweep_files import ENDED, Group, imperfect, is_over
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.slots import Slot

POLL = 0.1  # seconds between two looks at the processes
LOOK = 2.0  # seconds between two looks at the files of running groups
PATIENCE = 28.0  # seconds that a process has to end after a signal
# Exit codes of a process that this process has stopped or killed.
_STOPPED = (-signal.SIGTERM, -signal.SIGKILL, 128 + signal.SIGTERM)


def run_local(
    folder: SweepFolder,
    slots: Sequence[Slot],
    *,
    fail_fast: bool = False,
    say: Callable[[str], None] = print,
) -> int:
    """Run the groups of trials that still have work, one group on each slot at a time.

    After a signal (see ``ganjax.signals``), this process sends SIGTERM to the processes
    of the groups. They write checkpoints and end. A process that does not end within
    ``PATIENCE`` seconds is killed, and a second signal kills all. The same call later
    resumes from the checkpoints.

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
    free, busy = list(slots), {}
    waiting = batches(folder, len(slots))
    failed = False
    with noted() as came, _killed_at_the_end(busy):
        asked, deadline, looked = False, 0.0, time.monotonic()
        while busy or (waiting and not came and not (failed and fail_fast)):
            while waiting and free and not came and not (failed and fail_fast):
                batch, slot = waiting.pop(0), free.pop(0)
                folder.note([t for group in batch for t in group.trials], None)
                log = folder.path / "logs" / f"{batch[0].name}.log"
                busy[_start(folder, batch, slot, log)] = list(batch), slot, log
                for group in batch:
                    say(f"{group.name}: {_count(group)} on {slot.name}")
            if came and not deadline:
                deadline = time.monotonic() + PATIENCE
                say(_stopping(came[0], busy))
            if (came or (failed and fail_fast)) and not asked:
                asked = True
                for process in busy:
                    process.send_signal(signal.SIGTERM)
            if came and (len(came) > 1 or time.monotonic() > deadline):
                _kill(busy, say)
            for process in [p for p in busy if p.poll() is not None]:
                batch, slot, log = busy.pop(process)
                free.append(slot)
                said, rest = _ended(folder, batch, process.returncode, log, say, asked)
                failed |= said
                if rest:
                    waiting.append(rest)
            if time.monotonic() > looked + LOOK:
                looked = time.monotonic()
                for batch, *_ in busy.values():
                    failed |= _over(folder, batch, say)
            time.sleep(POLL)
    if came:
        return 128 + came[0]
    return int(any(map(imperfect, folder.statuses().values())))


def batches(folder: SweepFolder, slots: int) -> list[list[Group]]:
    """Return the groups that have work, divided into batches. One process runs the
    groups of a batch one after another.

    Groups whose trials share a program are in as few batches as keep all slots busy, so
    that the program is built and compiled once for each batch.

    Args:
      slots: the number of processes at a time.
    """
    kinds = {entry["id"]: entry["kind"] for entry in folder.read()["trials"]}
    alike: dict[Any, list[Group]] = {}
    for group in folder.waiting():
        first = group.trials[0]
        own = first if group.alone else (kinds[first], group.population, group.devices)
        alike.setdefault(own, []).append(group)
    found = []
    for groups in alike.values():
        size = -(-len(groups) // slots)
        found += [groups[i : i + size] for i in range(0, len(groups), size)]
    return found


def command(folder: SweepFolder, batch: Sequence[Group], slot: Slot) -> list[str]:
    """Return the command (a list of arguments) of the process that runs groups of
    trials on the cores of ``slot``."""
    names = ",".join(group.name for group in batch)
    line = [sys.executable, "-m", "ganjax.sweeps.worker", str(folder.path), names]
    if slot.cores:
        line.append(f"--cores={','.join(map(str, slot.cores))}")
    return line


def _start(folder, batch, slot, log):
    log.parent.mkdir(exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        return subprocess.Popen(
            [*command(folder, batch, slot), f"--parent={os.getpid()}"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **slot.environment},
            start_new_session=True,  # Ctrl-C reaches only this process
        )


def _over(folder, batch, say) -> bool:
    """Report the groups of a running batch that are over, and remove them from it.
    Return whether one of their trials failed."""
    failed = False
    while len(batch) > 1:
        status = folder.population(batch[0].name).read_status()
        if status.get("state") != "finished":
            break
        failed |= _report(batch.pop(0), folder.statuses(), say)
    return failed


def _ended(folder, batch, code, log, say, asked) -> tuple[bool, list[Group]]:
    """Record how the process of a batch ended. Return whether a trial failed, and the
    groups that the process did not reach. A trial did not fail if its process ended
    because this process ``asked`` for it."""
    every = folder.statuses()
    begun = [
        group
        for group in batch
        if any(every[trial]["state"] != "waiting" for trial in group.trials)
    ]
    reached = begun or batch[:1]
    silent = [
        trial
        for group in reached
        for trial in group.trials
        if every[trial]["state"] not in ENDED
    ]
    if silent and not (asked and code in _STOPPED):
        folder.note(silent, _reason(log, code))
        every = folder.statuses()
    failed = False
    for group in reached:
        failed |= _report(group, every, say)
    return failed, [group for group in batch if group not in reached]


def _report(group, every, say) -> bool:
    """Tell the user how a group ended, and return whether one of its trials failed."""
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


def _reason(log, code):
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    lines = log.read_text(encoding="utf-8").splitlines()
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"exit code {code}: {last.removeprefix('error: ')}"


def _count(group):
    n = len(group.trials)
    return "1 trial" if n == 1 else f"{n} trials by {group.population}"


def _stopping(number, busy):
    name = signal.Signals(number).name
    some = "1 process" if len(busy) == 1 else f"{len(busy)} processes"
    wait = f"waiting for checkpoints of {some}; " if busy else ""
    return f"{name}: {wait}no further group starts"


def _kill(busy, say):
    """Kill the processes that did not end in time."""
    for process, (batch, *_) in busy.items():
        if process.poll() is None:
            say(f"{batch[0].name}: its process did not stop in time and is killed")
            process.kill()
            process.wait()


@contextlib.contextmanager
def _killed_at_the_end(busy):
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
