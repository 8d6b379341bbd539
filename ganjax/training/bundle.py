"""A bundle: a copy of all that is needed to reproduce a step that is not finite.

``RUN/nonfinite/STEP/`` holds the config, the record of the data and the names of the
user's code, as a run does. ``arrays.msgpack`` holds the state before one dispatch (a
call of the compiled step) and the batches of its steps. ``bundle.json`` holds facts,
the metrics of the dispatch and the SHA-256 of the arrays. It is written last.
"""

import dataclasses
import hashlib
import math
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flax.serialization
import numpy as np

import ganjax
from ganjax.errors import BadInput
from ganjax.run_files import RunFiles, read_json, write_json, write_whole

FORMAT, MOST = 1, 3  # of a bundle; bundles that a run keeps
FOLDER, FACTS, ARRAYS = "nonfinite", "bundle.json", "arrays.msgpack"


@dataclasses.dataclass(frozen=True)
class Bundle:
    """The content of a bundle.

    Attributes:
      step: the step of the state, before the first of the steps.
      state: the arrays of the state by name, nested.
      batches: the batch of each step, arrays ``[rounds, batch, …]`` by name.
      metrics: name -> the value of each step, as the run computed it.
    """

    step: int
    state: Mapping[str, Any]
    batches: Sequence[Mapping[str, np.ndarray]]
    metrics: Mapping[str, Sequence[float]]


def write_bundle(run: RunFiles, bundle: Bundle) -> Path:
    """Write a bundle into the folder of a run. Return its folder, named by the last of
    its steps. Remove all but the newest bundles.

    Raises:
      OSError: if it cannot be written. Nothing of it is left.
    """
    parent, last = run.path / FOLDER, bundle.step + len(bundle.batches)
    folder, part = parent / str(last), parent / f".{last}"
    arrays = flax.serialization.msgpack_serialize(
        {
            "state": dict(bundle.state),
            "batches": {str(i): dict(x) for i, x in enumerate(bundle.batches)},
        }
    )
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        for path in (run.config, run.record, run.data):
            if path.exists():
                shutil.copyfile(path, part / path.name)
        write_whole(part / ARRAYS, arrays)
        facts = {
            "format": FORMAT,
            "ganjax": ganjax.__version__,
            "step": bundle.step,
            "metrics": {k: [_plain(x) for x in v] for k, v in bundle.metrics.items()},
            "sha256": hashlib.sha256(arrays).hexdigest(),
        }
        write_json(part / FACTS, facts)
        _remove(folder)
        part.replace(folder)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    kept = [path for path in parent.iterdir() if (path / FACTS).is_file()]
    kept = [path for path in kept if re.fullmatch(r"\d+", path.name) and path != folder]
    for old in sorted(kept, key=lambda x: x.stat().st_mtime_ns)[: 1 - MOST]:
        _remove(old)
    return folder


def _plain(value):
    """Return a number that JSON can hold, or the text ``nan``, ``inf`` or ``-inf``."""
    return float(value) if math.isfinite(value) else str(float(value))


def _remove(folder):
    if folder.is_dir():
        (folder / FACTS).unlink(missing_ok=True)  # the mark goes first
        shutil.rmtree(folder, ignore_errors=True)


def read_bundle(path: Path | str) -> Bundle:
    """Return the content of a bundle. Nothing in it is executed.

    Raises:
      BadInput: if the folder holds no bundle of this format, or the bundle is damaged.
    """
    path = Path(path)
    facts = read_json(path / FACTS)
    if facts is None:
        raise BadInput(
            f"bundle={path}: expected RUN/{FOLDER}/STEP, a folder with {FACTS}"
        )
    if facts.get("format") != FORMAT:
        raise BadInput(
            f"bundle={path}: expected a bundle of format {FORMAT}, found format "
            f"{facts.get('format')}, written by ganjax {facts.get('ganjax')}"
        )
    try:
        data = (path / ARRAYS).read_bytes()
        if hashlib.sha256(data).hexdigest() != facts["sha256"]:
            raise ValueError(f"{ARRAYS} does not have the SHA-256 of {FACTS}")
        held = flax.serialization.msgpack_restore(data)
        batches = [held["batches"][str(i)] for i in range(len(held["batches"]))]
        metrics = {k: [float(x) for x in v] for k, v in facts["metrics"].items()}
        return Bundle(int(facts["step"]), held["state"], batches, metrics)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"bundle={path}: the bundle is damaged ({error})") from error
