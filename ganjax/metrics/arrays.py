"""Checks of the arrays that metrics take: their shape, and finite values."""

import numpy as np

from ganjax.errors import Uncomputable


def checked(x: np.ndarray, name: str, fits: bool, expected: str) -> np.ndarray:
    """Return ``x`` if its shape is right and all its values are finite.

    Args:
      name: the name of the array in the error.
      fits: whether the shape is right.
      expected: the expected shape in words, for the error.

    Raises:
      Uncomputable: ``fits`` is false, or a value is not finite.
    """
    if not fits:
        raise Uncomputable(f"{name} has shape {x.shape}: expected {expected}")
    if not np.isfinite(x).all():
        raise Uncomputable(f"{name} holds values that are not finite")
    return x


def as_line(x, name: str, least: int = 1) -> np.ndarray:
    """Return ``x`` as float64 ``[N]``.

    Args:
      name: the name of the array in the error.
      least: the smallest valid N.

    Raises:
      Uncomputable: ``x`` has another shape or fewer values, or a value is not finite.
    """
    x = np.asarray(x, np.float64)
    return checked(x, name, x.ndim == 1 and len(x) >= least, f"[N], N at least {least}")


def as_points(**sets) -> list[np.ndarray]:
    """Return sets of points as float arrays ``[N, D]``, in the given order.

    Each keyword is the name of its set in errors. float32 stays float32; every other
    type becomes float64.

    Raises:
      Uncomputable: a set is empty or does not have two axes, D differs between the
        sets, or a value is not finite.
    """
    found = []
    for name, x in sets.items():
        x = np.asarray(x)
        x = x.astype(np.float32 if x.dtype == np.float32 else np.float64, copy=False)
        found.append(checked(x, name, x.ndim == 2 and x.size > 0, "[N, D], not empty"))
        if x.shape[1] != (width := found[0].shape[1]):
            raise Uncomputable(f"{name} has {x.shape[1]} columns: expected {width}")
    return found
