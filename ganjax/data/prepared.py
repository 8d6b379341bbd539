"""Prepared folders of TFDS (TensorFlow Datasets), read without TensorFlow.

``ganjax prepare`` writes a manifest with the SHA-256 of each file into its folders. The
files are compared with it when a folder is opened, because a record with a flipped bit
may still decode. Folders that TFDS prepared have no manifest and are not verified. All
folders must be in the array_record format.
"""

import functools
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.location import bad_file, locate
from ganjax.data.source import Source, Spec
from ganjax.data.watchdog import Reading
from ganjax.errors import BadInput

MANIFEST = "ganjax_manifest.json"
INFO = "dataset_info.json"
AGAIN = "remove the folder and run ganjax prepare again"
# What reading a damaged JSON file raises, or using its content.
DAMAGE = (
    ValueError, KeyError, IndexError, TypeError, AttributeError,
    RecursionError, OverflowError, MemoryError,
)  # fmt: skip


class RecordItems:
    """One split of a prepared folder, whose images are decoded one by one when they are
    read.

    Args:
        records: the result of ``builder.as_data_source(split)`` of TFDS.
        folder, split: their names, for messages.
        shape: the ``[H, W, C]`` that every image must have.
    """

    def __init__(self, records: Any, folder: Path, split: str, shape: tuple[int, ...]):
        self.records, self.folder = records, folder
        self.split, self.shape = split, shape

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> dict[str, Any]:
        record = f"record {index} of {self.split}"
        try:
            with Reading(f"{self.folder}: {record}"):
                item = self.records[index]
        except Exception as error:  # errors of array_record, protobuf or Pillow
            problem = f"cannot be decoded ({type(error).__name__})"
            raise bad_file(self.folder, record, problem) from error
        image = np.asarray(item["image"])
        if image.shape != self.shape:
            problem = f"has shape {image.shape}, expected {self.shape}"
            raise bad_file(self.folder, record, problem)
        return {"data": image, "label": int(item.get("label", 0))}


def find(path: Path, name: str = "") -> Path | None:
    """Return the version folder of a prepared data set, or None.

    Args:
        path: the version folder, the folder of the data set, or a TFDS data directory.
            Of several versions, the newest is used.
        name: name of the data set in a TFDS data directory.
    """
    for folder in (path, *_newest_first(path), *_newest_first(path / name)):
        if (folder / INFO).is_file():
            return folder
    return None


def _newest_first(folder: Path) -> list[Path]:
    def version(child: Path) -> list[int]:
        return [int(part) for part in child.name.split(".")]

    children = folder.iterdir() if folder.is_dir() else ()
    versions = [c for c in children if re.fullmatch(r"[0-9]+(\.[0-9]+)*", c.name)]
    return sorted(versions, key=version, reverse=True)


def write_manifest(folder: Path) -> None:
    """Write the SHA-256 of every file of ``folder`` to ``ganjax_manifest.json`` in
    it."""
    digests = {path.name: _sha256(path) for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(
        json.dumps({"sha256": digests}, indent=1) + "\n", encoding="utf-8"
    )


def verify_manifest(folder: Path) -> bool:
    """Compare the files of ``folder`` with the SHA-256 in its manifest. Return False if
    it has no manifest.

    Raises:
        BadInput: the manifest is unreadable, or a file is missing or has another
            SHA-256.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return False
    try:
        digests = json.loads(manifest.read_text(encoding="utf-8"))["sha256"].items()
        files = [(folder / name, expected) for name, expected in digests]
    except (OSError, *DAMAGE) as error:
        raise bad_file(folder, MANIFEST, f"damaged; {AGAIN}") from error
    for path, expected in files:
        name = path.name
        if not path.is_file():
            raise bad_file(folder, name, "missing, though the manifest lists it")
        if _sha256(path) != expected:
            problem = f"damaged: SHA-256 differs from the manifest; {AGAIN}"
            raise bad_file(folder, name, problem)
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_prepared(name: str, path: Path) -> Source:
    """Open the train and test splits of a prepared TFDS folder. Images are decoded when
    they are read.

    Args:
        name: the name of the data; '' accepts any data set and uses its name.
        path: the version folder, the folder of the data set, or a TFDS data directory.

    Raises:
        BadInput: there are no prepared data, the folder holds another data set or a
            damaged file, the format is not array_record, the 'train' or 'test' split is
            missing, or images do not have one fixed shape of uint8.
    """
    folder = find(path, name)
    if folder is None:
        raise BadInput(
            f"data.dir='{path}': no prepared data set {name} (no {INFO}); "
            "make one with ganjax prepare"
        )
    verify_manifest(folder)
    import tensorflow_datasets as tfds

    wrong = functools.partial(bad_file, folder, INFO)
    try:
        builder = tfds.builder_from_directory(str(folder))
        features, splits = builder.info.features, builder.info.splits
        image = features["image"]
    except Exception as error:  # a damaged or foreign json file
        raise wrong(
            "not a readable TFDS data set with an 'image' feature "
            f"({type(error).__name__}: {error})"
        ) from error
    if name and builder.info.name != name:
        raise BadInput(f"data.dir='{path}': holds {builder.info.name}, expected {name}")
    if absent := [split for split in ("train", "test") if split not in splits]:
        raise wrong(f"no {absent[0]!r} split (has {sorted(splits)})")
    if None in image.shape or image.np_dtype != np.uint8:
        found = f"images of {image.shape} {image.np_dtype}"
        problem = f"{found}, expected one fixed shape of uint8"
        raise bad_file(folder, "features.json", problem)
    try:
        train, test = (builder.as_data_source(split=s) for s in ("train", "test"))
    except Exception as error:  # a record file is missing or in another format
        raise wrong(
            "records cannot be opened as array_record "
            f"({type(error).__name__}: {error})"
        ) from error
    label = features["label"] if "label" in features else None
    shape, classes = tuple(image.shape), tuple(getattr(label, "names", None) or ())
    train = RecordItems(train, folder, "train", shape)
    test = RecordItems(test, folder, "test", shape)
    return Source(Spec(builder.info.name, shape, classes), train, test)


def open_cifar10(directory: str) -> Source:
    """Open CIFAR-10, 50,000 + 10,000 images of 32×32×3, from a prepared TFDS folder.

    Raises:
        BadInput: the folder is missing or damaged, or holds other data.
    """
    return open_prepared("cifar10", locate("cifar10", directory))


def open_tfds(directory: str) -> Source:
    """Open any prepared TFDS folder with 'image' (fixed size) and maybe 'label'.

    Raises:
        BadInput: the folder is missing or damaged, its format is not array_record, it
            has no 'train' or no 'test' split, or its images are not uint8 of one shape.
    """
    return open_prepared("", locate("tfds", directory))
