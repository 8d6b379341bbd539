"""The place of data on disk, and errors about data files.

``data.dir`` is the path. If it is empty, each data root is searched for a folder with
the name of the source. The data roots are ``$GANJAX_DATA_DIR``, if set, and
``~/.cache/ganjax/data``. ``ganjax prepare`` writes to the first one.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ganjax.errors import BadInput


def data_roots() -> list[Path]:
    """Return the folders searched if ``data.dir`` is empty. The first match wins."""
    named = os.environ.get("GANJAX_DATA_DIR", "")
    roots = [Path(named).expanduser()] if named else []
    return [*roots, Path("~/.cache/ganjax/data").expanduser()]


def locate(name: str, directory: str) -> Path:
    """Return the existing file or folder that holds the data of source ``name``.

    Args:
        name: the name of the source and of its folder under a data root.
        directory: the value of ``data.dir``; may be empty, may start with ``~``.

    Raises:
        BadInput: ``directory`` does not exist, is unreadable or is an empty folder; or
            ``directory`` is '' and no data root holds ``name``.
    """
    if not directory:
        for root in data_roots():
            if (root / name).exists():
                return locate(name, str(root / name))
        searched = " or ".join(str(root / name) for root in data_roots())
        raise BadInput(
            f"data.dir='': {name} is not at {searched}; set data.dir to its folder, "
            f"or GANJAX_DATA_DIR to a folder that holds {name}/, "
            "or make it with ganjax prepare"
        )
    path = Path(directory).expanduser()
    try:
        problem = "" if path.exists() else "no such file or folder"
        if path.is_dir() and not any(path.iterdir()):
            problem = "the folder is empty"
    except OSError as error:
        raise BadInput(
            f"data.dir='{directory}': cannot be read ({error.strerror})"
        ) from error
    if problem:
        raise BadInput(f"data.dir='{directory}': {problem}; expected {name} data")
    return path


def bad_file(directory: Path | str, file: str, problem: str) -> BadInput:
    """Return an error, in one line, that names a file of the data and its problem.

    Args:
        directory: the folder or archive that holds the file.
        file: name of the file in it.
        problem: what is wrong, as ``cannot be read``.
    """
    file = "".join(c if c >= " " else repr(c)[1:-1] for c in file)
    return BadInput(f"data.dir='{directory}': {file}: {' '.join(problem.split())}")


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Remove ``data.dir=`` from the messages of ``BadInput`` raised in the context.

    Functions that read data name this field of a config in their messages. Use the
    context for images that a user gives by path, without a config.
    """
    try:
        yield
    except BadInput as error:
        raise BadInput(str(error).removeprefix("data.dir=")) from error
