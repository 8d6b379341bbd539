"""All connected graphs of a few atoms, enumerated by adding one atom at a time.

A graph has a type for each atom and a bond order, 0 to 3, for each pair. The bond
orders of an atom sum to at most its valence; hydrogens, which are not stored, make up
the difference. Every connected graph has an atom without which it is still connected.
So all connected graphs of n + 1 atoms arise from connected graphs of n atoms.

Each graph is kept once, in a canonical order of its atoms: the order with the smallest
code among all orders that keep equal colours together. A colour is a hash of an atom's
neighbourhood (Weisfeiler & Leman 1968), which does not depend on the order of atoms.
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

LARGEST = 6  # atoms: a code has 2 bits for each atom and each pair
ORDERS = 4  # bond orders 0 to 3
_CHUNK = 200_000


class Graphs(NamedTuple):
    """Graphs of equally many atoms.

    Attributes:
        types: int8 ``[m, n]``, the type of each atom, from 0.
        bonds: int8 ``[m, n, n]``, symmetric, with zeros on the diagonal.
        symmetries: int64 ``[m]``, the number of orders of the atoms that leave a graph
            as it is.
    """

    types: np.ndarray
    bonds: np.ndarray
    symmetries: np.ndarray


def connected_graphs(atoms: int, valences: tuple[int, ...]) -> list[Graphs]:
    """Return all connected graphs of 1, 2, …, ``atoms`` atoms, each up to the order of
    its atoms once.

    Args:
        atoms: the largest number of atoms, at most ``LARGEST``.
        valences: the valence of each type, at most 4 types.
    """
    if not 1 <= atoms <= LARGEST or len(valences) > 4:
        raise ValueError(f"expected up to {LARGEST} atoms of up to 4 types")
    kinds = len(valences)
    single = Graphs(
        np.arange(kinds, dtype=np.int8)[:, None],
        np.zeros((kinds, 1, 1), np.int8),
        np.ones(kinds, np.int64),
    )
    found = [single]
    while len(found) < atoms:
        found.append(_canonical(*_extended(found[-1], np.array(valences))))
    return found


def _extended(graphs, valences):
    """Return types and bonds of all graphs with one more atom, with repetitions."""
    types, bonds, _ = graphs
    free = valences[types] - bonds.sum(axis=2)
    n = types.shape[1]
    every = np.array(list(itertools.product(range(ORDERS), repeat=n)), np.int8)
    made = []
    for kind, valence in enumerate(valences):
        sums = every.sum(axis=1)
        new = every[(sums > 0) & (sums <= valence)]
        # An atom of valence 1 is a leaf. Such atoms can be added after all others, so
        # nothing else is added to a graph that has them.
        grown = valence == 1 or n == 1
        whole = np.ones(len(types), bool)
        if not grown:
            whole = ~(valences[types] == 1).any(axis=1)
        rows = np.flatnonzero(whole)
        fits = (new[None] <= free[rows][:, None]).all(axis=2)
        graph, bond = np.nonzero(fits)
        graph = rows[graph]
        more = np.zeros((len(graph), n + 1, n + 1), np.int8)
        more[:, :n, :n] = bonds[graph]
        more[:, n, :n] = more[:, :n, n] = new[bond]
        kinds = np.full((len(graph), 1), kind, np.int8)
        made.append((np.concatenate([types[graph], kinds], axis=1), more))
    return tuple(np.concatenate(parts) for parts in zip(*made, strict=True))


def _canonical(types, bonds):
    """Return each graph once, with its atoms in canonical order."""
    coded = [
        _codes(types[i : i + _CHUNK], bonds[i : i + _CHUNK])
        for i in range(0, len(types), _CHUNK)
    ]
    codes, symmetries = (np.concatenate(part) for part in zip(*coded, strict=True))
    codes, first = np.unique(codes, return_index=True)
    return Graphs(*_decoded(codes, types.shape[1]), symmetries[first])


def _codes(types, bonds):
    """Return the smallest code of each graph, and how many orders give it."""
    n = types.shape[1]
    colour = _colours(types, bonds)
    order = np.argsort(colour, axis=1)
    rows = np.arange(len(types))[:, None]
    types = types[rows, order]
    bonds = bonds[rows[..., None], order[:, :, None], order[:, None]]
    colour = colour[rows, order]
    # Bit i is 1 if atoms i and i + 1 have equal colours.
    ties = (colour[:, 1:] == colour[:, :-1]) @ (1 << np.arange(n - 1))
    codes = np.empty(len(types), np.int64)
    symmetries = np.empty(len(types), np.int64)
    for pattern in np.unique(ties):
        own = np.flatnonzero(ties == pattern)
        best = np.full(len(own), np.iinfo(np.int64).max)
        count = np.zeros(len(own), np.int64)
        for turn in map(list, _orders(int(pattern), n)):
            code = _code(types[own][:, turn], bonds[own][:, turn][:, :, turn])
            count = np.where(code < best, 1, count + (code == best))
            best = np.minimum(code, best)
        codes[own], symmetries[own] = best, count
    return codes, symmetries


def _colours(types, bonds):
    """Return a hash of each atom's neighbourhood, uint64 ``[m, n]``."""
    colour = _mixed(types.astype(np.uint64) + np.uint64(1))
    bond = bonds.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for _ in range(types.shape[1] - 1):
        near = _mixed(colour[:, None, :] + bond) * (bonds > 0)
        colour = _mixed(colour * np.uint64(3) + near.sum(axis=2, dtype=np.uint64))
    return colour


def _mixed(x):
    """Mix the bits of uint64 numbers (the finalizer of SplitMix64, public domain)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@functools.cache
def _orders(pattern, n):
    """Return all orders that exchange only neighbours with tied colours."""
    cells, start = [], 0
    for i in range(n):
        if i == n - 1 or not pattern >> i & 1:
            cells.append(range(start, i + 1))
            start = i + 1
    parts = itertools.product(*(itertools.permutations(cell) for cell in cells))
    return tuple(tuple(itertools.chain(*part)) for part in parts)


def _pairs(n):
    return np.triu_indices(n, 1)


def _code(types, bonds):
    """Return types and bonds as one number, int64 ``[m]``."""
    numbers = np.concatenate([types, bonds[:, *_pairs(types.shape[1])]], axis=1)
    places = 2 * np.arange(numbers.shape[1], dtype=np.int64)
    return (numbers.astype(np.int64) << places).sum(axis=1)


def _decoded(codes, n):
    """Return types and bonds of codes. This inverts ``_code``."""
    places = 2 * np.arange(n + math.comb(n, 2), dtype=np.int64)
    numbers = (codes[:, None] >> places & 3).astype(np.int8)
    bonds = np.zeros((len(codes), n, n), np.int8)
    upper = _pairs(n)
    bonds[:, *upper] = numbers[:, n:]
    return numbers[:, :n], bonds + bonds.transpose(0, 2, 1)
