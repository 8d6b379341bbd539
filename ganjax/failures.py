"""Failures of the machine, as one line and an exit code.

Failures are full, broken and read-only disks, a lack of memory, and an output that
nobody reads. Any library may raise them, in any thread, or while files are closed
behind another failure.
"""

import contextlib
import errno
import logging
import os
import re
import select
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

# Errors of a disk that no change of input prevents.
_DISK = {
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.ESTALE, errno.ENODEV,
}  # fmt: skip
# Errors of a path that the user gave, or of the rights to it.
_PATH = {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP,
    errno.ENOTDIR, errno.EISDIR,
}  # fmt: skip
# What NumPy says where the disk was full, without an errno.
_CUT_SHORT = r"\d+ requested and \d+ written"
# What threads of Orbax and tensorboardX raise after another thread has failed, which
# has closed what they use.
_ECHOES = ("Event loop is closed", "handle is closed")
_MEMORY = ("RESOURCE_EXHAUSTED", "Out of memory", "Unable to allocate")
_OF_MEMORY = r"(Out of memory|Unable to allocate).*"
# The least number that a line about memory names, and how many numbers it names.
_LARGE, _NAMED = 1000, 3
# The numbers of stdout and stderr.
_OUTPUTS = (1, 2)


def explained(
    error: BaseException | None, arguments: Sequence[str] = ()
) -> tuple[str, int] | None:
    """Return the line and the exit code for a failure of the machine, or ``None`` for
    another error.

    All errors count during whose handling ``error`` was raised, because what closes
    files behind a failed write fails as well. The first one is the cause, unless a
    later one says more.

    Args:
      error: the error that ended a command.
      arguments: the arguments of the command. The line about a lack of memory names
        the largest numbers in them.
    """
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.insert(0, error)
        error = error.__context__
    if any(isinstance(x, BrokenPipeError) for x in chain) and _output_is_broken():
        line = "the output is closed, so not all of it was printed"
        return line, 128 + signal.SIGPIPE
    if said := [found for found in map(_of_disk, chain) if found]:
        return max(said, key=lambda found: found[0])[1], 1
    for one in chain:
        if isinstance(one, OSError) and one.errno in _PATH and one.filename:
            return f"{_path(one)}: {one.strerror}", 2
    for one in chain:
        if isinstance(one, MemoryError) or any(x in str(one) for x in _MEMORY):
            return _of_memory(one, arguments), 2
    return None


def disk_error(error: BaseException) -> int | None:
    """Return the number (``errno``) of a failure of a disk, or ``None`` for another
    error. Some libraries only have the text of the number."""
    if isinstance(error, OSError) and error.errno in _DISK:
        return error.errno
    said = str(error)
    if re.search(_CUT_SHORT, said):
        return errno.ENOSPC
    return next((number for number in _DISK if os.strerror(number) in said), None)


def disk_problem(number: int, path: str | Path) -> str:
    """Return the line about a failure of the disk of a file: the path, the text of the
    number, and how many bytes are free if it is about them."""
    full = number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return f"{path}: {os.strerror(number)}{_free(path) if full else ''}"


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name the file in an error inside the context. Python names a file only in an
    error of its opening."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def quiet_threads() -> None:
    """Print failures of the machine in threads as one line, and none that occur while
    objects are destroyed, the process exits, or C++ calls back, or in tasks of asyncio
    whose result nobody needs any more. Python prints a traceback for each."""
    if threading.excepthook is _of_thread:  # ``signals.answered`` may have added a hook
        return
    threading.excepthook, sys.unraisablehook = _of_thread, _of_destructor
    logging.getLogger("asyncio").addFilter(_of_task)


def _of_thread(found):
    if str(found.exc_value) in _ECHOES:
        return
    if known := explained(found.exc_value):
        with contextlib.suppress(OSError):
            print(f"warning: {known[0]}", file=sys.stderr)
    else:
        threading.__excepthook__(found)


def _of_destructor(found):
    if str(found.exc_value) not in _ECHOES and not explained(found.exc_value):
        sys.__unraisablehook__(found)


def _of_task(record):
    error = record.exc_info[1] if record.exc_info else None
    return error is None or explained(error) is None


def close_output() -> None:
    """Drop what cannot be printed. Python would print an error for it at the end."""
    for number, stream in zip(_OUTPUTS, (sys.stdout, sys.stderr), strict=True):
        try:
            stream.flush()
        except OSError:
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _of_disk(error) -> tuple[int, str] | None:
    """Return how much an error of a disk says, and its line."""
    number = disk_error(error)
    if number is None:
        return None
    if isinstance(error, OSError):
        if error.strerror not in (None, os.strerror(number)):
            return 2, error.strerror
        if error.filename is not None:
            return 1, disk_problem(number, _path(error))
    return 0, os.strerror(number)


def _of_memory(error, arguments) -> str:
    numbers = [(_largest(argument), argument) for argument in arguments]
    large = [said for size, said in sorted(numbers, reverse=True) if size >= _LARGE]
    hint = f"; the largest numbers are {', '.join(large[:_NAMED])}" if large else ""
    # XLA repeats in front of it where the error occurred.
    said = re.search(_OF_MEMORY, str(error))
    line = (said[0] if said else str(error)).rstrip(".")
    return f"{line}: expected sizes that fit in memory{hint}"


def _largest(argument: str) -> float:
    """Return the largest number in the value of an argument, or 0."""
    value = argument.rpartition("=")[2]
    return max(map(float, re.findall(r"\d+(?:\.\d+)?(?:e\d+)?", value)), default=0.0)


def _path(error: OSError) -> str:
    name = error.filename
    return os.fsencode(name).decode("utf-8", "backslashreplace") if name else ""


def _free(path):
    """Return how many bytes the disk of a file has left, in words."""
    with contextlib.suppress(OSError, ValueError):
        left = shutil.disk_usage(os.path.dirname(os.path.abspath(path))).free
        return f" ({left:,} bytes are free)"
    return ""


def _output_is_broken() -> bool:
    poll = select.poll()
    for number in _OUTPUTS:
        poll.register(number, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))
