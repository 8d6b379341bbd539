"""Molecules of a user's file of SMILES."""

import gzip
import importlib.util

import pytest

from ganjax.data import open_source
from ganjax.data.molecule_arrays import smiles
from ganjax.errors import BadInput

pytest.importorskip("rdkit")


def texts(source):
    form = source.spec.form
    halves = (source.train.data, source.test.data)
    return [smiles(data, form.names, "a test") for data in halves]


def test_molecules_come_back_as_their_canonical_text(tmp_path):
    """Benzene in two spellings is one molecule. Left out are a salt, an ion, a radical,
    a text that is none, and a molecule of eight atoms."""
    path = tmp_path / "own.csv"
    lines = ["SMILES,SPLIT", "c1ccccc1,train", "C1=CC=CC=C1,test", "OCC,train", "S,x"]
    lines += ["[Na+].[Cl-]", "C[NH3+]", "[CH3]", "no molecule", "CCCCCCCC", "", "C#N"]
    path.write_text("\n".join(lines))
    source = open_source("smiles", str(path), atoms=6, holdout=1)
    train, test = texts(source)
    assert len(test) == 1
    assert sorted(train + test) == ["C#N", "CCO", "S", "c1ccccc1"]
    form = source.spec.form
    assert form.names == ("C", "N", "O", "S") and form.valences == (4, 3, 2, 2)
    assert source.spec.shape == (6, 5 + 24)
    assert source.about == {"molecules": 4, "left out": 5}


def test_the_split_follows_the_seed_and_not_the_order(tmp_path):
    lines = ["C", "CC", "CCC", "CO", "CN", "CCO", "CCN", "CF", "N", "O"]
    for name, own in (("a.smi", lines), ("b.smi", lines[::-1])):
        (tmp_path / name).write_text("\n".join(own))
    found = [
        set(
            texts(open_source("smiles", str(tmp_path / x), holdout=0.3, subset=seed))[1]
        )
        for x, seed in (("a.smi", 0), ("b.smi", 0), ("a.smi", 1))
    ]
    assert found[0] == found[1] != found[2] and len(found[0]) == 3


def test_moses_keeps_its_splits(tmp_path, monkeypatch):
    """A test molecule that is also a training molecule stays in training."""
    for name, lines in (("train", "SMILES\nCCO\nCC\n"), ("test", "SMILES\nOCC\nCF\n")):
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(lines.encode()))
    source = open_source("moses", str(tmp_path), atoms=4)
    assert texts(source) == [["CCO", "CC"], ["CF"]]
    assert source.spec.shape == (4, 4 + 16)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install --no-deps molsets"):
        open_source("moses")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected at least two molecules of up to 9 heavy atoms, found 0"),
        (b"C\n", "found 1 in 1 lines"),
        (b"a,b;c\n1,2;3\n", "found 0 in 2 lines"),
        (b"\xff\xfe\x00", "cannot be read as text"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path, content, said):
    path = tmp_path / "bad.smi"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        open_source("smiles", str(path))
    with pytest.raises(BadInput, match="cannot be read as text"):
        open_source("smiles", str(tmp_path / "none.smi"))
