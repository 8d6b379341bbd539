"""The standard streams of a command. A shell may have closed them, and a reader may go
away: the pipe of ``ganjax train 2>&1 | head -1`` closes, and so does the terminal of a
lost connection. Neither ends the work of a command.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any


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


def show(text: str) -> None:
    """Print one line on stderr, if it is open."""
    if sys.stderr is None:  # then print would write to stdout
        return
    with contextlib.suppress(OSError, ValueError):  # closed by its reader, or by us
        print(text, file=sys.stderr, flush=True)


class LastingStream:
    """A stream of text whose ``write`` and ``flush`` do not fail. All else is as in the
    stream inside.

    Args:
      stream: the stream that receives the text.

    Attributes:
      problem: the first error of the disk or of the pipe that was not raised.
    """

    def __init__(self, stream: Any):
        self._stream = stream
        self.problem: OSError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, if the stream is open."""
        with self._lasting():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream, if it is open."""
        with self._lasting():
            self._stream.flush()

    @contextlib.contextmanager
    def _lasting(self):
        try:
            yield
        except OSError as error:
            self.problem = self.problem or error
        except ValueError:  # it is closed
            pass


@contextlib.contextmanager
def lasting_streams() -> Iterator[LastingStream | None]:
    """Replace stdout and stderr inside the context by streams whose ``write`` does not
    fail, for everything that prints: warnings, libraries and the user's code. Yield the
    new stdout, or ``None`` without stdout."""
    with contextlib.ExitStack() as stack:
        made = []
        for stream, redirect in (
            (sys.stdout, contextlib.redirect_stdout),
            (sys.stderr, contextlib.redirect_stderr),
        ):
            made.append(None if stream is None else LastingStream(stream))
            if made[-1]:
                stack.enter_context(redirect(made[-1]))
        yield made[0]
