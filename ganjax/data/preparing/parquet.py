"""Images in Parquet files, as the Hugging Face Hub stores them.

A column has the images: bytes, or a struct with ``bytes``. Another may have the labels:
names, or numbers, whose names the Hub's metadata may have. A file whose name begins
with ``train``, ``test``, ``val``, ``valid`` or ``validation`` belongs to this split.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import Any

from ganjax.data.bombs import check_member, check_rows
from ganjax.data.location import bad_file
from ganjax.errors import BadInput

LABELS = "dataset.json"
SPLITS = ("train", "test", "validation", "valid", "val")
_LABELS = ("label", "labels", "class", "category", "fine_label")
_KEPT = 2  # row groups in memory


def parquet_files(path: Path) -> list[Path]:
    """Return ``path`` if it is a Parquet file, or the Parquet files in the folder
    ``path`` and in its folder ``data``."""
    if path.is_dir():
        return sorted([*path.glob("*.parquet"), *path.glob("data/*.parquet")])
    return [path] if path.suffix == ".parquet" else []


class ParquetTree:
    """The images of Parquet files, with the methods of ``ganjax.data.tree.Tree``, so
    that they can be arranged and read like files.

    The name of an image is ``SPLIT/FILE/ROW``. A file ``dataset.json``, which exists
    only here, lists the labels.

    Args:
        path: the folder or file, for messages.
        files: the Parquet files.

    Raises:
        BadInput: pyarrow is missing, a file is damaged, there is no column of images,
            or a label is missing.
    """

    def __init__(self, path: Path, files: list[Path]):
        self.path, self.other, self.folders = path, [LABELS], []
        self._parquet = _pyarrow()
        self._lock = threading.Lock()
        self._groups: OrderedDict[tuple[int, int], Any] = OrderedDict()
        self._files, self._rows, self._labels = [], {}, []
        for file in files:
            self._add(file)
        self.names = sorted(self._rows)

    def _add(self, path: Path) -> None:
        try:
            file = self._parquet.ParquetFile(path)
            schema = file.schema_arrow
            image, label = _columns(path, schema)
            _check_sizes(file.metadata, path.stat().st_size, (image, label))
            # A value that rows share is stored once, and stays so in memory.
            shared = _leaves(file.metadata.schema, (image, label))
            file = self._parquet.ParquetFile(path, read_dictionary=shared)
            table = file.read([label]) if label else None
        except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
            problem = f"not a readable Parquet file ({error})"
            raise bad_file(path.parent, path.name, problem) from error
        labels = table.column(label).to_pylist() if table else None
        names = _class_names(schema, label)
        split = next((s for s in SPLITS if path.name.lower().startswith(s)), "")
        number, row = len(self._files), 0
        self._files.append((file, image))
        for group in range(file.num_row_groups):
            for at in range(file.metadata.row_group(group).num_rows):
                name = "/".join([*filter(None, [split]), path.stem, f"{row:09d}"])
                if name in self._rows:
                    problem = "has the name of another file, expected different names"
                    raise bad_file(path.parent, path.name, problem)
                self._rows[name] = number, group, at
                if labels is not None:
                    found = _class_of(path, row, labels[row], names)
                    self._labels.append((name, found))
                row += 1

    def read(self, name: str) -> bytes:
        """Return the bytes of an image, or of the list of labels if ``name`` is
        ``dataset.json``. Raise BadInput if a row cannot be read or has no image."""
        if name == LABELS:
            return json.dumps({"labels": self._labels or None}).encode()
        number, group, at = self._rows[name]
        with self._lock:
            column = self._groups.get((number, group))
            if column is None:
                file, image = self._files[number]
                try:
                    column = file.read_row_group(group, [image]).column(0)
                except (OSError, ValueError) as error:
                    raise bad_file(
                        self.path, name, f"cannot be read ({error})"
                    ) from error
                self._groups[number, group] = column
                while len(self._groups) > _KEPT:
                    self._groups.popitem(last=False)
        value = column[at].as_py()
        content = value.get("bytes") if isinstance(value, dict) else value
        if content is None:
            raise bad_file(self.path, name, "has no image bytes")
        return content

    def size(self, name: str) -> int:
        """Return the size in bytes of the row group that holds an image. It is in the
        metadata, so nothing is read."""
        number, group, _ = self._rows[name]
        return self._files[number][0].metadata.row_group(group).total_byte_size


def _check_sizes(metadata: Any, length: int, columns: Collection[str | None]) -> None:
    """Raise ``TooLarge`` if a file states far more rows or bytes than it holds."""
    check_rows(metadata.num_rows, length)
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.path_in_schema.split(".")[0] in columns:
                packed = min(chunk.total_compressed_size, length)
                check_member(chunk.total_uncompressed_size, packed)


def _leaves(schema: Any, columns: Collection[str | None]) -> list[str]:
    """Return the paths of the bytes and texts in columns, such as ``image.bytes``."""
    leaves = map(schema.column, range(len(schema)))
    return [
        leaf.path
        for leaf in leaves
        if leaf.path.split(".")[0] in columns and leaf.physical_type == "BYTE_ARRAY"
    ]


def _pyarrow() -> ModuleType:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise BadInput(
            "Parquet files need pyarrow: pip install 'ganjax[parquet]'"
        ) from error
    return pyarrow.parquet


def _columns(path, schema):
    """Return the names of the columns of images and of labels (or None)."""

    def holds_images(field):
        fields = getattr(field.type, "fields", [])
        inside = {inner.name: str(inner.type) for inner in fields}
        return "binary" in (str(field.type), inside.get("bytes"))

    images = [field.name for field in schema if holds_images(field)]
    if not images:
        names = ", ".join(schema.names)
        problem = f"has the columns {names}, expected one with the bytes of images"
        raise bad_file(path.parent, path.name, problem)
    image = next((name for name in ("image", "img") if name in images), images[0])
    return image, next((name for name in _LABELS if name in schema.names), None)


def _class_names(schema, label):
    """Return the class names in the metadata of the Hugging Face Hub, or None."""
    try:
        facts = json.loads(schema.metadata[b"huggingface"])
        return facts["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _class_of(path, row, label, names):
    known = names is None or (isinstance(label, int) and 0 <= label < len(names))
    if label is None or isinstance(label, list | dict) or not known:
        problem = f"row {row} has the label {label!r}, expected a class"
        raise bad_file(path.parent, path.name, problem)
    label = label if names is None else names[label]
    return label if isinstance(label, int) else str(label)
