"""The natural file of samples that are neither images nor points: SMILES, NPZ, text.
``data.tables`` writes tables."""

from pathlib import Path

import numpy as np

from ganjax.data.forms import MOLECULES, SENTENCES, SERIES, TABLE, Form
from ganjax.data.molecule_arrays import smiles

# The ending of the file of each form.
ENDINGS = {MOLECULES: ".smi", SERIES: ".npz", SENTENCES: ".txt", TABLE: ".csv"}


def write_natural(path: Path, samples: np.ndarray, form: Form) -> str:
    """Write samples ``[n, …]`` to a file of their form. Return what was written, in
    words.

    - molecules: a canonical SMILES in each line. Arrays that are no molecules are left
      out.
    - series: a compressed archive of NumPy with ``series`` ``[n, T, D]`` in the units
      of the data, and ``names`` ``[D]`` of the variables.
    - sentences: a sentence in each line.

    Raises:
        BadInput: the file needs a package that is not installed.
    """
    if form.kind == MOLECULES:
        found = smiles(samples, form.names, f"--out=NAME{ENDINGS[MOLECULES]}")
        lines = [text for text in found if text is not None]
        _write_lines(path, lines)
        return f"{len(lines)} molecules of {len(samples)} samples"
    if form.kind == SERIES:
        with open(path, "wb") as file:  # a name would get another ending
            names = np.array(form.names)
            np.savez_compressed(file, series=in_units(samples, form), names=names)
        return f"{len(samples)} series of {samples.shape[1]} steps"
    _write_lines(path, sentences(samples, form))
    return f"{len(samples)} sentences"


def in_units(series: np.ndarray, form: Form) -> np.ndarray:
    """Return series ``[n, T, D]`` in the units of the data."""
    low, high = np.array(form.ranges, np.float32).T
    return low + np.asarray(series, np.float32) * (high - low)


def sentences(samples: np.ndarray, form: Form) -> list[str]:
    """Return the text of each sample ``[n, T]``, numbers of words from 0."""
    return [" ".join(form.names[int(word)] for word in row) for row in samples]


def _write_lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
