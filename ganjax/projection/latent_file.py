"""Latents of pictures in a .npz: ``z [n, d]`` or ``w [n, layers, d]``.

``ganjax project`` also writes ``space``, ``names`` of the pictures, ``label [n]`` for a
game with labels, and ``step`` and ``state``, the step and SHA-256 of the state that
the latents belong to. A file with ``z`` or ``w`` alone is read too.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganjax.core import sample_keys, state_digest
from ganjax.data.array_file import read_arrays
from ganjax.errors import BadInput, shape_text
from ganjax.loading import Run
from ganjax.projection.latent_space import SPACES, Latents, has_styles, mapped


def write_latents(
    path: Path | str, latents: Latents, names: Sequence[str], run: Run
) -> None:
    """Write latents that were found with the newest state of a run to a .npz.

    Args:
      path: the file to write.
      latents: ``n`` latents.
      names: the names of the ``n`` pictures.
      run: the run.
    """
    key = "z" if latents.space == "z" else "w"
    arrays = {
        key: latents.values,
        "space": np.array(latents.space),
        "names": np.array(names),
        "step": np.array(run.model.step),
        "state": np.array(state_digest(run.state)),
    }
    if latents.label is not None:
        arrays["label"] = latents.label
    np.savez(path, **arrays)


def read_latents(path: Path | str, run: Run) -> Latents:
    """Read a .npz of latents for the newest state of a run.

    Raises:
      BadInput: if the file cannot be read, if its latents or labels do not fit the run,
        or if it states that the latents were found with another state.
    """
    where = f"projected={path}"
    try:
        arrays = read_arrays(Path(path).expanduser())
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{where}: expected the latents.npz of ganjax project ({error})"
        ) from error
    if len({"z", "w"} & set(arrays)) != 1:
        found = ", ".join(arrays) or "none"
        raise BadInput(f"{where}: expected an array z or w, found {found}")
    if "state" in arrays and str(arrays["state"]) != state_digest(run.state):
        raise BadInput(
            f"{where}: expected latents of step {run.model.step} of {run.path}, but "
            f"they belong to another state, of step {arrays.get('step', 'unknown')}; "
            f"ganjax project finds them again"
        )
    key = "z" if "z" in arrays else "w"
    space = str(arrays.get("space", "z" if key == "z" else "w+"))
    if space not in SPACES or (space == "z") != (key == "z"):
        raise BadInput(
            f"{where}: found the space '{space}' and the array {key}, expected space "
            f"'z' with an array z, or space 'w' or 'w+' with an array w"
        )
    values = _checked(where, key, arrays[key], run)
    return Latents(space, values, _labels(where, arrays, len(values), run))


def _checked(where, key, values, run):
    model = run.model
    label = np.zeros(1, np.int32) if model.sampler.classes else None
    one = model.draw(sample_keys(run.state.key, 1))
    if key == "w":
        if not has_styles(model.game):
            raise BadInput(f"{where}: holds styles, expected z for this run")
        one = model.compute(mapped(model.sampler), one, label)
    expected = one.shape[1:]
    if values.shape[1:] != expected or not values.size or values.dtype.kind != "f":
        raise BadInput(
            f"{where}: {key} is {values.dtype} {shape_text(values.shape)}, expected "
            f"floats n×{shape_text(expected)}"
        )
    if not np.isfinite(values).all():
        raise BadInput(f"{where}: {key} has values that are not finite")
    return values.astype(np.float32)


def _labels(where, arrays, n, run):
    classes = run.model.sampler.classes
    if not classes:
        return None
    label = arrays.get("label", np.array([]))
    fits = label.shape == (n,) and label.dtype.kind in "iu"
    if not fits or label.min() < 0 or label.max() >= classes:
        raise BadInput(
            f"{where}: expected label [{n}] with numbers from 0 to {classes - 1}"
        )
    return label.astype(np.int32)
