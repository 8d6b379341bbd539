"""Molecules as arrays, and as molecules of RDKit.

An array ``[N, T + N·Y]`` has a row for each place of an atom. The first T numbers of
row i are the one-hot element, of which the first is "no atom". The other numbers are a
one-hot bond order to each place j, of which the first is "no bond". Hydrogens are not
stored.
"""

from typing import Any

import numpy as np

from ganjax.errors import BadInput

ORDERS = 4  # Y: no bond, single, double, triple


def types_of(shape: tuple[int, ...]) -> int:
    """Return T, the number of elements and "no atom", for arrays of a shape."""
    atoms, width = shape
    return width - ORDERS * atoms


def encoded(types: np.ndarray, bonds: np.ndarray, kinds: int) -> np.ndarray:
    """Return molecules as one-hot arrays, float32 ``[m, N, T + N·Y]``.

    Args:
        types: whole numbers ``[m, N]``: 0 for no atom, k for element k.
        bonds: bond orders ``[m, N, N]``, symmetric.
        kinds: T.
    """
    m, n = types.shape
    nodes = np.eye(kinds, dtype=np.float32)[types]
    edges = np.eye(ORDERS, dtype=np.float32)[bonds]
    return np.concatenate([nodes, edges.reshape(m, n, n * ORDERS)], axis=2)


def decoded(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(types [m, N], bonds [m, N, N])`` of arrays. This inverts ``encoded``.
    If numbers are not one-hot, the largest one counts."""
    m, n, width = samples.shape
    kinds = types_of((n, width))
    types = samples[..., :kinds].argmax(axis=2)
    edges = samples[..., kinds:].reshape(m, n, n, ORDERS)
    # Both triangles say the same of a graph; of other numbers the sum decides.
    return types, (edges + edges.transpose(0, 2, 1, 3)).argmax(axis=3)


def rdkit(field: str) -> Any:
    """Return RDKit's module ``Chem``. It writes no messages about wrong molecules.

    Args:
        field: what needs it, for the message.

    Raises:
        BadInput: RDKit is not installed.
    """
    try:
        from rdkit import Chem, RDLogger
    except ImportError as error:
        raise BadInput(
            f"{field}: needs RDKit, which is not installed "
            f"(pip install 'ganjax[molecules]')"
        ) from error
    RDLogger.DisableLog("rdApp.*")
    return Chem


def molecules(samples: np.ndarray, elements: tuple[str, ...], field: str) -> list[Any]:
    """Return a molecule of RDKit for each array, or ``None`` if it is not valid.

    An array is valid if it has atoms, no bond ends at a place without an atom, all
    atoms are connected, and RDKit's sanitization accepts it: no atom has more bonds
    than a neutral atom of its element may have. RDKit gives charges to a nitrogen with
    five bonds, as in N(=O)=O; such an array is not valid.

    Args:
        samples: arrays ``[m, N, T + N·Y]``.
        elements: the symbols of elements 1 to T − 1.
        field: what needs RDKit, for the message.
    """
    chem = rdkit(field)
    orders = (chem.BondType.SINGLE, chem.BondType.DOUBLE, chem.BondType.TRIPLE)
    found = []
    for types, bonds in zip(*decoded(samples), strict=True):
        there = types > 0
        ends = np.triu(bonds, 1)
        if not there.any() or ends[~there].any() or ends[:, ~there].any():
            found.append(None)
            continue
        made = chem.RWMol()
        place = np.cumsum(there) - 1
        for kind in types[there]:
            made.AddAtom(chem.Atom(elements[kind - 1]))
        for i, j in zip(*np.nonzero(ends), strict=True):
            made.AddBond(int(place[i]), int(place[j]), orders[ends[i, j] - 1])
        molecule = made.GetMol()
        failed = chem.SanitizeMol(molecule, catchErrors=True)
        whole = not failed and len(chem.GetMolFrags(molecule)) == 1
        neutral = not any(atom.GetFormalCharge() for atom in molecule.GetAtoms())
        found.append(molecule if whole and neutral else None)
    return found


def smiles(
    samples: np.ndarray, elements: tuple[str, ...], field: str
) -> list[str | None]:
    """Return the canonical SMILES of RDKit for each array, or ``None`` if it is not
    valid. Equal molecules have equal texts, also in different Kekulé forms and orders
    of atoms. ``molecules`` describes the arguments."""
    to_text = rdkit(field).MolToSmiles
    return [x if x is None else to_text(x) for x in molecules(samples, elements, field)]
