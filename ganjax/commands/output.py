"""Files that a command writes for the user."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ganjax.errors import naming


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield the name of a file to write, which then becomes ``path``.

    After an error an earlier file stays, and the part is removed, because it may fill
    the disk. An error of the disk names ``path``.
    """
    part = path.with_name(f".part-{path.name}")
    try:
        with naming(path):
            yield part
            part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
