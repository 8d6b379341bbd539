"""A cache on disk for the features of real images. All runs and evaluations share it,
because a large extractor can take an hour on a CPU."""

import hashlib
import os
import tempfile
from pathlib import Path

import numpy as np

from ganjax.data.array_file import read_arrays
from ganjax.metrics.features import Extractor, cache_folder

Seen = tuple[np.ndarray, np.ndarray | None]


def cached_features(extractor: Extractor, images: np.ndarray) -> Seen:
    """Return ``extractor.see(images)``, from the cache on disk if it is there.

    The key is a hash of the pixels, the extractor and its weights, and the resize
    filter. An unreadable entry is computed again. If the cache is not writable, nothing
    is cached.

    Args:
      images: uint8 ``[n, H, W, C]``.

    Returns:
      ``(features [n, D], class probabilities [n, K] or None)``.
    """
    digest = hashlib.sha256(f"{images.shape}".encode())
    digest.update(np.ascontiguousarray(images).tobytes())
    digest.update(f"{extractor.name}|{extractor.digest}|{extractor.resize}".encode())
    path = cache_folder("features") / f"{digest.hexdigest()}.npz"
    try:
        entry = read_arrays(path)
        return entry["features"], entry.get("probabilities")
    except (OSError, ValueError, KeyError):
        seen = extractor.see(images)
    _write(path, seen)
    return seen


def _write(path: Path, seen: Seen) -> None:
    arrays = {"features": seen[0]}
    if seen[1] is not None:
        arrays["probabilities"] = seen[1]
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
        os.replace(part, path)
    except OSError:
        if part is not None:
            Path(part).unlink(missing_ok=True)
