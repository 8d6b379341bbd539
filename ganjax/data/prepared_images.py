"""Prepared image sets: images of one size in a few large files, with a manifest.

``ganjax prepare FOLDER`` writes such a set. Its files of images are called shards. Its
manifest has the shape, the classes, and for each split the shards with their numbers of
images and their SHA-256. There are two kinds of shards:

- ``raw``: decoded uint8 arrays ``[n, H, W, C]`` in ``.npy`` files. A batch reads each
  of its rows at its offset in the file. ``np.load(mmap_mode="r")`` maps the same files.
  array_record can be neither mapped nor read at an offset, and to parse its records
  takes longer than to copy decoded pixels.
- ``jpeg``: array_record files of JPEG images, decoded when they are read.

A whole split is in memory only if ``data.feed`` keeps it on the device. Rows are read,
not mapped: if a mapped file is cut short or unreadable, a signal ends the process, and
the pages of a mapped file count as memory of the process.
"""

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.array_file import read_array
from ganjax.data.layout import counted
from ganjax.data.location import bad_file
from ganjax.data.prepared import AGAIN, DAMAGE, MANIFEST
from ganjax.data.source import Arrays, Source, Spec
from ganjax.data.watchdog import Reading
from ganjax.errors import BadInput

FORMAT = 1
# Characters of an error that a message repeats.
MOST_SAID = 120
KINDS = ("images", "pairs", "domains")
"""``images``: one set. ``pairs``: each image is two, side by side. ``domains``: two
sets without pairs, in the folders ``a`` and ``b``."""
SPLITS = ("train", "test")


class RawImages:
    """One split of a prepared set in ``.npy`` files, whose images are read one by one.
    Several threads may read it.

    Args:
        paths: the files, called shards.
        counts: number of images in each file.
        shape: ``(H, W, C)``.
        label: int32 ``[N]``, the labels of all images.

    Raises:
        BadInput: a file holds images of another shape or type; when an image is read:
            the file has become shorter or unreadable.
    """

    def __init__(self, paths, counts, shape: tuple[int, ...], label: np.ndarray):
        self.paths, self.shape, self.label = paths, shape, label
        self._ends = np.cumsum(counts)
        self._files, self._starts = [], []
        for path in paths:
            file = path.open("rb", buffering=0)
            np.lib.format.read_magic(file)
            found, by_column, dtype = np.lib.format.read_array_header_1_0(file)
            if (found[1:], by_column, dtype) != (shape, False, np.uint8):
                problem = f"has images of {found[1:]} {dtype}, expected {shape} uint8"
                raise bad_file(path.parent, path.name, problem)
            self._files.append(file)
            self._starts.append(file.tell())

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, index: int) -> dict[str, Any]:
        found = self.take(np.array([index]))
        return {"data": found.data[0], "label": int(found.label[0])}

    def take(self, rows: np.ndarray) -> Arrays:
        """Return the images at ``rows [n]``, and their labels."""
        data = np.empty((len(rows), *self.shape), np.uint8)
        shards = np.searchsorted(self._ends, rows, side="right").tolist()
        size = data[0].nbytes if len(data) else 0
        with Reading() as reading:
            for place, (row, shard) in enumerate(
                zip(rows.tolist(), shards, strict=True)
            ):
                first = int(self._ends[shard - 1]) if shard else 0
                offset = self._starts[shard] + (row - first) * size
                reading.now(self.paths[shard])
                self._read(shard, data[place], offset)
        return Arrays(data, self.label[rows])

    def _read(self, shard, image, offset):
        path = self.paths[shard]
        try:
            read = os.preadv(self._files[shard].fileno(), [image], offset)
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
            raise bad_file(path.parent, path.name, problem) from error
        if read != image.nbytes:
            raise bad_file(path.parent, path.name, f"is cut short; {AGAIN}")


class JpegImages:
    """One split of a prepared set in array_record files of JPEG images, which are
    decoded one by one. Several threads may read it.

    Args:
        paths: the files, called shards.
        shape: ``(H, W, C)``, C 1 or 3.
        label: int32 ``[N]``, the labels of all images.
    """

    def __init__(self, paths, shape: tuple[int, ...], label: np.ndarray):
        from array_record.python.array_record_data_source import ArrayRecordDataSource

        self.folder, self.shape, self.label = paths[0].parent, shape, label
        self._records = ArrayRecordDataSource([str(path) for path in paths])

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, index: int) -> dict[str, Any]:
        found = self.take(np.array([index]))
        return {"data": found.data[0], "label": int(found.label[0])}

    def take(self, rows: np.ndarray) -> Arrays:
        """Return the images at ``rows [n]``, and their labels."""
        # The reader starts threads in each call: one call for all rows is faster.
        try:
            with Reading(f"{self.folder}: a shard"):
                contents = self._records.__getitems__(rows.tolist())
        except Exception as error:  # errors of array_record
            problem = f"cannot be read ({type(error).__name__})"
            raise bad_file(self.folder, "a shard", problem) from error
        data = np.empty((len(rows), *self.shape), np.uint8)
        for place, content in enumerate(contents):
            data[place] = self._decoded(rows[place], content)
        return Arrays(data, self.label[rows])

    def _decoded(self, row, content):
        from PIL import Image

        try:
            with Image.open(io.BytesIO(content)) as image:
                if image.size != self.shape[1::-1]:  # before it is decoded
                    raise ValueError(image.size)
                return np.asarray(image).reshape(self.shape)
        except Exception as error:  # errors of Pillow
            problem = f"cannot be decoded ({type(error).__name__})"
            raise bad_file(self.folder, f"image {row}", problem) from error


def is_prepared(path: Path) -> bool:
    """Return whether ``path`` is a prepared set that ``ganjax prepare FOLDER``
    wrote."""
    manifest = path / MANIFEST
    return manifest.is_file() and '"kind"' in manifest.read_text(errors="replace")


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest of a prepared set.

    Raises:
        BadInput: the manifest is missing or damaged, or has a format that this version
            of ganjax cannot read.
    """
    try:
        text = (path / MANIFEST).read_text(errors="replace")
    except OSError as error:
        raise bad_file(path, MANIFEST, f"damaged; {AGAIN}") from error
    with _damage(path):
        manifest = json.loads(text)
        kind, version = manifest["kind"], manifest["format"]
    if version != FORMAT or kind not in KINDS:
        problem = (
            f"has format {version} and kind '{kind}', expected format {FORMAT} and "
            f"kind {' or '.join(KINDS)}; {AGAIN}"
        )
        raise bad_file(path, MANIFEST, problem)
    return manifest


@contextlib.contextmanager
def _damage(path: Path, name: str = MANIFEST) -> Iterator[None]:
    """Turn errors about the content of a manifest, or of a file, into BadInput."""
    try:
        yield
    except DAMAGE as error:
        said = f"{type(error).__name__}: {error}"[:MOST_SAID]
        raise bad_file(path, name, f"damaged ({said}); {AGAIN}") from error


def files_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an entry for each file of a prepared set: a dictionary with the name
    ``file``, the size ``bytes``, and ``sha256``."""
    splits = manifest["splits"].values()
    return [entry for s in splits for entry in (*s["shards"], s["labels"])]


def verify(path: Path) -> None:
    """Compare every file of a prepared set with the SHA-256 in its manifest.

    Raises:
        BadInput: a file is missing, or has another size or SHA-256.
    """
    manifest = read_manifest(path)
    if manifest["kind"] == "domains":
        for domain in ("a", "b"):
            verify(path / domain)
        return
    with _damage(path):
        for entry in files_of(manifest):
            file = path / entry["file"]
            _present(file, entry)
            if sha256(file) != entry["sha256"]:
                problem = f"damaged: SHA-256 differs from the manifest; {AGAIN}"
                raise bad_file(path, file.name, problem)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _present(file: Path, entry: dict[str, Any]) -> None:
    if not file.is_file():
        raise bad_file(file.parent, file.name, f"missing; {AGAIN}")
    if (size := file.stat().st_size) != entry["bytes"]:
        problem = f"has {size} bytes, expected {entry['bytes']}; {AGAIN}"
        raise bad_file(file.parent, file.name, problem)


def open_prepared_images(path: Path) -> Source:
    """Open a prepared set with one domain of images. Its files must exist and have the
    sizes that its manifest lists. Their SHA-256 is not compared here, but by
    ``ganjax prepare`` with the same arguments.

    Raises:
        BadInput: the manifest is damaged, a file is missing or has another size, or the
            set holds two domains.
    """
    manifest = read_manifest(path)
    if manifest["kind"] != "images":
        raise BadInput(
            f"data.dir='{path}': holds two domains of images, expected "
            "data.name='image_pairs'"
        )
    return open_shards(path, manifest)


def open_shards(path: Path, manifest: dict[str, Any]) -> Source:
    """Open the splits of a prepared set that has its own files, not two domains in
    folders.

    Args:
        path: folder of the set.
        manifest: the content of its manifest.

    Raises:
        BadInput: a file is missing, damaged, or of another size than in ``manifest``.
    """
    with _damage(path):
        for entry in files_of(manifest):
            _present(path / entry["file"], entry)
        splits = {name: _open_split(path, manifest, name) for name in SPLITS}
        name, classes = f"image_folder:{manifest['name']}", tuple(manifest["classes"])
        spec = Spec(name, tuple(manifest["shape"]), classes)
        return Source(spec, splits["train"], splits["test"], _about(manifest))


def _open_split(path, manifest, name):
    split, shape = manifest["splits"][name], tuple(manifest["shape"])
    try:
        label = _labels(path / split["labels"]["file"])
        paths = [path / shard["file"] for shard in split["shards"]]
        if not paths:
            return Arrays(np.zeros((0, *shape), np.uint8), label)
        if manifest["store"] == "jpeg":
            return JpegImages(paths, shape, label)
        return RawImages(paths, [s["count"] for s in split["shards"]], shape, label)
    except (OSError, ValueError, RuntimeError) as error:  # of NumPy or array_record
        raise bad_file(path, name, f"damaged ({error}); {AGAIN}") from error


def _labels(path):
    """Return the labels in a .npy file, int32 ``[N]``. Raise ``ValueError`` if it holds
    something else, or is shorter than its header states."""
    found = read_array(path)
    if found.dtype.kind not in "iu" or found.ndim != 1:
        raise ValueError(f"labels of shape {found.shape} and type {found.dtype}")
    return found.astype(np.int32)


def counts_of(path: Path) -> dict[str, dict[str, int]]:
    """Return the number of images in a prepared set: class -> split -> number. For two
    domains, the domains ``a`` and ``b`` take the place of classes."""
    manifest = read_manifest(path)
    if manifest["kind"] == "domains":
        return {domain: counts_of(path / domain)[""] for domain in ("a", "b")}
    with _damage(path):
        by_split = _counts(manifest)
        return {
            name: {split: by_split[split][name] for split in SPLITS}
            for name in by_split["train"]
        }


def _counts(manifest):
    names = manifest["classes"] or [""]
    return {
        split: dict(zip(names, found["class_counts"], strict=True))
        for split, found in manifest["splits"].items()
    }


def _about(manifest):
    """Return the facts that identify the data, for ``Source.about``."""
    shards = "".join(entry["sha256"] for entry in files_of(manifest))
    digest = hashlib.sha256(shards.encode()).hexdigest()
    counts, split = _counts(manifest), manifest["source"]["split"]
    shown = [f"data: {counted(counts)}", f"data: prepared; {split}"]
    return {"counts": counts, "digest": digest, "split": split, "shown": shown}
