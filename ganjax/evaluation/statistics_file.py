"""Files of reference statistics: the mean and the covariance of features.

The layout is pytorch-fid's: a .npz with ``mu [D]`` and ``sigma [D, D]``. ganjax adds
``count``, the number of samples, and ``ganjax``, a JSON text with the extractor, its
weights and its resize filter. Other tools ignore these two arrays.
"""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ganjax import metrics
from ganjax.errors import BadInput, Uncomputable


@dataclasses.dataclass(frozen=True)
class Statistics:
    """The mean and the covariance of the features of a set of samples.

    Attributes:
      path: the path that the user gave.
      mean: ``[D]``; cov: ``[D, D]``.
      count: the number of samples; ``None`` if the file does not state it.
      features: the names of the ``extractor`` and of its ``resize`` filter, and the
        SHA-256 of its ``weights``; empty if the file does not state them.
    """

    path: str
    mean: np.ndarray
    cov: np.ndarray
    count: int | None = None
    features: dict[str, str] = dataclasses.field(default_factory=dict)

    kind: ClassVar[str] = "statistics"

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of one sample's features, ``(D,)``."""
        return self.mean.shape

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the mean and the covariance."""
        return hashlib.sha256(self.mean.tobytes() + self.cov.tobytes()).hexdigest()


def statistics_in(path: str, arrays: dict[str, np.ndarray]) -> Statistics:
    """Return the statistics in the arrays of a .npz, which has ``mu`` and ``sigma``.

    Args:
      path: the path of the file, for errors.
      arrays: name -> array.

    Raises:
      BadInput: ``mu`` is no mean, or ``sigma`` is no covariance, of the same number of
        features; or ``count`` or ``ganjax`` cannot be read.
    """
    mean, cov = (np.asarray(arrays[name]) for name in ("mu", "sigma"))
    if mean.ndim != 1 or cov.shape != (len(mean), len(mean)):
        raise BadInput(
            f"'{path}': mu has shape {list(mean.shape)} and sigma {list(cov.shape)}, "
            f"expected [D] and [D, D]"
        )
    if np.iscomplexobj(mean) or np.iscomplexobj(cov):
        raise BadInput(f"'{path}': complex mu or sigma, expected real numbers")
    try:
        mean, cov = mean.astype(np.float64), cov.astype(np.float64)
        metrics.frechet_distance(mean, cov, mean, cov)
        features = json.loads(str(arrays["ganjax"])) if "ganjax" in arrays else {}
        count = int(arrays["count"]) if "count" in arrays else None
    except (Uncomputable, TypeError, ValueError) as error:
        raise BadInput(f"'{path}': {error}") from error
    return Statistics(path, mean, cov, count, dict(features))


def write_statistics(path: Path, found: Statistics) -> None:
    """Write a .npz that ``ganjax score`` and pytorch-fid read.

    Raises:
      BadInput: if the file cannot be written.
    """
    arrays: dict[str, Any] = {"mu": found.mean, "sigma": found.cov}
    if found.count is not None:
        arrays["count"] = np.int64(found.count)
    part = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, **arrays, ganjax=np.array(json.dumps(found.features)))
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        problem = f"cannot be written ({error.strerror})"
        raise BadInput(f"--save_statistics={path}: {problem}") from error
