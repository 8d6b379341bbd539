"""The environment of a run: versions, devices and code revision."""

import functools
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import jax

_PACKAGES = (
    "ganjax",
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax-checkpoint",
    "ml_collections",
    "tensorflow-datasets",
    "grain",
    "numpy",
    "scipy",
)


@functools.cache
def environment() -> dict[str, object]:
    """Return versions, devices, flags, and the git revision with its diff."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "versions": versions,
        "backend": jax.default_backend(),
        "devices": [str(device) for device in jax.devices()],
        "device_kind": jax.devices()[0].device_kind,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "revision": _git("rev-parse", "HEAD"),
        "diff": _git("diff", "HEAD"),
    }


def _git(*arguments: str) -> str:
    """Return the output of git in the folder of ganjax; empty if git fails there."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
