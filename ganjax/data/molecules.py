"""All neutral connected molecules of a few heavy atoms of C, N, O and F."""

import numpy as np

from ganjax.data.forms import MOLECULES, Form
from ganjax.data.molecule_arrays import encoded, smiles
from ganjax.data.small_graphs import LARGEST, connected_graphs
from ganjax.data.source import Arrays, Source, Spec
from ganjax.options import Option, configured

ELEMENTS = ("C", "N", "O", "F")
# The valences of neutral atoms in RDKit.
VALENCES = (4, 3, 2, 1)
ATOMS = Option(6, "largest number of heavy atoms", least=2, most=LARGEST)
FIELD = "data.name='molecules'"


@configured(atoms=ATOMS)
def open_molecules(directory: str = "", atoms: int = 6) -> Source:
    """Open molecules as arrays ``[N, 5 + 4·N]`` (see ``molecule_arrays``): every
    neutral connected graph of 1 to N = ``atoms`` atoms, with bond orders 1 to 3.
    Ignores ``directory``.

    Two graphs are one molecule if RDKit writes the same SMILES for both (the Kekulé
    forms of a ring). Half of the molecules are held out, at random, always the same
    ones. The first places of an array have its atoms.

    Raises:
        BadInput: RDKit is not installed.
    """
    data, texts = every_molecule(atoms)
    # Streams of RandomState never change between versions of NumPy.
    order = np.random.RandomState(0).permutation(len(texts))
    half = len(texts) // 2
    splits = [
        Arrays(data[rows], np.zeros(len(rows), np.int32))
        for rows in (np.sort(order[half:]), np.sort(order[:half]))
    ]
    form = Form(MOLECULES, ELEMENTS, valences=VALENCES)
    spec = Spec("molecules", data.shape[1:], form=form)
    return Source(spec, *splits, {"molecules": len(texts)})


def every_molecule(atoms: int) -> tuple[np.ndarray, list[str]]:
    """Return all molecules as arrays ``[m, N, 5 + 4·N]``, and their SMILES, in
    alphabetical order of SMILES."""
    parts = []
    for graphs in connected_graphs(atoms, VALENCES):
        m, n = graphs.types.shape
        types = np.zeros((m, atoms), np.int8)
        bonds = np.zeros((m, atoms, atoms), np.int8)
        types[:, :n], bonds[:, :n, :n] = graphs.types + 1, graphs.bonds
        parts.append(encoded(types, bonds, len(ELEMENTS) + 1))
    data = np.concatenate(parts)
    texts = smiles(data, ELEMENTS, FIELD)
    known = np.array([text or "" for text in texts])
    if not known.all():
        raise AssertionError("RDKit refuses a graph of the enumeration")
    texts, first = np.unique(known, return_index=True)
    return data[first], texts.tolist()
