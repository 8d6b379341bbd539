"""Lines for the user on stderr. A reader that goes away ends no training: the pipe of
``ganjax train 2>&1 | head -1`` closes, and so does the terminal of a lost connection.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any


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
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, if the stream is open."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream, if it is open."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


@contextlib.contextmanager
def lasting_streams() -> Iterator[None]:
    """Replace stdout and stderr inside the context by streams whose ``write`` does not
    fail, for everything that prints: warnings, libraries and the user's code."""
    with contextlib.ExitStack() as stack:
        for stream, redirect in (
            (sys.stdout, contextlib.redirect_stdout),
            (sys.stderr, contextlib.redirect_stderr),
        ):
            if stream is not None:
                stack.enter_context(redirect(LastingStream(stream)))
        yield
