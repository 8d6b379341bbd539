"""Images of two domains: with pairs for pix2pix, or without pairs for CycleGAN.

- ``--pairs=AB``: each file has two images side by side, domain a on the left.
- ``--pairs=DIR,DIR``: two folders, one for each domain. Two files with the same path in
  these folders are a pair; their suffixes may differ.
- Folders ``trainA``, ``trainB``, and maybe ``testA``, ``testB``: two domains without
  pairs.

The module ``ganjax.data.layout`` has the rule for splits. There are no classes.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ganjax.data.layout import Arrangement, ImageFile, arrange, unread
from ganjax.data.preparing.fitting import Options
from ganjax.data.preparing.listing import Listing
from ganjax.data.preparing.shards import Item
from ganjax.errors import BadInput

_DOMAINS = {
    f"{split}{domain}": (split, domain.lower())
    for split in ("train", "test", "val")
    for domain in "AB"
}


class Renamed:
    """The images of a folder or archive under other names, from which splits and
    classes follow.

    Args:
        tree: the folder or archive.
        originals: new name -> name in ``tree``.
    """

    def __init__(self, tree: Any, originals: Mapping[str, str]):
        self.path, self.other, self.folders = tree.path, [], []
        self.names, self._tree, self.originals = sorted(originals), tree, originals

    def read(self, name: str) -> bytes:
        return self._tree.read(self.originals[name])

    def size(self, name: str) -> int:
        return self._tree.size(self.originals[name])


def _splits(tree: Any, options: Options) -> tuple[dict[str, list[str]], Arrangement]:
    """Return the names of each split, and the arrangement."""
    found = arrange([tree], options.holdout, options.seed)
    names = {"train": found.train, "test": found.test}
    return {s: [f.name for f in files] for s, files in names.items()}, found


def domains_in(names) -> bool:
    """Return whether some of the files are in a folder ``trainA`` and some in
    ``trainB``."""
    parts = {part for name in names for part in name.split("/")[:-1]}
    return {"trainA", "trainB"} <= parts


def listed_domains(tree: Any, name: str, options: Options) -> Listing:
    """Return the images of two domains without pairs, from the folders ``trainA``,
    ``trainB``, ``testA`` and ``testB``.

    Args:
        tree: the folder or archive of the images.
        name: the name of the data.
    """
    renamed: dict[str, dict[str, str]] = {"a": {}, "b": {}}
    for file in tree.names:
        parts = file.split("/")
        at = next((i for i, part in enumerate(parts) if part in _DOMAINS), None)
        if at is not None:
            split, domain = _DOMAINS[parts[at]]
            renamed[domain]["/".join([split, *parts[at + 1 :]])] = file
    sets, rules, notes = {}, [], []
    for domain, originals in renamed.items():
        splits, found = _splits(Renamed(tree, originals), options)
        rules.append(found.rule)
        notes += [f"{domain.upper()}: {note}" for note in found.notes]
        sets[domain] = {
            split: [Item((ImageFile(tree, originals[n], 0),), 0) for n in names]
            for split, names in splits.items()
        }
    notes += unread(tree, {n for names in renamed.values() for n in names.values()})
    rule = " and ".join(dict.fromkeys(rules))
    return Listing(name, "domains", (), sets, rule, notes)


def listed_pairs(tree: Any, name: str, options: Options) -> Listing:
    """Return the pairs of images that ``options.pairs`` describes.

    Args:
        tree: the folder or archive of the images.
        name: the name of the data.

    Raises:
        BadInput: ``options.pairs`` is neither ``AB`` nor two folders, a folder is
            missing, a file has no partner, or ``options.store`` is not ``raw``.
    """
    if options.store != "raw":
        raise BadInput(f"store='{options.store}': expected 'raw' for pairs")
    if options.pairs == "AB":
        originals = {file: file for file in tree.names}
        partners: dict[str, tuple[str, ...]] = {n: (n,) for n in originals}
    else:
        originals, partners = _partners(tree, options.pairs)
    splits, found = _splits(Renamed(tree, originals), options)
    items = {
        split: [
            Item(tuple(ImageFile(tree, n, 0) for n in partners[key]), 0) for key in keys
        ]
        for split, keys in splits.items()
    }
    notes = found.notes + unread(
        tree, {n for names in partners.values() for n in names}
    )
    return Listing(name, "pairs", (), {"": items}, found.rule, notes)


def _partners(tree, pairs):
    folders = [folder.strip(" /") for folder in pairs.split(",")]
    if len(folders) != 2 or not all(folders) or folders[0] == folders[1]:
        raise BadInput(
            f"pairs='{pairs}': expected AB, or the names of two folders, as in "
            "--pairs=edges,photos"
        )
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for file in tree.names:
        parts = file.split("/")
        for folder, files in zip(folders, found, strict=True):
            if folder in parts[:-1]:
                rest = [
                    *parts[: parts.index(folder)],
                    *parts[parts.index(folder) + 1 :],
                ]
                key = PurePosixPath(*rest).with_suffix("").as_posix()
                if other := files.get(key):
                    raise BadInput(
                        f"data.dir='{tree.path}': {file} and {other} have the same "
                        "name, expected one file for each side of a pair"
                    )
                files[key] = file
    for folder, files in zip(folders, found, strict=True):
        if not files:
            raise BadInput(
                f"pairs='{pairs}': data.dir='{tree.path}' has no folder {folder} with "
                "images"
            )
    for one, other, folder in (*zip(found, found[::-1], folders[::-1], strict=True),):
        if alone := sorted(set(one) - set(other)):
            raise BadInput(
                f"data.dir='{tree.path}': {one[alone[0]]} has no pair in {folder} "
                f"({len(alone)} files have none)"
            )
    return found[0], {key: (found[0][key], found[1][key]) for key in found[0]}
