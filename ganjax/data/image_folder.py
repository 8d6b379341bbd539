"""Folders, .zip and .tar files of images: a folder for each class, or listed labels.

``data.dir`` may be:

- a folder, a .zip, a .tar or a .tar.gz. ``ganjax.data.layout`` has the rule for its
  splits and classes;
- a folder that contains two parts, of which one at least is an archive: ``train`` and
  ``test``, or ``toy_train`` and ``toy_test`` with one stem;
- ``TRAIN,TEST``: two folders or archives, separated by a comma;
- a set that ``ganjax prepare`` has made of images of any sizes.

All images must have one size. They are read as grey (C = 1) if all are grey, otherwise
as RGB. Transparent images are put on white. With ``data.alpha='keep'``, images are RGBA
(C = 4) if one of them is transparent. ``ganjax.data.image_file`` has the rules for
orientation and depth.
"""

import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.holdout import HOLDOUT
from ganjax.data.image_file import BadImage, Header, decode, header
from ganjax.data.layout import Arrangement, ImageFile, arrange
from ganjax.data.location import bad_file, data_roots, locate
from ganjax.data.prepared_images import is_prepared, open_prepared_images
from ganjax.data.source import Source, Spec
from ganjax.data.splits import HELD_OUT, TRAIN, role_of
from ganjax.data.tree import Tree, archive_stem
from ganjax.errors import BadInput
from ganjax.options import Option, configured

ALPHA = Option(
    "white",
    "transparency of images: put on white, or kept as a fourth channel",
    choices=("white", "keep"),
)


class Images:
    """One split of image files, which are decoded when they are read.

    Args:
        files: the files with their labels.
        channels: 1 for grey, 3 for RGB, 4 for RGBA.
    """

    def __init__(self, files: Sequence[ImageFile], channels: int):
        self.files, self.channels = files, channels
        self.label = np.array([file.label for file in files], np.int32)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> dict[str, Any]:
        tree, name, label = self.files[index]
        content = tree.read(name)
        try:
            return {"data": decode(content, self.channels), "label": label}
        except BadImage as error:
            raise bad_file(tree.path, name, str(error)) from error


@configured(holdout=HOLDOUT, alpha=ALPHA)
def open_image_folder(
    directory: str, holdout: float = 0.1, alpha: str = "white", subset: int = 0
) -> Source:
    """Open images in folders or archives. The module docstring lists the forms of
    ``directory``.

    Opening reads the header of every image but decodes only palette images.

    Args:
        directory: the value of ``data.dir``.
        holdout: the images that become the test split if there is none: a share below
            1, or a count.
        alpha: 'white' puts transparent images on white, 'keep' keeps a fourth channel.
        subset: the seed that chooses the images of ``holdout``.

    Raises:
        BadInput: there are no images, sizes differ, an archive or header is damaged, a
            mode is not supported, or the names of folders and files do not state
            clearly the splits and classes.
    """
    HOLDOUT.check("data.holdout", holdout)
    ALPHA.check("data.alpha", alpha)
    pair = directory.split(",")
    if len(pair) == 2 and not Path(directory).expanduser().exists():
        paths = tuple(locate("image_folder", side.strip()) for side in pair)
        name = archive_stem(paths[0])
    else:
        path = locate("image_folder", directory)
        if is_prepared(path):
            if holdout != HOLDOUT.default or alpha != ALPHA.default:
                raise BadInput(
                    f"data.dir='{path}': is a prepared set, whose split and channels "
                    "ganjax prepare has chosen; expected the defaults of data.holdout "
                    "and data.alpha"
                )
            return open_prepared_images(path)
        found = find_pair(path)
        packed = found and not all(part.is_dir() for part in found)
        name, paths = archive_stem(path), found if found and packed else (path,)
    trees = [Tree(path) for path in paths]
    return source_of_files(
        f"image_folder:{name}", arrange(trees, holdout, subset), alpha
    )


def open_cifar10_jpeg(directory: str) -> Source:
    """Open CIFAR-10 re-encoded as JPEG. Scores differ from lossless CIFAR-10.

    ``directory`` contains ``cifar10_jpeg_train`` and ``cifar10_jpeg_test``, each a .zip
    or a folder. If empty, the data roots and their ``cifar10_jpeg/`` are searched.

    Raises:
        BadInput: one of the two is missing or has no images, sizes differ, or an
            archive or the header of an image is damaged.
    """
    name = "cifar10_jpeg"
    places = [] if directory else [p for r in data_roots() for p in (r / name, r)]
    found = next(filter(None, (find_pair(p, name) for p in places)), None)
    if not found:
        path = locate(name, directory)
        found = find_pair(path, name)
        if not found:
            raise BadInput(
                f"data.dir='{path}': expected a folder that holds "
                "cifar10_jpeg_train.zip and cifar10_jpeg_test.zip"
            )
    return source_of_files(name, arrange([Tree(path) for path in found]), "white")


def find_pair(folder: Path, stem: str = "") -> tuple[Path, Path] | None:
    """Return the parts ``<stem>_train`` and ``<stem>_test`` of a folder, or None. Each
    part is a folder or an archive. Other names of splits, such as ``training`` and
    ``val``, are also found.

    With an empty ``stem``, names may have any stem or none, but there must be exactly
    one pair.
    """
    parts: dict[str, dict[str, Path]] = {}
    children = sorted(folder.iterdir()) if folder.is_dir() else []
    # A folder hides the archive of its name, which is often its origin.
    for part in sorted(children, key=lambda child: child.is_dir()):
        if part.is_dir() or archive_stem(part) != part.name:
            role, own = role_of(archive_stem(part)) or ("", "")
            parts.setdefault(own, {})[role] = part
    pairs = []
    for own, found in parts.items():
        sides = [
            next((found[role] for role in roles if role in found), None)
            for roles in (TRAIN, HELD_OUT)
        ]
        if sides[0] and sides[1] and stem in ("", own):
            pairs.append((sides[0], sides[1]))
    return pairs[0] if len(pairs) == 1 else None


def source_of_files(name: str, arrangement: Arrangement, alpha: str) -> Source:
    """Return the source of image files whose splits and classes are known.

    Raises:
        BadInput: sizes differ, or the header of an image is damaged.
    """
    files = [*arrangement.train, *arrangement.test]
    headers = _headers(files)
    grey = all(header.grey for header in headers)
    clear = alpha == "keep" and any(header.channels == 4 for header in headers)
    channels = 4 if clear else 1 if grey else 3
    spec = Spec(
        name, (headers[0].height, headers[0].width, channels), arrangement.classes
    )
    train, test = (
        Images(images, channels) for images in (arrangement.train, arrangement.test)
    )
    return Source(spec, train, test, arrangement.about)


def _headers(files: Sequence[ImageFile]) -> list[Header]:
    """Return the headers of all images, which must have one size."""

    def read(file: ImageFile) -> Header:
        content = file.tree.read(file.name)
        try:
            return header(content)
        except BadImage as error:
            raise bad_file(file.tree.path, file.name, str(error)) from error

    with ThreadPoolExecutor(8) as pool:
        headers = list(pool.map(read, files))
    width, height = headers[0][:2]
    for file, found in zip(files, headers, strict=True):
        if found[:2] != (width, height):
            problem = (
                f"is {found.width}x{found.height}, but {files[0].name} is "
                f"{width}x{height}: expected images of one size; ganjax prepare "
                f"{shlex.quote(str(file.tree.path))} --size=N makes them"
            )
            raise bad_file(file.tree.path, file.name, problem)
    return headers
