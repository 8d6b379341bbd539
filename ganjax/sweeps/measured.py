"""Measurements of trials that run together, kept for later sweeps.

The file ``measured.json`` in ganjax's cache folder holds them, by program and machine.
Without the file, sweeps measure again.
"""

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from ganjax.config import declared, flatten
from ganjax.errors import BadInput
from ganjax.json_shapes import NUMBER, misfit
from ganjax.run_files import read_json, write_json
from ganjax.runtime import cache_folder
from ganjax.sweeps.groups import structure

KEPT = 1000  # programs; the oldest ones are forgotten
# The entries of a measurement; ``took`` is its own time.
_ROW = dict.fromkeys(("seconds", "bytes", "shared", "memory", "took"), NUMBER)


def machine(accelerators: int, cores: int) -> str:
    """Return the processor that trials run on, and the version of JAX, as text. It is
    empty if the model of the accelerators is unknown.

    JAX is not asked, because it would reserve the accelerators for this process.
    """
    if accelerators:
        files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
        model = _entry(files[0], "Model") if files else ""
    else:
        model = _entry(Path("/proc/cpuinfo"), "model name") or platform.processor()
        model = f"{model}, {cores} cores"
    return f"{model}, jax {jax.__version__}" if model else ""


def _entry(file, name):
    """Return the value of the first line ``NAME : VALUE`` of a file."""
    with contextlib.suppress(OSError):
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


def key(config: ConfigDict, members: int, machine: str) -> str:
    """Return the name under which measurements of a program are kept.

    Two configs have the same name if they differ only in numbers (the seed, knobs) and
    in counts of steps, which do not change the time of a step. Numbers of members have
    the same name up to the next power of two.
    """
    fields = declared(dict(flatten(config)))
    counts = {path for path, option in fields.items() if option.whole}
    program = [(path, x) for path, x in structure(config) if path not in counts]
    of = [program, (members - 1).bit_length(), machine]
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()[:16]


def recall(key: str) -> dict[str, dict[str, Any]]:
    """Return the kept measurements of a program: population -> the result of
    ``measure.measure``. The result is empty if there are none. Damaged entries are
    left out."""
    held = _read().get(key)
    if misfit(held, {"measured": dict}):
        return {}
    return {way: row for way, row in held["measured"].items() if not misfit(row, _ROW)}


def keep(key: str, about: str, measured: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the measurements of a program.

    Args:
      about: what was measured and where, for a reader of the file.
      measured: population -> the result of ``measure.measure``.
    """
    entries = _read()
    entries.pop(key, None)
    entries[key] = {"about": about, "measured": dict(measured)}
    newest = dict(list(entries.items())[-KEPT:])
    with contextlib.suppress(OSError):  # such as a home folder that cannot be written
        os.makedirs(cache_folder(), exist_ok=True)
        write_json(_file(), newest)


def _file() -> Path:
    return cache_folder() / "measured.json"


def _read():
    try:
        return read_json(_file()) or {}
    except BadInput:  # then sweeps measure again
        return {}
