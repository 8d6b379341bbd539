"""The environment of a run: versions, devices and code revision.

A run records the revision of ganjax, if ganjax is used from its own git repository, and
whether files in it are changed. The content of the changes is recorded only if the
environment variable ``GANJAX_RECORD_DIFF`` is set to 1, because a diff may hold secrets
and runs are shared. Nothing is recorded about any other repository, such as a project
that holds ganjax in a virtual environment.
"""

import functools
import importlib.metadata
import os
import platform
import subprocess
import tomllib
from pathlib import Path

import jax

RECORD_DIFF = "GANJAX_RECORD_DIFF"

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
    """Return versions, devices, flags, and the state of ganjax's git repository.

    The state is the ``revision``, whether files are ``changed``, and the ``diff``. The
    diff is empty unless ``GANJAX_RECORD_DIFF`` asks for it. Outside of ganjax's own
    repository all three are empty.
    """
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    own = _is_own_repository()
    asked = os.environ.get(RECORD_DIFF, "") not in ("", "0")
    return {
        "versions": versions,
        "backend": jax.default_backend(),
        "devices": [str(device) for device in jax.devices()],
        "device_kind": jax.devices()[0].device_kind,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "revision": _git("rev-parse", "HEAD") if own else "",
        "changed": own and bool(_git("diff", "--name-only", "HEAD")),
        "diff": _git("diff", "HEAD") if own and asked else "",
    }


def _is_own_repository() -> bool:
    """Return whether this file is in the repository of ganjax: its top level holds the
    package, and the project file there is the project file of ganjax."""
    top = Path(__file__).resolve().parents[2]
    if _git("rev-parse", "--show-toplevel") != str(top):
        return False
    try:
        project = tomllib.loads((top / "pyproject.toml").read_text("utf-8"))
        return project["project"]["name"] == "ganjax"
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _git(*arguments: str) -> str:
    """Return the output of git in the folder of ganjax; empty if git fails there."""
    # A git hook sets variables such as GIT_DIR, which name another repository.
    variables = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=Path(__file__).parent,
            env=variables,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
