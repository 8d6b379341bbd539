"""Checks of the arrays that metrics take: their shape, and finite values."""

import numpy as np

from ganjax.errors import Uncomputable


def checked(x: np.ndarray, name: str, fits: bool, expected: str) -> np.ndarray:
    """Return ``x`` if its shape ``fits`` and its values are finite. Otherwise raise
    Uncomputable with its ``name`` and the ``expected`` shape."""
    if not fits:
        raise Uncomputable(f"{name} has shape {x.shape}: expected {expected}")
    if not np.isfinite(x).all():
        raise Uncomputable(f"{name} holds values that are not finite")
    return x


def as_line(x, name: str, least: int = 1) -> np.ndarray:
    """Return ``x`` as float64 ``[N]`` with at least ``least`` values."""
    x = np.asarray(x, np.float64)
    return checked(x, name, x.ndim == 1 and len(x) >= least, f"[N], N at least {least}")


def as_points(**sets) -> list[np.ndarray]:
    """Return float arrays ``[N, D]`` with the same D. float32 stays float32."""
    found = []
    for name, x in sets.items():
        x = np.asarray(x)
        x = x.astype(np.float32 if x.dtype == np.float32 else np.float64, copy=False)
        found.append(checked(x, name, x.ndim == 2 and x.size > 0, "[N, D], not empty"))
        if x.shape[1] != (width := found[0].shape[1]):
            raise Uncomputable(f"{name} has {x.shape[1]} columns: expected {width}")
    return found
