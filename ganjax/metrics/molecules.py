"""Random molecules without learning, to compare generated ones with. An array of a
molecule has the shape ``[N, T + N·Y]`` (see ``data.molecule_arrays``)."""

import numpy as np

ORDERS = 4  # Y


def uniform_graphs(
    rng: np.random.Generator, n: int, shape: tuple[int, ...]
) -> np.ndarray:
    """Return ``n`` arrays in which each type and each bond order, "none" included, is
    equally likely, ``[n, N, T + N·Y]``."""
    places, width = shape
    kinds = width - ORDERS * places
    types = np.full((places, kinds), 1 / kinds)
    bonds = np.full((places, places, ORDERS), 1 / ORDERS)
    return _drawn(rng, n, types, bonds)


def independent_marginals(
    rng: np.random.Generator, n: int, data: np.ndarray
) -> np.ndarray:
    """Return ``n`` arrays ``[n, N, T + N·Y]`` whose types and bonds are independent.
    Each has the frequencies that it has at its place in ``data [m, N, T + N·Y]``."""
    places, width = data.shape[1:]
    kinds = width - ORDERS * places
    mean = data.mean(axis=0, dtype=np.float64)
    bonds = mean[:, kinds:].reshape(places, places, ORDERS)
    return _drawn(rng, n, mean[:, :kinds], bonds)


def _drawn(rng, n, types, bonds):
    """Draw arrays, given the probabilities ``[N, T]`` and ``[N, N, Y]``, of which the
    upper triangle counts."""
    places, kinds = types.shape
    made = np.zeros((n, places, kinds + ORDERS * places), np.float32)
    nodes = made[..., :kinds]
    edges = made[..., kinds:].reshape(n, places, places, ORDERS)
    rows = np.arange(n)
    for i in range(places):
        nodes[rows, i, rng.choice(kinds, n, p=types[i] / types[i].sum())] = 1
        edges[:, i, i, 0] = 1
        for j in range(i + 1, places):
            order = rng.choice(ORDERS, n, p=bonds[i, j] / bonds[i, j].sum())
            edges[rows, i, j, order] = edges[rows, j, i, order] = 1
    made[..., kinds:] = edges.reshape(n, places, places * ORDERS)
    return made
