"""Files of extractor weights, each identified by its SHA-256.

A file is given by ``evaluation.weights``, or is in the cache, or is downloaded there.
The digest of every file is compared before any byte of it is interpreted.
"""

import hashlib
import os
import shutil
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
import safetensors.numpy

from ganjax.errors import BadInput, one_line
from ganjax.metrics.features.torch_archive import read_torch

SECONDS_TO_CONNECT = 30


def cache_folder(kind: str = "weights") -> Path:
    """Return the folder ``$XDG_CACHE_HOME/ganjax/KIND``; ``$XDG_CACHE_HOME`` is
    ``~/.cache`` by default. ``kind`` is ``weights`` or ``features``."""
    root = os.environ.get("XDG_CACHE_HOME", "") or "~/.cache"
    return Path(root).expanduser() / "ganjax" / kind


def sha256(path: Path | str) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(name: str, path: str, url: str, digest: str) -> Path:
    """Return the path of a published file of weights, after a check of its SHA-256.

    Args:
      name: the file's name, in the cache and in errors.
      path: the path that the user gave in ``evaluation.weights``. If it is empty, the
        file comes from the cache, or from ``url`` if it is not in the cache.
      url: the published address; empty if the file cannot be downloaded.
      digest: the SHA-256 that the file must have.

    Raises:
      BadInput: the file is missing, its SHA-256 is not ``digest``, or the download
        fails. The message gives the remedy.
    """
    if path:
        given = Path(path).expanduser()
        field = f"evaluation.weights='{path}'"
        if not given.is_file():
            raise BadInput(f"{field}: no such file; expected {name}")
        _verify(given, digest, field, f"expected {name}")
        return given
    cached = cache_folder() / name
    if not cached.is_file():
        _fetch(name, url, cached, digest)
    _verify(cached, digest, f"'{cached}'", "delete it, or " + _give(name))
    return cached


def _give(name):
    return f"give {name} by evaluation.weights=PATH"


def _verify(path, digest, field, remedy):
    found = sha256(path)
    if found != digest:
        raise BadInput(
            f"{field}: SHA-256 is {found}, not {digest}: damaged, or another file; "
            f"{remedy}"
        )


def _fetch(name, url, cached, digest):
    cached.parent.mkdir(parents=True, exist_ok=True)
    # The file has a temporary name until it is complete and verified. A stopped run
    # cannot leave a bad file in the cache, and two runs may download in parallel.
    handle, part = tempfile.mkstemp(prefix=f"{name}.", dir=cached.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with urllib.request.urlopen(url, timeout=SECONDS_TO_CONNECT) as answer:
                shutil.copyfileobj(answer, file)
        _verify(part, digest, f"'{url}'", _give(name))
        os.replace(part, cached)
    except (OSError, ValueError) as error:  # URLError is an OSError
        problem = " ".join(str(error).split())
        raise BadInput(
            f"evaluation.weights='': {name} is not in '{cached.parent}' and cannot be "
            f"downloaded from '{url}' ({problem}); {_give(name)}"
        ) from error
    finally:
        Path(part).unlink(missing_ok=True)


def read(path: Path | str, field: str = "") -> dict[str, np.ndarray]:
    """Read the named tensors of a file. They keep the types that they have in the file.

    Args:
      path: a file that ends in ``.safetensors``, or a torch file.
      field: the name of the file in errors; by default ``evaluation.weights='PATH'``.

    Raises:
      BadInput: the file cannot be read in its format, or a torch file holds more than
        named tensors.
    """
    path = Path(path)
    field = field or f"evaluation.weights='{path}'"
    if path.suffix != ".safetensors":
        return read_torch(path, field)
    try:
        return safetensors.numpy.load_file(path)
    except Exception as error:  # also errors of NumPy for a type that it lacks
        problem = one_line(f"{type(error).__name__}: {error}")
        raise BadInput(f"{field}: not a safetensors file ({problem})") from error
