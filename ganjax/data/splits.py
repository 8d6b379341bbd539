"""Find the folders of the training and the test split, and the folders in them that are
classes. Only names decide. The docstring of ``ganjax.data.layout`` has the rule."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from ganjax.data.label_list import list_at, list_in, nfc
from ganjax.data.location import bad_file
from ganjax.data.tree import Tree
from ganjax.errors import BadInput

TRAIN = ("train", "training")
# Folder names of the test split. The first one with labels is used.
HELD_OUT = ("test", "testing", "val", "valid", "validation")
# Folders that may be next to the splits, and are not read.
SPARE = ("unlabeled", "unlabelled", "extra")
_SPLIT = re.compile(rf"(?:(.*)[_-])?({'|'.join(TRAIN + HELD_OUT + SPARE)})")


class Image(NamedTuple):
    """An image file, and the names from which its class follows.

    All names except ``name`` are in the Unicode normal form C (NFC).

    Attributes:
        tree, name: the folder or archive that holds the file, and the file's name in
            it.
        path: the name without the outer folders that all images of the tree share.
        folders: the folders of which the first may be the class. If a list of labels
            gives the class, this is ``(class,)``.
        listed: the file of the list of labels that gives the class, or ''.
    """

    tree: Tree
    name: str
    path: str
    folders: tuple[str, ...]
    listed: str = ""

    @property
    def top(self) -> str:
        """Return the first of ``folders``, or '' if there is none."""
        return self.folders[0] if self.folders else ""


class Splits(NamedTuple):
    """The images of a data set, by split. Each attribute is a dict from the name of a
    folder to its images.

    Attributes:
        train: the training split, one folder.
        held: the folders that may be the test split. The preferred one is first. The
            dict may be empty.
        spare: folders that are not used, such as ``extra``.
    """

    train: dict[str, list[Image]]
    held: dict[str, list[Image]]
    spare: dict[str, list[Image]]


def images_of(tree: Tree) -> list[Image]:
    """Return all images of a folder or archive. Their ``folders`` are all folders on
    the path."""
    paths = [tuple(nfc(name).split("/")) for name in tree.names]
    outer = len(os.path.commonprefix([path[:-1] for path in paths]))
    return [
        Image(tree, name, "/".join(path[outer:]), path[:-1])
        for name, path in zip(tree.names, paths, strict=True)
    ]


def split_folders(images: list[Image]) -> Splits:
    """Divide the images of one folder or archive into splits, by their first folders.

    Raises:
        BadInput: ``train`` and ``test`` are next to other images, there is a test split
            and no training split, or splits are inside of class folders.
    """
    where = images[0].tree.path
    images = [x._replace(folders=tuple(x.path.split("/")[:-1])) for x in images]
    roles = {top: role for top in tops(images) if (role := role_of(top))}
    exact = {top: role for top, (role, stem) in roles.items() if not stem}
    names = sorted(set(exact.values()) - set(SPARE))
    train, held = set(names) & set(TRAIN), set(names) & set(HELD_OUT)
    others = [x for x in images if x.top not in (exact if train and held else roles)]
    if others and train and held:
        problem = f"is not in a split, but the data have {' and '.join(names)}"
        expected = "expected all images in them, or data.dir=TRAIN,TEST"
        raise bad_file(where, others[0].name, f"{problem}; {expected}")
    if held and not train and not others:
        said = " and ".join(names)
        raise BadInput(f"data.dir='{where}': has {said}, expected a folder train too")
    there = {role for role, _ in roles.values()}
    stems = {stem for _, stem in roles.values()}
    if others or len(stems) != 1 or not there & set(TRAIN):
        _no_splits_inside(images)
        return Splits({"": images}, {}, {})
    parts: dict[str, list[Image]] = {}
    for image in images:
        role, _ = roles[image.top]
        parts.setdefault(role, []).append(image._replace(folders=image.folders[1:]))

    def of(names: Iterable[str]) -> dict[str, list[Image]]:
        return {name: parts[name] for name in names if name in parts}

    first = [image for name in TRAIN for image in parts.get(name, [])]
    name = next(name for name in TRAIN if name in parts)
    return Splits({name: first}, of(HELD_OUT), of(SPARE))


def role_of(folder: str) -> tuple[str, str] | None:
    """Return (``train``, '') for a folder ``train``, (``train``, ``toy``) for
    ``toy_train``, and likewise for other names of splits; None for another name. Case
    does not matter."""
    match = _SPLIT.fullmatch(folder.lower())
    return (match[2], match[1] or "") if match else None


def _no_splits_inside(images: list[Image]) -> None:
    inside: dict[str, dict[str, str]] = {}
    for image in images:
        if len(image.folders) > 1:
            inside.setdefault(image.top, {})[image.folders[1].lower()] = image.name
    for top, names in inside.items():
        train = next((name for name in TRAIN if name in names), None)
        if train and (held := next((x for x in HELD_OUT if x in names), None)):
            problem = (
                f"{train} and {held} are inside of the class folder {top}; "
                f"expected {train}/{top} and {held}/{top}"
            )
            raise bad_file(images[0].tree.path, names[train], problem)


def with_list(images: list[Image], labels: str = "") -> list[Image]:
    """Return images with the classes that a list of labels gives them. Without a list,
    return them unchanged.

    Args:
        images: the images of one split.
        labels: the path of the list. If the path is empty, the function looks for a
            list in the folders that contain all images, the innermost folder first.

    Raises:
        BadInput: the list is damaged, gives no label to one of the images, or names a
            file that is no image of the data.
    """
    tree = images[0].tree
    folders = [tuple(nfc(image.name).split("/"))[:-1] for image in images]
    shared = tuple(os.path.commonprefix(folders))
    if labels:
        outer = nfc(images[0].name).removesuffix(images[0].path).split("/")[:-1]
        found = list_at(tree, labels, tuple(outer))
    else:
        inward = (list_in(tree, shared[:i]) for i in range(len(shared), -1, -1))
        found = next(filter(None, inward), None)
        if found is None:
            return images
    if found.labels is None:
        return [x._replace(folders=(), listed=found.name) for x in images]
    known = found.labels
    if lacking := [image.name for image in images if nfc(image.name) not in known]:
        problem = f"lacks {len(lacking)} images, the first is {lacking[0]}"
        raise bad_file(tree.path, found.name, problem)
    return [
        x._replace(folders=(known[nfc(x.name)],), listed=found.name) for x in images
    ]


def tops(images: list[Image]) -> set[str]:
    """Return the names of the images' first folders; '' for an image without a
    folder."""
    return {image.top for image in images}


def key(name: str) -> str:
    """Return a name in a form that ignores upper and lower case, for comparison."""
    return name.casefold()


def without_outer(train: list[Image], test: list[Image]) -> tuple[list, list]:
    """Return both splits without the outer folders: the folders that all images of a
    split share.

    A shared folder is no outer folder but a class if the other split has this class
    among others. ``test`` may be empty.
    """
    while True:
        ours, theirs = tops(train), tops(test)
        apart = not {key(x) for x in ours} & {key(x) for x in theirs}
        one, other = (len(x) == 1 and x != {""} for x in (ours, theirs))
        # Whether the folders of each split may go: only if all images have others, if
        # a class could be meant.
        first = one and (theirs <= {""} or _deeper(train) and apart)
        second = other and (ours == {""} or _deeper(test) and apart)
        if one and other and _deeper(train) == _deeper(test):
            first = second = True
        if not (first or second):
            return train, test
        train = _inside(train) if first else train
        test = _inside(test) if second else test


def _deeper(images):
    return all(len(image.folders) > 1 for image in images)


def _inside(images):
    return [image._replace(folders=image.folders[1:]) for image in images]
