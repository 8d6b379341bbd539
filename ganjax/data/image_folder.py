"""Folders and .zip files of PNG, JPEG, WebP, BMP or TIFF images: a folder per class.

``data.dir`` may be:

- a folder or a .zip that contains ``train/`` and ``test/``, in lower or upper case. If
  there is no ``test/``, then ``val/``, ``valid/`` or ``validation/`` is used. If there
  is one, these folders are ignored;
- a folder that contains two parts, each a folder or a .zip. Their names are ``train``
  and ``test``, or end in ``_train`` and ``_test``;
- ``TRAIN,TEST``: two folders or .zip files, separated by a comma;
- one folder or .zip without splits. A tenth of the images become the test split: the
  images whose names have the smallest SHA-256.

Images outside of any folder have no class: label 0, ``spec.classes == ()``. Labels
follow the sorted class names. All images must have one size. They are read as grey
(C = 1) if all are grey, otherwise as RGB. Transparent images are put on white.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ganjax.data.location import bad_file, data_roots, locate
from ganjax.data.source import Source, Spec
from ganjax.errors import BadInput

SUFFIXES = {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff"}
# Image files that raise an error, because skipping them would go unnoticed.
OTHERS = {".gif", ".avif", ".heic", ".heif", ".jp2", ".jxl"}
# Folder names of the held-out split. The first one that exists is used.
HELD_OUT = ("test", "val", "valid", "validation")
GREY, COLOUR = {"1", "L"}, {"LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}


class Part:
    """The image files of one folder or .zip: ``names`` and ``read(name) -> bytes``."""

    def __init__(self, path: Path):
        self.path = path
        if path.is_dir():
            files = (p for p in path.rglob("*") if p.is_file())
            names = [p.relative_to(path).as_posix() for p in files]
            self._read: Callable[[str], bytes] = lambda name: (path / name).read_bytes()
        else:
            try:
                archive = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                problem = f"not a readable .zip ({error})"
                raise bad_file(path.parent, path.name, problem) from error
            names = archive.namelist()
            self._read = archive.read
        for name in names:
            if _kind(name) in OTHERS:
                raise bad_file(path, name, "has an image format that is not supported")
        self.names = sorted(name for name in names if _kind(name) in SUFFIXES)
        if not self.names:
            raise BadInput(
                f"data.dir='{path}': has no images, expected files that "
                f"end in {', '.join(sorted(SUFFIXES))}"
            )

    def read(self, name: str) -> bytes:
        """Return the bytes of a file. Raise BadInput if it is unreadable or damaged."""
        try:
            return self._read(name)
        except Exception as error:  # zipfile raises OSError, BadZipFile, zlib.error, …
            raise bad_file(self.path, name, f"cannot be read ({error})") from error


def _kind(name: str) -> str:
    """Return the suffix of a file in lower case, or '' if the file is hidden."""
    path = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return "" if hidden else path.suffix.lower()


class Images:
    """``Items`` over image files.

    Args:
        files: (part, name in the part, label) of every image.
        mode: the Pillow mode that images are converted to, 'L' or 'RGB'.
        size: (width, height) of every image.
    """

    def __init__(self, files, mode: str, size: tuple[int, int]):
        self.files, self.mode, self.size = files, mode, size

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> dict[str, Any]:
        from PIL import Image

        part, name, label = self.files[index]
        content = part.read(name)
        try:
            with Image.open(io.BytesIO(content)) as image:
                if image.has_transparency_data and self.mode == "RGB":
                    image = image.convert("RGBA")
                    white = Image.new("RGBA", image.size, "white")
                    image = Image.alpha_composite(white, image)
                data = np.asarray(image.convert(self.mode))
        except Exception as error:  # damaged images raise OSError, SyntaxError, …
            raise bad_file(part.path, name, f"cannot be decoded ({error})") from error
        width, height = self.size
        return {"data": data.reshape(height, width, -1), "label": label}


def open_image_folder(directory: str) -> Source:
    """Open images in folders. The module docstring lists the forms of ``directory``.

    Opening reads the header of every image (size and mode) but decodes no image.

    Raises:
        BadInput: there are no images, sizes differ, a .zip or header is damaged, an
            image is outside the class folders, or a mode is not 8 bits a channel.
    """
    pair = directory.split(",")
    if len(pair) == 2 and not Path(directory).expanduser().exists():
        train, test = (Part(locate("image_folder", side.strip())) for side in pair)
        return _source(f"image_folder:{train.path.stem}", train, test)
    path = locate("image_folder", directory)
    if path.is_dir() and (found := find_pair(path, "")):
        return _source(f"image_folder:{path.name}", *map(Part, found))
    return _source(f"image_folder:{path.stem}", Part(path), None)


def open_cifar10_jpeg(directory: str) -> Source:
    """Open CIFAR-10 re-encoded as JPEG. Scores differ from lossless CIFAR-10.

    ``directory`` contains ``cifar10_jpeg_train`` and ``cifar10_jpeg_test``, each a .zip
    or a folder. If empty, the data roots and their ``cifar10_jpeg/`` are searched.

    Raises:
        BadInput: see ``open_image_folder``.
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
    return _source(name, *map(Part, found))


def find_pair(folder: Path, stem: str) -> tuple[Path, Path] | None:
    """Find ``<stem>_train`` and ``<stem>_test`` in ``folder``, each a folder or a .zip.

    With an empty ``stem``, names may have any stem or none (``train`` and ``test``),
    but there must be exactly one pair.
    """
    children = sorted(folder.iterdir()) if folder.is_dir() else []
    parts = [c for c in children if c.is_dir() or c.suffix.lower() == ".zip"]
    sides = [
        [p for p in parts if f"_{p.stem.lower()}".endswith(f"{stem}_{side}")]
        for side in ("train", "test")
    ]
    return (sides[0][0], sides[1][0]) if [len(s) for s in sides] == [1, 1] else None


File = tuple[Part, str, tuple[str, ...]]
"""The part that holds an image, its name in the part, and its folders there."""


def _source(name: str, first: Part, second: Part | None) -> Source:
    splits = (_files(first), _files(second)) if second else _split(_files(first))
    every = [file for files in splits for file in files]
    classes = sorted({_class(file) for file in every})
    for part, file, folders in every:
        if not folders and classes != [""]:
            raise bad_file(part.path, file, "is not inside a class folder")
    mode, size = _scan(every)
    number = {label: i for i, label in enumerate(classes)}
    train, test = (
        Images([(f[0], f[1], number[_class(f)]) for f in files], mode, size)
        for files in splits
    )
    shape, named = (size[1], size[0], 1 if mode == "L" else 3), classes != [""]
    return Source(Spec(name, shape, tuple(classes) if named else ()), train, test)


def _class(file: File) -> str:
    return file[2][0] if file[2] else ""


def _files(part: Part) -> list[File]:
    """List every image with its folders, without the outer folders that all share."""
    folders = [PurePosixPath(name).parts[:-1] for name in part.names]
    shared = len(os.path.commonprefix([f[:-1] for f in folders]))
    return [(part, n, f[shared:]) for n, f in zip(part.names, folders, strict=True)]


def _split(files: list[File]) -> tuple[list[File], list[File]]:
    tops = {_class(file).lower() for file in files}
    held_out = next((name for name in HELD_OUT if name in tops), None)
    if held_out and "train" in tops and tops <= {"train", *HELD_OUT}:
        inside = {"train": [], held_out: []}
        for part, name, (top, *folders) in files:
            inside.setdefault(top.lower(), []).append((part, name, tuple(folders)))
        return inside["train"], inside[held_out]
    if len(files) < 2:
        raise BadInput(
            f"data.dir='{files[0][0].path}': holds one image, expected at "
            "least one to train and one to test"
        )
    by_hash = sorted(files, key=lambda f: hashlib.sha256(f[1].encode()).digest())
    test = {f[1] for f in by_hash[: max(1, len(files) // 10)]}
    return [f for f in files if f[1] not in test], [f for f in files if f[1] in test]


def _scan(files: list[File]) -> tuple[str, tuple[int, int]]:
    """Return Pillow's mode and (width, height) of all images, read from the headers."""
    from PIL import Image

    def header(file: File) -> tuple[str, tuple[int, int]]:
        part, name, _ = file
        content = part.read(name)
        try:
            with Image.open(io.BytesIO(content)) as image:
                return image.mode, image.size
        except Exception as error:  # Pillow raises many kinds of errors
            raise bad_file(part.path, name, "is not a readable image") from error

    with ThreadPoolExecutor(8) as pool:
        headers = list(pool.map(header, files))
    first = headers[0][1]
    for (part, name, _), (mode, size) in zip(files, headers, strict=True):
        if size != first:
            problem = (
                f"is {size[0]}x{size[1]}, but {files[0][1]} is {first[0]}x{first[1]}: "
                "expected images of one size"
            )
            raise bad_file(part.path, name, problem)
        if mode not in GREY | COLOUR:
            problem = f"has mode {mode}, expected 8 bits a channel"
            raise bad_file(part.path, name, problem)
    return "L" if all(mode in GREY for mode, _ in headers) else "RGB", first
