"""Molecules as arrays, and RDKit's opinion of them."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import open_source, spec_of
from ganjax.data.molecule_arrays import decoded, encoded, smiles, types_of
from ganjax.data.molecules import ELEMENTS, VALENCES
from ganjax.data.record import record_of
from ganjax.errors import BadInput
from ganjax.games.molgan import valid

C, N, O, F = 1, 2, 3, 4  # noqa: E741
WHAT = "a test"


def array(types, bonds, places=6):
    """An array of one molecule. ``bonds`` is ``(i, j) -> order``."""
    kinds, orders = np.zeros((1, places), int), np.zeros((1, places, places), int)
    kinds[0, : len(types)] = types
    for (i, j), order in bonds.items():
        orders[0, i, j] = orders[0, j, i] = order
    return encoded(kinds, orders, 5)


def text(types, bonds):
    (found,) = smiles(array(types, bonds), ELEMENTS, WHAT)
    return found


def ring(*orders):
    return {(i, (i + 1) % len(orders)): order for i, order in enumerate(orders)}


def test_an_array_holds_types_and_bonds_of_each_place():
    """Formaldehyde in two places: C=O."""
    made = array((C, O), {(0, 1): 2}, places=2)
    np.testing.assert_array_equal(
        made[0],
        [
            [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0],
            [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0],
        ],
    )
    assert types_of(made.shape[1:]) == 5
    types, bonds = decoded(made)
    assert types.tolist() == [[C, O]] and bonds.tolist() == [[[0, 2], [2, 0]]]


def test_texts_of_known_molecules():
    pytest.importorskip("rdkit")
    assert text((C,), {}) == "C"
    assert text((C, C, O), {(0, 1): 1, (1, 2): 1}) == "CCO"
    assert text((N, C), {(0, 1): 3}) == "C#N"
    assert text((C,) * 6, ring(1, 2, 1, 2, 1, 2)) == "c1ccccc1"


def test_kekule_forms_of_a_ring_are_one_molecule():
    pytest.importorskip("rdkit")
    pyridazine = (N, N, C, C, C, C)
    both = {text(pyridazine, ring(*orders)) for orders in ((1, 2) * 3, (2, 1) * 3)}
    assert both == {"c1ccnnc1"}


@pytest.mark.parametrize(
    ("types", "bonds"),
    [
        ((), {}),
        ((F, F), {(0, 1): 2}),
        ((O, C), {(0, 1): 3}),
        ((C, C), {}),
        ((C, 0), {(0, 1): 1}),
        ((C, C, C, C), {(0, 1): 1, (2, 3): 1}),
        ((C, F, F, F, F, F), {(0, i): 1 for i in range(1, 6)}),
        ((C, N, O, O), {(0, 1): 1, (1, 2): 2, (1, 3): 2}),
    ],
    ids=[
        "no atom",
        "F=F",
        "O#C",
        "apart",
        "a bond to nothing",
        "two parts",
        "CF5",
        "a charge",
    ],
)
def test_arrays_that_are_no_molecules(types, bonds):
    pytest.importorskip("rdkit")
    assert text(types, bonds) is None
    assert valid(jnp.asarray(array(types, bonds)), VALENCES).tolist() == [0]


def test_the_reward_is_the_validity_of_rdkit():
    """Random arrays with few bonds, of which about a fifth is valid."""
    pytest.importorskip("rdkit")
    rng = np.random.default_rng(0)
    types = rng.choice(5, (2000, 4), p=(0.1, 0.5, 0.2, 0.1, 0.1))
    orders = np.triu(rng.choice(4, (2000, 4, 4), p=(0.5, 0.35, 0.1, 0.05)), 1)
    arrays = encoded(types, orders + orders.transpose(0, 2, 1), 5)
    wanted = [found is not None for found in smiles(arrays, ELEMENTS, WHAT)]
    assert 200 < sum(wanted) < 1000
    found = np.asarray(valid(jnp.asarray(arrays), VALENCES))
    np.testing.assert_array_equal(found, np.array(wanted, np.float32))


def test_both_halves_together_are_all_molecules_once():
    """Of up to two atoms: 4 and 19 (see test_small_graphs.py)."""
    chem = pytest.importorskip("rdkit.Chem")
    source = open_source("molecules", atoms=2)
    assert source.spec.shape == (2, 13)
    halves = [
        smiles(split.data, ELEMENTS, WHAT) for split in (source.train, source.test)
    ]
    assert [len(half) for half in halves] == [12, 11]
    every = halves[0] + halves[1]
    assert len(set(every)) == 23
    for found in every:
        molecule = chem.MolFromSmiles(found)
        assert chem.GetFormalCharge(molecule) == 0
        assert sum(a.GetNumRadicalElectrons() for a in molecule.GetAtoms()) == 0
    assert {"C", "N", "O", "F", "FF", "C=O", "N#N", "CF"} < set(every)


def test_a_record_keeps_the_form():
    pytest.importorskip("rdkit")
    source = open_source("molecules", atoms=2)
    record = record_of(source)
    assert spec_of(record) == source.spec
    assert record["about"] == {"molecules": 23}


def test_a_missing_rdkit_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(BadInput, match=r"pip install 'ganjax\[molecules\]'"):
        open_source("molecules", atoms=2)
