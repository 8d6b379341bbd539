"""Where data lie on disk, and how an error about them reads.

``data.dir`` names the place. Where it is empty the data are looked for under the name
of the source in each data root: ``$GANJAX_DATA_DIR`` if set, then
``~/.cache/ganjax/data``. ``scripts/prepare_data.py`` writes to the first of them.
"""

import os
from pathlib import Path

from ganjax.errors import BadInput


def data_roots() -> list[Path]:
    """The folders searched when ``data.dir`` is empty, first match wins."""
    named = os.environ.get("GANJAX_DATA_DIR", "")
    roots = [Path(named).expanduser()] if named else []
    return [*roots, Path("~/.cache/ganjax/data").expanduser()]


def locate(name: str, directory: str) -> Path:
    """The existing file or folder that holds the data of source ``name``.

    Args:
        name: the source's name, the folder's name under a data root.
        directory: the value of ``data.dir``; may be empty, may start with ``~``.

    Raises:
        BadInput: ``directory`` does not exist or is an empty folder; or it is empty
            and no data root holds ``name``.
    """
    if not directory:
        for root in data_roots():
            if (root / name).exists():
                return locate(name, str(root / name))
        searched = " or ".join(str(root / name) for root in data_roots())
        raise BadInput(
            f"data.dir='': {name} is not at {searched}; set data.dir to its folder, "
            f"or GANJAX_DATA_DIR to a folder that holds {name}/, "
            "or make it with scripts/prepare_data.py"
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
    """The one-line error for ``file`` inside ``data.dir``."""
    return BadInput(f"data.dir='{directory}': {file}: {' '.join(problem.split())}")
