"""Molecules of a file of SMILES: a text in each line, or in the first column of a CSV.
MOSES is such a file."""

import dataclasses
import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np

from ganjax.data.forms import MOLECULES, Form
from ganjax.data.holdout import HOLDOUT, holdout_of
from ganjax.data.molecule_arrays import ORDERS, encoded, rdkit
from ganjax.data.source import Arrays, Source, Spec
from ganjax.errors import BadInput, check_memory
from ganjax.options import Option, configured

ATOMS = Option(
    9, "largest number of heavy atoms; larger molecules are left out", least=2
)
FIELD = "data.name='smiles'"


@configured(atoms=ATOMS, holdout=HOLDOUT)
def open_smiles(
    directory: str, atoms: int = 9, holdout: float = 0.1, subset: int = 0
) -> Source:
    """Open the molecules of a file as arrays ``[N, T + 4·N]`` (see
    ``molecule_arrays``) with N = ``atoms`` places.

    Left out, and counted in ``about``, are molecules with more atoms, with a charge or
    a radical, in several parts, and texts that RDKit cannot read. A molecule that is
    listed twice counts once. The elements are in alphabetical order. The valence of an
    element is its usual one, or the largest sum of bond orders in the file. All
    molecules are kept in memory.

    Args:
        directory: the file, which may be compressed (``.gz``).
        atoms: the largest number of heavy atoms.
        holdout: the molecules of the test split: a share below 1, or a count.
        subset: the seed that chooses them.

    Raises:
        BadInput: RDKit is not installed, the file cannot be read or has fewer than two
            molecules, or they do not fit into memory.
    """
    path = Path(directory).expanduser()
    read, refused = _molecules(path, atoms)
    if len(read) < 2:
        raise BadInput(
            f"data.dir='{directory}': expected at least two molecules of up to {atoms} "
            f"heavy atoms, found {len(read)} in {len(read) + refused} lines"
        )
    held = holdout_of(list(read), [0] * len(read), holdout, subset, path)
    return _source("smiles", read, held, refused, atoms)


@configured(atoms=dataclasses.replace(ATOMS, default=27))
def open_moses(directory: str = "", atoms: int = 27) -> Source:
    """Open the training and test molecules of MOSES (Polykovskiy et al. 2020, arXiv
    1811.12823) as ``open_smiles`` does. The package ``molsets`` installs the files; its
    code is not imported. About 1.6 million molecules need 20 GB, and twice that while
    they are read.

    Args:
        directory: the folder of ``train.csv.gz`` and ``test.csv.gz``; if it is empty,
            the folder in the package.

    Raises:
        BadInput: RDKit or the files are missing, or they do not fit into memory.
    """
    if not directory:
        found = importlib.util.find_spec("moses")
        if found is None or not found.submodule_search_locations:
            raise BadInput(
                "data.name='moses': needs the files of molsets, which is not installed "
                "(pip install --no-deps molsets)"
            )
        directory = f"{found.submodule_search_locations[0]}/dataset/data"
    folder = Path(directory).expanduser()
    parts = [_molecules(folder / f"{x}.csv.gz", atoms) for x in ("train", "test")]
    (train, refused), (test, also) = parts
    read = {**train, **{k: x for k, x in test.items() if k not in train}}
    held = np.arange(len(read)) >= len(train)
    return _source("moses", read, held, refused + also, atoms)


def _source(name, read, held, refused, atoms):
    """Return the source of molecules, of which ``held [n]`` are the test split."""
    elements = sorted({x for symbols, _ in read.values() for x in symbols})
    number = {x: i for i, x in enumerate(elements, 1)}
    width = len(elements) + 1 + ORDERS * atoms
    check_memory(f"data.atoms={atoms}", 4 * len(read) * atoms * width)
    types = np.zeros((len(read), atoms), np.int8)
    bonds = np.zeros((len(read), atoms, atoms), np.int8)
    for row, (symbols, own) in enumerate(read.values()):
        types[row, : len(symbols)] = [number[x] for x in symbols]
        for i, j, order in own:
            bonds[row, i, j] = bonds[row, j, i] = order
    sums, usual = bonds.sum(axis=2), rdkit(FIELD).GetPeriodicTable().GetDefaultValence
    valences = tuple(
        max(usual(x), int(sums[types == k].max())) for x, k in number.items()
    )
    splits = [
        Arrays(
            encoded(types[rows], bonds[rows], len(elements) + 1),
            np.zeros(int(rows.sum()), np.int32),
        )
        for rows in (~held, held)
    ]
    form = Form(MOLECULES, tuple(elements), valences=valences)
    facts = {"molecules": len(read), "left out": refused}
    return Source(Spec(name, (atoms, width), form=form), *splits, facts)


def _molecules(path, atoms):
    """Return canonical SMILES -> (symbols, bonds (i, j, order)), in the order of the
    file, and the number of lines that were left out."""
    chem = rdkit(FIELD)
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BadInput(
            f"data.dir='{path}': cannot be read as text ({error})"
        ) from error
    found, refused = {}, 0
    for i, line in enumerate(text.splitlines()):
        said = line.replace(",", " ").split()
        if not said or (i == 0 and said[0].lower() == "smiles"):
            continue
        made = chem.MolFromSmiles(said[0])
        if made is None or not _fits(chem, made, atoms):
            refused += 1
            continue
        name = chem.MolToSmiles(made)
        chem.Kekulize(made, clearAromaticFlags=True)
        symbols = [atom.GetSymbol() for atom in made.GetAtoms()]
        own = [
            (x.GetBeginAtomIdx(), x.GetEndAtomIdx(), int(x.GetBondTypeAsDouble()))
            for x in made.GetBonds()
        ]
        found.setdefault(name, (symbols, own))
    return found, refused


def _fits(chem, made, atoms):
    return (
        0 < made.GetNumAtoms() <= atoms
        and len(chem.GetMolFrags(made)) == 1
        and all(
            not x.GetFormalCharge() and not x.GetNumRadicalElectrons()
            for x in made.GetAtoms()
        )
        and all(x.GetBondTypeAsDouble() in (1, 1.5, 2, 3) for x in made.GetBonds())
    )
