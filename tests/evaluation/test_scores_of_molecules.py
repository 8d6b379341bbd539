"""Shares of valid, different and new molecules."""

import itertools

import numpy as np
import pytest

from ganjax.data import open_source
from ganjax.data.molecule_arrays import decoded, smiles
from ganjax.data.molecules import ELEMENTS
from ganjax.errors import Uncomputable
from ganjax.evaluation import EvaluationData
from ganjax.evaluation.molecules import Molecules, shares
from ganjax.metrics.molecules import independent_marginals, uniform_graphs
from ganjax.model import Sampler


def test_shares_by_hand():
    """Three of four samples are valid. Two of these differ, and one is held out."""
    found = shares(["C", None, "C", "N"], {"N", "O"})
    assert found == {"valid": 0.75, "unique": 2 / 3, "held_out": 0.5}
    assert shares([None], {"N"}) == {"valid": 0, "unique": 0, "held_out": 0}


def test_the_validity_of_uniform_graphs_of_two_places():
    """Of 5·5·4 arrays, 4·2 are one atom. Two atoms with 1, 2 or 3 bonds fit if both
    valences suffice: Σ min(v, w, 3) = 29 over all pairs. 20,000 draws of the share 0.37
    have the standard deviation 0.0034."""
    pytest.importorskip("rdkit")
    pairs = itertools.product((4, 3, 2, 1), repeat=2)
    assert sum(min(v, w, 3) for v, w in pairs) == 29
    drawn = uniform_graphs(np.random.default_rng(0), 20_000, (2, 13))
    valid = [text is not None for text in smiles(drawn, ELEMENTS, "a test")]
    assert abs(np.mean(valid) - 0.37) < 0.0136


def test_independent_marginals_keep_frequencies_and_lose_pairs():
    """Half of the data are C–C, half are N=O."""
    types = np.array([[1, 1], [2, 3]] * 50)
    order = np.array([1, 2] * 50)
    bonds = np.zeros((100, 2, 2), int)
    bonds[:, 0, 1] = bonds[:, 1, 0] = order
    from ganjax.data.molecule_arrays import encoded

    data = encoded(types, bonds, 5)
    drawn = independent_marginals(np.random.default_rng(0), 4000, data)
    types, bonds = decoded(drawn)
    assert set(map(tuple, types)) == {(1, 1), (1, 3), (2, 1), (2, 3)}
    assert abs(np.mean(types[:, 0] == 1) - 0.5) < 0.032
    assert abs(np.mean(bonds[:, 0, 1] == 2) - 0.5) < 0.032
    assert abs(np.mean((types[:, 0] == 1) & (types[:, 1] == 1)) - 0.25) < 0.028


def test_a_memoriser_has_no_held_out_molecules():
    """Samples are the training half: all are valid, and none is new."""
    pytest.importorskip("rdkit")
    source = open_source("molecules", atoms=3)
    evaluation_data = EvaluationData(Sampler(), source, samples=100, seed=0)
    train = source.train.data
    evaluation_data.draw = lambda model, key, n: np.resize(train, (n, *train.shape[1:]))

    class Model:
        def labels(self, n):
            return None

    found = dict(Molecules(evaluation_data).run(Model()))
    count = min(100, len(train))
    assert found["molecules_valid_100"] == 1
    assert found["molecules_unique_100"] == count / 100
    assert found["molecules_held_out_100"] == 0
    assert found["molecules_held_out_training_100"] == 0
    assert 0 < found["molecules_valid_uniform_100"] < 0.5
    assert len(found) == 12


def test_other_data_are_refused():
    with pytest.raises(Uncomputable, match="expected molecules"):
        Molecules(EvaluationData(Sampler(), open_source("ring8"), samples=100, seed=0))
