"""Arrange image files into classes, a training split and a test split, by one rule.

The rule is the same for a folder, a .zip and a .tar. It reads names only:

1. Outer folders that all images share are left out.
2. **Splits.** If the folders of the first level are ``train`` and ``test``, they are
   the splits. Case does not matter. ``training`` means train. Instead of ``test``,
   ``testing``, ``val``, ``valid`` or ``validation`` may hold the test split; the first
   of them with labels is used. ``unlabeled``, ``unlabelled`` and ``extra`` may be there
   and are not read. All names may start with one shared stem, as in ``toy_train`` and
   ``toy_test``. If this level has other folders or images, there are two cases: next
   to both exact names, ``train`` and ``test``, they are an error; otherwise there are
   no splits, and every folder on this level is a class.
3. **Labels.** A list of labels (``ganjax.data.label_list``) in an outer folder or in
   the folder of a split gives the classes. Otherwise the class of an image is its first
   folder in the split; deeper folders do not matter. A folder that all images of a
   split share is an outer folder, unless the other split has this class among others.
4. Names of classes are compared in the Unicode normal form C. A test class that differs
   from one training class only in case is this class. A test class without training
   images is refused.
5. Without a test split, a share of each class is held out (``ganjax.data.holdout``).

The number of a class is its place among the sorted names. Numbers in lists of labels
are sorted as numbers. If there is only one class, the data have no classes.
"""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from ganjax.data.holdout import HOLDOUT, holdout_of
from ganjax.data.location import bad_file
from ganjax.data.splits import (
    Image,
    Splits,
    images_of,
    key,
    split_folders,
    tops,
    with_list,
    without_outer,
)  # fmt: skip
from ganjax.data.tree import Tree, printable
from ganjax.errors import BadInput

# Classes in the line for the user, and names in a note.
SHOWN, NAMED = 12, 3


class ImageFile(NamedTuple):
    """An image file: the folder or archive (``tree``) that holds it, its name there,
    and its label."""

    tree: Tree
    name: str
    label: int


@dataclasses.dataclass(frozen=True)
class Arrangement:
    """Image files with labels, in two splits.

    Attributes:
        classes: names by label; empty if the data have no classes.
        train, test: the images of the splits.
        rule: where labels and splits come from, in words.
        notes: lines about files and folders that are not read.
        digest: SHA-256 of the sorted names, sizes and classes of all images.
    """

    classes: tuple[str, ...]
    train: list[ImageFile]
    test: list[ImageFile]
    rule: str
    notes: list[str]
    digest: str

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Return the number of images: split -> class -> number. Without classes, the
        name of the class is ''."""
        found = {}
        for split, images in (("train", self.train), ("test", self.test)):
            number = Counter(image.label for image in images)
            found[split] = {n: number[i] for i, n in enumerate(self.classes or ("",))}
        return found

    @property
    def shown(self) -> list[str]:
        """Return lines for the user: the classes with their numbers of images, the
        rule, and the notes."""
        lines = [counted(self.counts), self.rule, *self.notes]
        return [f"data: {line}" for line in lines]

    @property
    def about(self) -> dict[str, Any]:
        """Return the facts that identify the data. A run stores them and compares them
        when it resumes."""
        facts = dict(counts=self.counts, digest=self.digest, split=self.rule)
        return {**facts, "shown": self.shown}


def counted(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return one line with the numbers of images of each class.

    Args:
        counts: split -> class -> number of images.
    """
    train, test = counts["train"], counts["test"]
    said = [f"{name} {train[name]}+{test[name]}".strip() for name in train]
    more = f" and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
    kind = "no classes" if set(train) == {""} else f"{len(said)} classes"
    return f"{kind} (training+test images): {', '.join(said[:SHOWN])}{more}"


def arrange(
    trees: Sequence[Tree],
    holdout: float = HOLDOUT.default,
    seed: int = 0,
    labels: str = "",
) -> Arrangement:
    """Find the classes, the training split and the test split of images, from their
    names.

    Args:
        trees: one folder or archive; or two, the training and the test images.
        holdout: the images that become the test split if there is none: a share below
            1, or a count.
        seed: the seed that chooses these images.
        labels: a file with labels, in place of a list in the tree.

    Raises:
        BadInput: splits are mixed with other images or with classes, a test class has
            no training images, a list of labels is damaged or incomplete, or there are
            too few images for a test split.
    """
    if len(trees) == 2:
        first, second = ({tree.path.name: images_of(tree)} for tree in trees)
        found = Splits(first, second, {})
    else:
        found = split_folders(images_of(trees[0]))
    notes = [f"{x}: {len(found.spare[x])} images not read" for x in found.spare]
    ((name, train),) = found.train.items()
    train, test, test_name = _with_test(with_list(train, labels), found, labels, notes)
    every = [*train, *test]
    classes, number = _classes(train, test)
    if test:
        split = f"{name} and {test_name}"
    else:
        numbers = [number[image.top] for image in train]
        where = trees[0].path
        out = holdout_of([x.path for x in train], numbers, holdout, seed, where)
        test = [image for image, held in zip(train, out, strict=True) if held]
        train = [image for image, held in zip(train, out, strict=True) if not held]
        split = f"holdout={holdout:g} of each class, seed {seed}"
    lists = dict.fromkeys(image.listed or "folders" for image in every)
    sources = " and ".join(dict.fromkeys(name.split("/")[-1] for name in lists))
    rule = f"labels: {sources if classes else 'none'}; split: {split}"
    train_files, test_files = (
        [ImageFile(image.tree, image.name, number[image.top]) for image in images]
        for images in (train, test)
    )
    for tree in trees:
        notes += unread(tree, {*tree.names, *lists})
    digest = _digest(trees, every, classes, number)
    return Arrangement(classes, train_files, test_files, rule, notes, digest)


def _with_test(train, found, labels, notes):
    """Return both splits, ready for classes, and the name of the test split. The first
    test split with labels is used, or the last one. Add notes about the others."""
    chosen = None
    for name, images in found.held.items():
        if chosen is None:
            ours, theirs = without_outer(train, with_list(images, labels))
            # A shared folder that is no class of the training images gives no labels.
            single = len(tops(theirs)) == 1
            known = {key(x) for x in tops(ours)} & {key(x) for x in tops(theirs)}
            if known or not single or name == list(found.held)[-1]:
                chosen = ours, theirs, name
                continue
        notes.append(f"{name}: {len(images)} images not read")
    return chosen or (without_outer(train, [])[0], [], "")


def _classes(train, test) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the classes, and first folder -> label.

    Raises:
        BadInput: a test class has no training images, or an image has no class.
    """
    names = tops(train)
    for image in [*train, *test]:
        if not image.top and (names | tops(test)) != {""}:
            raise bad_file(image.tree.path, image.name, "is not inside a class folder")
    numbers = all(x.listed and x.top.isdecimal() for x in [*train, *test])
    classes = sorted(names, key=lambda name: (int(name) if numbers else 0, name))
    label = {name: i for i, name in enumerate(classes)}
    for name, count in Counter(image.top for image in test).items():
        if name in names:
            continue
        alike = [x for x in classes if key(x) == key(name)]
        if len(alike) != 1:
            said = f"{count} test images and no training images"
            raise BadInput(
                f"data.dir='{test[0].tree.path}': the class {name} has {said}"
            )
        label[name] = label[alike[0]]
    return (() if len(classes) == 1 else tuple(classes)), label


def _digest(trees, images: list[Image], classes, number) -> str:
    part = {id(tree): i for i, tree in enumerate(trees)}
    lines = sorted(
        "\t".join([
            f"{part[id(x.tree)]}/{x.path}",
            str(x.tree.size(x.name)),
            classes[number[x.top]] if classes else "",
        ])
        for x in images
    )  # fmt: skip
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def unread(tree: Tree, used: Collection[str]) -> list[str]:
    """Return notes about the files of a folder or archive that are not ``used``, and
    about its folders without images."""
    images = [name for name in tree.names if name not in used]
    others = [name for name in tree.other if name not in used]
    full = {""}
    for name in tree.names:
        while name not in full:
            full.add(name)
            name = name.rpartition("/")[0]
    empty = [x for x in tree.folders if x not in full and x.rpartition("/")[0] in full]
    found = {
        "images not read": images,
        "files are not images": others,
        "folders have no images": empty,
    }
    return [
        f"{len(names)} {said}: {', '.join(map(printable, names[:NAMED]))}"
        + (", …" if len(names) > NAMED else "")
        for said, names in found.items()
        if names
    ]
