"""Arrays of numbers and texts in .npy and .npz files, also of other people.

The sizes that a file states are compared with its bytes before memory is taken. To read
an array of Python objects would run code of the file, so no such array is read.
"""

import contextlib
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.bombs import TooLarge, check_member

_HEADERS: dict[tuple[int, int], Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a .npz by name. Arrays of Python objects, and files that are
    no arrays, are left out.

    Raises:
        OSError: the file cannot be opened.
        ValueError: the file is damaged, or would unpack to far more bytes than it has.
    """
    found, length = {}, path.stat().st_size
    with _damage(), zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                continue
            check_member(member.file_size, min(member.compress_size, length))
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise TooLarge("it is packed by another method than deflate")
            with archive.open(member) as file:
                array = _array(file, member.file_size)
            if array is not None:
                found[member.filename.removesuffix(".npy")] = array
    return found


def read_array(path: Path) -> np.ndarray:
    """Return the array of a .npy.

    Raises:
        OSError: the file cannot be opened.
        ValueError: the file is damaged, shorter than its header states, or has Python
            objects.
    """
    with path.open("rb") as file, _damage():
        array = _array(file, path.stat().st_size)
        if array is None:
            raise ValueError("an array of Python objects, expected numbers")
        return array


def _array(file, size):
    """Return the array in a file of ``size`` bytes; ``None`` for Python objects."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"version {version} of .npy, expected 1.0 or 2.0")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        return None
    left, stated = size - file.tell(), math.prod(shape) * dtype.itemsize
    if min(shape, default=1) < 0 or stated > left:
        raise ValueError(f"has {left:,} bytes of values, expected {stated:,}")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    """Turn what damaged files raise into a ``ValueError`` of one line."""
    try:
        yield
    except (OSError, ValueError, MemoryError):
        raise
    except Exception as error:  # zipfile, zlib and the parser of headers have many
        raise ValueError(f"{type(error).__name__}: {error}") from error
