"""Files that list the label of each image: dataset.json, CSV and val_annotations.txt.

- ``dataset.json`` of StyleGAN: ``{"labels": [["00000/img00000000.png", 3], …]}``. A
  label is a whole number or a name. If ``labels`` is null, there are no classes.
- ``labels.csv`` and ``metadata.csv``: the first line names the columns ``file`` (or
  ``file_name``, ``filename``) and ``label``. A ``metadata.csv`` without a column
  ``label`` is no list of labels.
- ``val_annotations.txt`` of Tiny-ImageNet: lines of file, class and box, with tabs.

Names of files are relative to the folder of the list; for Tiny-ImageNet, to ``images/``
in that folder.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ganjax.data.location import bad_file
from ganjax.data.tree import Tree
from ganjax.errors import BadInput

NAMES = ("dataset.json", "labels.csv", "metadata.csv", "val_annotations.txt")
_FILE = ("file", "file_name", "filename")


class LabelList(NamedTuple):
    """The labels of images, and the file that they come from.

    Attributes:
        name: name of the file, for messages.
        labels: name of an image in its folder or archive, in the Unicode normal form C
            -> class. ``None``: the list states that there are no classes.
    """

    name: str
    labels: dict[str, str] | None


class _NoList(ValueError):
    """The content is no list of labels. The message is the reason."""


def nfc(name: str) -> str:
    """Return a name in the Unicode normal form C (NFC), in which é is one character."""
    return unicodedata.normalize("NFC", name)


def list_in(tree: Tree, folder: tuple[str, ...]) -> LabelList | None:
    """Return the list of labels that lies in a folder of the data, or None.

    Args:
        tree: the folder or archive of the data.
        folder: the names of the folders from ``tree`` to the list.

    Raises:
        BadInput: the list is damaged, or names a file that is no image of the data.
    """
    inside = {nfc(name): name for name in tree.other}
    for kind in NAMES:
        name = "/".join((*folder, kind))
        if name not in inside:
            continue
        try:
            labels = _parsed(kind, tree.read(inside[name]))
        except _NoList as error:
            if kind == "metadata.csv" and "column" in str(error):
                continue
            raise bad_file(tree.path, name, str(error)) from error
        outer = (*folder, "images") if kind == "val_annotations.txt" else folder
        return LabelList(name, _known(tree, name, labels, outer))
    return None


def list_at(tree: Tree, path: str, folder: tuple[str, ...]) -> LabelList:
    """Return the list of labels in a file outside of the data.

    Args:
        tree: the folder or archive of the data.
        path: the file of the list.
        folder: the names of folders in ``tree``. The names in the list are relative to
            ``tree``, or to this folder in it.

    Raises:
        BadInput: the file cannot be read, is not a list of labels, or names an image
            that is not in the tree.
    """
    try:
        labels = _parsed(path, Path(path).expanduser().read_bytes())
    except OSError as error:
        raise BadInput(f"labels='{path}': cannot be read ({error.strerror})") from error
    except _NoList as error:
        raise BadInput(f"labels='{path}': {error}") from error
    names = {nfc(name) for name in tree.names}
    outer = () if any(name in names for name in labels or ()) else folder
    return LabelList(path, _known(tree, path, labels, outer))


def _known(tree, name, labels, folder):
    """Return labels by names in the tree. All files must be images of the tree."""
    if labels is None:
        return None
    labels = {"/".join((*folder, file)): label for file, label in labels.items()}
    names = {nfc(name) for name in tree.names}
    if missing := [file for file in labels if file not in names]:
        problem = f"names {len(missing)} files that are no images of the data"
        raise bad_file(tree.path, name, f"{problem}, the first is {missing[0]}")
    return labels


def _parsed(name: str, content: bytes) -> dict[str, str] | None:
    """Return file -> class, or None if the list gives no classes."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _NoList("is not UTF-8 text") from error
    rows: Iterable[tuple[str, str]]
    if name.endswith(".json"):
        found = _of_json(text)
        if found is None:
            return None
        rows = found
    elif name.endswith(".csv"):
        rows = _of_csv(text)
    else:
        lines = [line.split("\t") for line in text.splitlines() if line.strip()]
        if wrong := [line for line in lines if len(line) < 2]:
            raise _NoList(f"has the line {wrong[0][0]!r}, expected file, tab, class")
        rows = [(line[0], line[1]) for line in lines]
    labels: dict[str, str] = {}
    for file, label in rows:
        file = nfc(file.replace("\\", "/")).removeprefix("./")
        if labels.setdefault(file, nfc(label)) != nfc(label):
            raise _NoList(f"has two labels for {file}")
    if not labels:
        raise _NoList("lists no files")
    return labels


def _of_json(text: str) -> list[tuple[str, str]] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _NoList(f"is not JSON ({error})") from error
    rows = content.get("labels") if isinstance(content, dict) else content
    if isinstance(content, dict) and rows is None:
        return None
    for row in rows if isinstance(rows, list) else [rows]:
        pair = isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)
        if not pair or type(row[1]) not in (int, str):
            said = json.dumps(row)[:60]
            raise _NoList(f"has the label {said}, expected [file, number or name]")
    return [(file, str(label)) for file, label in rows]


def _of_csv(text: str) -> list[tuple[str, str]]:
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise _NoList(f"is not CSV ({error})") from error
    columns = [column.strip().lower() for column in rows[0]] if rows else []
    file = next((columns.index(name) for name in _FILE if name in columns), -1)
    if file < 0 or "label" not in columns:
        said = ", ".join(columns) or "none"
        raise _NoList(f"has the columns {said}; expected the columns file and label")
    label = columns.index("label")
    if short := [row for row in rows if len(row) <= max(file, label)]:
        raise _NoList(f"has the line {','.join(short[0])!r}, expected a label in it")
    return [(row[file], row[label]) for row in rows[1:]]
