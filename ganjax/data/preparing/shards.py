"""One shard of a prepared set (a file with some of its images): decode, cut, resize and
write the images."""

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ganjax.data.image_file import BadImage, decode
from ganjax.data.prepared_images import sha256
from ganjax.data.preparing.fitting import Options, fit, halves
from ganjax.errors import BadInput, naming

QUALITY = 95
SUFFIX = {"raw": "npy", "jpeg": "array_record"}


class Item(NamedTuple):
    """One image to prepare: its file, or the two files of a pair, and its label.

    A file has a ``name`` and a ``tree`` with ``read(name) -> bytes``.
    """

    files: tuple[Any, ...]
    label: int


class Made(NamedTuple):
    """The result for one item.

    Attributes:
        image: uint8 ``[H, W, C]``, or the bytes of a JPEG; None if the item failed.
        reason: why there is no image.
        digest: a hash of the bytes of the item's files.
        enlarged: whether the image was smaller than the prepared size.
        stretched: whether its aspect ratio changed.
    """

    image: np.ndarray | bytes | None
    reason: str = ""
    digest: str = ""
    enlarged: bool = False
    stretched: bool = False


@dataclass
class Shard:
    """The facts of a shard: a file with some of the images of a split. They are stored,
    so that a preparation that continues keeps the shard.

    Attributes:
        file, count, bytes, sha256: the name of the file, its number of images, its size
            and its SHA-256.
        labels, names, digests: of each image the label, the name of its original file,
            and a hash of that file's bytes.
        skipped: name and reason of the files that could not be decoded.
        enlarged, stretched: number of images that were smaller than the prepared size,
            and of images whose aspect ratio changed.
    """

    file: str
    count: int = 0
    bytes: int = 0
    sha256: str = ""
    labels: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    enlarged: int = 0
    stretched: int = 0

    def entry(self) -> dict[str, Any]:
        """Return the shard's entry in a manifest: ``file``, ``count``, ``bytes`` and
        ``sha256``."""
        names = ("file", "count", "bytes", "sha256")
        return {name: getattr(self, name) for name in names}


def entry_of(path: Path) -> dict[str, Any]:
    """Return the entry of a file in a manifest: its name, size and SHA-256."""
    size = path.stat().st_size
    return {"file": path.name, "bytes": size, "sha256": sha256(path)}


def name_of(item: Item) -> str:
    """Return the name of an item's file, or the names of its two files, for
    messages."""
    return " and ".join(file.name for file in item.files)


def make(item: Item, options: Options, channels: int) -> Made:
    """Read, decode, cut and resize the image of an item. Two images become one, side by
    side.

    Args:
        channels: channels of the result.
    """
    height, width = options.size
    try:
        contents = [file.tree.read(file.name) for file in item.files]
        digest = hashlib.blake2b(b"".join(contents), digest_size=16).hexdigest()
        images = [decode(content, channels) for content in contents]
        if options.pairs == "AB":
            if images[0].shape[1] % 2:
                raise BadImage(f"is {images[0].shape[1]} pixels wide, not two halves")
            images = halves(images[0])
    except BadImage as error:
        return Made(None, str(error))
    except BadInput as error:  # a file that cannot be read; its name is in the message
        return Made(None, str(error).rpartition(f"{item.files[-1].name}: ")[2])
    shapes = [image.shape[:2] for image in images]
    ratio = any(h * width != w * height for h, w in shapes)
    image = np.concatenate([fit(image, options) for image in images], axis=1)
    return Made(
        _jpeg(image) if options.store == "jpeg" else image,
        digest=digest,
        enlarged=any(h < height or w < width for h, w in shapes),
        stretched=ratio and options.crop == "none",
    )


def _jpeg(image):
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    picture.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()


def write_shard(
    folder: Path,
    stem: str,
    items: Sequence[Item],
    options: Options,
    channels: int,
    pool: Executor,
    done: Callable[[Made, Item], None],
) -> Shard:
    """Decode and resize the images of a shard in threads, and write them to one file.
    The file appears only when it is complete.

    Args:
        folder, stem: the file is ``folder/stem.npy`` or ``folder/stem.array_record``.
        items: the images of the shard.
        channels: channels of the prepared images.
        done: called with each result in order; it may raise ``BadInput``.
    """
    shard = Shard(f"{stem}.{SUFFIX[options.store]}")
    images = []
    each = partial(make, options=options, channels=channels)
    for item, made in zip(items, pool.map(each, items), strict=True):
        done(made, item)
        if made.image is None:
            shard.skipped.append((name_of(item), made.reason))
            continue
        images.append(made.image)
        shard.labels.append(item.label)
        shard.names.append(name_of(item))
        shard.digests.append(made.digest)
        shard.enlarged += made.enlarged
        shard.stretched += made.stretched
    shard.count = len(images)
    if images:
        path = folder / shard.file
        with _unfinished(path) as part:
            (_write_raw if options.store == "raw" else _write_records)(part, images)
        entry = entry_of(path)
        shard.bytes, shard.sha256 = entry["bytes"], entry["sha256"]
    return shard


def _write_raw(path, images):
    shape = (len(images), *images[0].shape)
    facts = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, facts)
        for image in images:
            file.write(np.ascontiguousarray(image).data)


def _write_records(path, images):
    from array_record.python.array_record_module import ArrayRecordWriter

    # One record in a group: reading an image in random order parses no other.
    writer = ArrayRecordWriter(str(path), "group_size:1,uncompressed")
    for image in images:
        writer.write(image)
    writer.close()


def store(shard: Shard, path: Path) -> None:
    """Write the facts of a finished shard to the JSON file ``path``."""
    replace_json(path, asdict(shard))


def stored(folder: Path, path: Path) -> Shard | None:
    """Return the facts of a finished shard.

    Args:
        folder: the folder that holds the shard's file.
        path: the JSON file with the facts.

    Returns:
        The facts; ``None`` if they do not exist, or the shard's file is missing or has
        another size.
    """
    if not path.is_file():
        return None
    try:
        shard = Shard(**json.loads(path.read_text(encoding="utf-8")))
        shard.skipped = [(name, reason) for name, reason in shard.skipped]
    except (ValueError, TypeError, RecursionError):  # damaged: it is made again
        return None
    file = folder / shard.file
    whole = not shard.count or (file.is_file() and file.stat().st_size == shard.bytes)
    return shard if whole else None


def replace_json(path: Path, value: Any) -> None:
    """Write a value as JSON. A reader sees the old file or the new one, never a
    part."""
    with _unfinished(path) as part:
        part.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


@contextlib.contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Yield the name of a file to write, which then becomes ``path``. After an error
    the file is removed, because it may fill the disk."""
    part = path.with_suffix(".unfinished")
    try:
        with naming(part):
            yield part
            os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
