"""The standard streams of a command, which a shell may have closed."""

import os
import sys


def open_streams() -> None:
    """Open the standard streams that are closed, and print any name on the others.

    Without this, the first file that the command opens takes the number of a closed
    stream, and everything that a library prints is written into this file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is the number of this stream.
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))
    # File names need not be UTF-8, and a terminal need not be able to show a name.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
