"""IDX files (MNIST's format), plain or gzipped, read and verified with numpy alone.

The format: two zero bytes, a type (8 is uint8), the number of axes, one big-endian
32-bit length for each axis, then the values.
"""

import functools
import gzip
import hashlib
import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ganjax.data.bombs import TooLarge, check_whole
from ganjax.data.location import bad_file, locate
from ganjax.data.source import Arrays, Source, Spec
from ganjax.data.watchdog import Reading
from ganjax.errors import BadInput

# Bytes that are read at a time.
_PIECE = 2**24

FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}

CONTENT: dict[str, dict[str, str]] = {
    # Published MD5 sums of the uncompressed files.
    "mnist": {
        "train-images-idx3-ubyte": "md5:6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "md5:a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "md5:2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "md5:27ae3e4e09519cfbb04c329615203637",
    },
    # SHA-256 of the uncompressed content of the .gz files that TFDS registers. A test
    # rebuilds these .gz files from Debian's package and compares both sums.
    "fashion_mnist": {
        "train-images-idx3-ubyte": "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",  # noqa: E501
        "train-labels-idx1-ubyte": "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",  # noqa: E501
        "t10k-images-idx3-ubyte": "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",  # noqa: E501
        "t10k-labels-idx1-ubyte": "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",  # noqa: E501
    },
}

CLASSES = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
}  # fmt: skip


def read_idx(path: Path, checksum: str = "") -> np.ndarray:
    """Read the uint8 array of one IDX file.

    Args:
        path: the file; gzip is recognised by its first bytes, not by its name.
        checksum: ``'md5:…'`` or ``'sha256:…'`` of the uncompressed content, or ''.

    Raises:
        BadInput: the file is unreadable, damaged, truncated or not IDX of uint8, its
            length contradicts its header, it unpacks to far more bytes than it has, or
            the checksum differs.
    """
    wrong = functools.partial(bad_file, path.parent, path.name)
    try:
        with Reading(path) as reading, path.open("rb") as file:
            header, data = _parts(file, wrong, reading)
    except (OSError, EOFError, zlib.error) as error:
        raise wrong(f"cannot be read ({error})") from error
    except TooLarge as error:
        raise wrong(str(error)) from error
    if checksum:
        algorithm, _, expected = checksum.partition(":")
        digest = hashlib.new(algorithm, header, usedforsecurity=False)
        digest.update(data.reshape(-1))
        if digest.hexdigest() != expected:
            raise wrong(
                f"{algorithm} of the content is {digest.hexdigest()}, expected "
                f"{expected}: the file is damaged or holds other data"
            )
    return data


def _parts(
    file: BinaryIO, wrong: Callable, reading: Reading
) -> tuple[bytes, np.ndarray]:
    """Return the header, and the values, uint8. The values are read only if the file
    can hold as many as the header states."""
    size = os.fstat(file.fileno()).st_size
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    content: Any = gzip.GzipFile(fileobj=file) if packed else file
    header = content.read(4)
    if len(header) < 4 or header[:3] != b"\0\0\x08":
        raise wrong(f"not an IDX file of uint8 (starts with {header.hex()!r})")
    axes = header[3]
    header += content.read(4 * axes)
    if len(header) < 4 + 4 * axes:
        raise wrong("ends inside its header")
    shape = struct.unpack(f">{axes}I", header[4:])
    expected = math.prod(shape)
    if not expected or not 1 <= axes <= 4:
        raise wrong(f"has shape {shape}, expected 1 to 4 axes, not empty")
    said = f"of data, expected {expected} for shape {shape}"
    if packed:
        check_whole(expected, size)
    elif size - len(header) != expected:
        raise wrong(f"holds {size - len(header)} bytes {said}")
    data, got = np.empty(expected, np.uint8), 0
    while more := content.readinto(data[got : got + _PIECE]):
        got += more
        reading.now(file.name)
    if content.read(1):
        raise wrong(f"holds more bytes {said}")
    if got < expected:
        raise wrong(f"holds {got} bytes {said}")
    return header, data.reshape(shape)


def find(folder: Path, stem: str) -> Path | None:
    """Return the path of an IDX file, or None if it is missing.

    Args:
        stem: the name, as in ``train-images-idx3-ubyte``. The file may also end in
            ``.gz``, or have a dot in place of the ``-`` before ``idx``.
    """
    for spelling in (stem, stem.replace("-idx", ".idx")):
        for name in (spelling, spelling + ".gz"):
            if (folder / name).is_file():
                return folder / name
    return None


def missing(folder: Path) -> list[str]:
    """Return the names of the IDX files (of four) that are missing in ``folder``."""
    stems = (stem for pair in FILES.values() for stem in pair)
    return [f"{stem}.gz" for stem in stems if not find(folder, stem)]


def read_split(folder: Path, split: str, checksums: dict[str, str]) -> Arrays:
    """Read the images ``[N, H, W, C]`` and the labels of one split. C is 1 if the file
    of images has three axes.

    Args:
        folder: the folder of the IDX files.
        split: 'train' or 'test'.
        checksums: file name without ``.gz`` -> checksum of the content; may be empty.

    Raises:
        BadInput: a file is missing or damaged, or images and labels do not match.
    """
    read = []
    for stem, axes in zip(FILES[split], ((3, 4), (1,)), strict=True):
        path = find(folder, stem)
        if path is None:
            raise bad_file(folder, stem + ".gz", "no such file")
        values = read_idx(path, checksums.get(stem, ""))
        if values.ndim not in axes or not values.size:
            problem = f"has shape {values.shape}, expected {axes[0]} axes, not empty"
            raise bad_file(folder, path.name, problem)
        read.append(values)
    images, labels = read
    if len(images) != len(labels):
        problem = f"{len(labels)} labels for {len(images)} images"
        raise bad_file(folder, FILES[split][1], problem)
    images = images if images.ndim == 4 else images[..., None]
    return Arrays(images, labels.astype(np.int32))


def read_folder(name: str, folder: Path, checksums: dict[str, str]) -> Source:
    """Read both splits of a folder of IDX files as a source with the name ``name``.

    Args:
        checksums: file name without ``.gz`` -> checksum of the content; may be empty.

    Raises:
        BadInput: a file is missing or damaged, images and labels do not match, or the
            images of the two splits differ in size.
    """
    train, test = (read_split(folder, split, checksums) for split in FILES)
    shape, other = train.data.shape[1:], test.data.shape[1:]
    if shape != other:
        problem = f"has images of {other}, but {shape} in {FILES['train'][0]}"
        raise bad_file(folder, FILES["test"][0], problem)
    count = int(max(train.label.max(), test.label.max())) + 1
    classes = CLASSES.get(name, tuple(map(str, range(count))))
    return Source(Spec(name, shape, classes), train, test)


def open_idx(directory: str) -> Source:
    """Open a folder of four IDX files (the format of MNIST) with any content.

    Raises:
        BadInput: data are missing or damaged. The message names ``data.dir`` and the
            file.
    """
    return read_folder("idx", _folder(locate("idx", directory)), {})


def open_mnist_like(name: str, directory: str) -> Source:
    """Open MNIST or Fashion-MNIST from a prepared TFDS (TensorFlow Datasets) folder or
    from a folder of IDX files.

    If both are present, the prepared folder is used. IDX files must have the checksums
    of the original data. ``data.name='idx'`` opens other data.

    Args:
        name: ``mnist`` or ``fashion_mnist``.
        directory: the value of ``data.dir``; if it is empty, the data roots are
            searched.

    Raises:
        BadInput: data are missing or damaged. The message names ``data.dir`` and the
            file.
    """
    from ganjax.data import prepared

    path = _folder(locate(name, directory))
    if prepared.find(path, name):
        return prepared.open_prepared(name, path)
    return read_folder(name, path, CONTENT[name])


def open_mnist(directory: str) -> Source:
    """Open MNIST, 60,000 training and 10,000 test digits of 28×28, from a prepared TFDS
    folder or four IDX files."""
    return open_mnist_like("mnist", directory)


def open_fashion_mnist(directory: str) -> Source:
    """Open Fashion-MNIST, 60,000 training and 10,000 test images of 28×28, from a
    prepared TFDS folder or four IDX files."""
    return open_mnist_like("fashion_mnist", directory)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise BadInput(
            f"data.dir='{path}': is a file; expected the folder that holds "
            f"{FILES['train'][0]}.gz and the other three files"
        )
    return path
