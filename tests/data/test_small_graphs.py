"""Enumerated graphs against published counts of isomers and against brute force."""

import itertools
import math

import numpy as np
import pytest

from ganjax.data.small_graphs import connected_graphs

CNOF = (4, 3, 2, 1)


def carbons(atoms):
    """Hydrogens -> number of graphs of carbon with ``atoms`` atoms."""
    graphs = connected_graphs(atoms, (4,))[-1]
    hydrogens = 4 * atoms - graphs.bonds.sum(axis=(1, 2))
    return dict(zip(*map(np.ndarray.tolist, np.unique(hydrogens, return_counts=True)),
                    strict=True))  # fmt: skip


def test_pairs_of_atoms():
    """C and N have up to three bonds, O up to two, F one: 10 pairs of elements with
    3+3+2+1 + 3+2+1 + 2+1 + 1 bonds."""
    graphs = connected_graphs(2, CNOF)
    assert [len(x.types) for x in graphs] == [4, 19]


def test_isomers_of_hydrocarbons():
    """Known numbers of constitutional isomers: C4H10 2, C4H8 5, C4H6 9; C5H12 3, C5H10
    10; C6H14 5, C6H12 25, and 217 of benzene."""
    four, five, six = (carbons(atoms) for atoms in (4, 5, 6))
    assert (four[10], four[8], four[6]) == (2, 5, 9)
    assert (five[12], five[10]) == (3, 10)
    assert (six[14], six[12], six[6]) == (5, 25, 217)


def labelled_by_force(atoms, valences):
    """The number of connected graphs with numbered atoms, by trying everything."""
    pairs = list(itertools.combinations(range(atoms), 2))
    every = np.array(list(itertools.product(range(4), repeat=len(pairs))))
    bonds = np.zeros((len(every), atoms, atoms), int)
    for k, (i, j) in enumerate(pairs):
        bonds[:, i, j] = bonds[:, j, i] = every[:, k]
    near = (bonds > 0) | np.eye(atoms, dtype=bool)
    connected = (np.linalg.matrix_power(near.astype(int), atoms) > 0).all(axis=(1, 2))
    degrees = bonds[connected].sum(axis=2)
    # Each atom may have any element whose valence suffices.
    allowed = [sum(v >= d for v in valences) for d in range(3 * atoms)]
    return int(np.array(allowed)[degrees].prod(axis=1).sum())


@pytest.mark.parametrize("atoms", [2, 3, 4])
def test_symmetries_count_the_graphs_with_numbered_atoms(atoms):
    """A graph with s symmetries has n!/s different numberings."""
    graphs = connected_graphs(atoms, CNOF)[-1]
    numberings = math.factorial(atoms) // graphs.symmetries
    assert numberings.sum() == labelled_by_force(atoms, CNOF)


@pytest.mark.full
@pytest.mark.parametrize("atoms", [5, 6])
def test_symmetries_count_the_larger_graphs(atoms):
    """The number of all labelled graphs follows from the sums of bonds, and the number
    of connected ones from the exponential formula."""
    graphs = connected_graphs(atoms, CNOF)[-1]
    numberings = math.factorial(atoms) // graphs.symmetries
    assert numberings.sum() == labelled(atoms, CNOF)


def labelled(atoms, valences):
    every = [1] + [all_labelled(n, valences) for n in range(1, atoms + 1)]
    connected = [0] * (atoms + 1)
    for n in range(1, atoms + 1):
        # The part that holds atom 1 has k atoms.
        others = (
            math.comb(n - 1, k - 1) * connected[k] * every[n - k] for k in range(1, n)
        )
        connected[n] = every[n] - sum(others)
    return connected[atoms]


def all_labelled(atoms, valences):
    """The number of graphs with numbered atoms, connected or not: pairs of atoms one by
    one, and for each the number of ways that lead to given sums of bonds."""
    most = max(valences)
    ways = np.zeros((most + 1,) * atoms, object)
    ways[(0,) * atoms] = 1
    for i, j in itertools.combinations(range(atoms), 2):
        more = ways.copy()
        for order in (1, 2, 3):
            shifted = np.zeros_like(ways)
            to = [slice(None)] * atoms
            come = [slice(None)] * atoms
            for axis in (i, j):
                to[axis], come[axis] = slice(order, None), slice(None, -order)
            shifted[tuple(to)] = ways[tuple(come)]
            more = more + shifted
        ways = more
    allowed = np.array([sum(v >= d for v in valences) for d in range(most + 1)], object)
    for _ in range(atoms):
        ways = np.tensordot(allowed, ways, axes=(0, 0))
    return int(ways)


def test_every_graph_is_kept_once_and_keeps_its_valences():
    graphs = connected_graphs(4, CNOF)[-1]
    assert (graphs.bonds == graphs.bonds.transpose(0, 2, 1)).all()
    assert (graphs.bonds.sum(axis=2) <= np.array(CNOF)[graphs.types]).all()
    forms = set()
    for types, bonds in zip(graphs.types, graphs.bonds, strict=True):
        turns = (list(turn) for turn in itertools.permutations(range(4)))
        forms.add(
            min((tuple(types[t]), tuple(bonds[t][:, t].reshape(-1))) for t in turns)
        )
    assert len(forms) == len(graphs.types)


def test_other_sizes_are_refused():
    for atoms, valences in ((7, CNOF), (0, CNOF), (2, (4, 3, 2, 1, 1))):
        with pytest.raises(ValueError):
            connected_graphs(atoms, valences)
