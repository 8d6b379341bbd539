"""Sets of samples in files, for scores: images, features, or statistics of features.

The path of a set may be

- a folder, a .zip or a .tar of images: all images in it, at any depth, by name. Classes
  are the folders below the folders that all images share, or a list of labels;
- a .npz or .npy with one array: images, uint8 ``[N, H, W, C]``, or features, float
  ``[N, D]``. A .npz may also have ``label [N]`` (or ``labels``, or ``arr_1``);
- a .npz with ``mu`` and ``sigma``: the mean and the covariance of features, in the
  layout of pytorch-fid;
- a set that ``ganjax prepare`` has made: its training split, or with ``NAME:test`` its
  test split.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.data.array_file import read_array, read_arrays
from ganjax.data.image_file import BadImage, header
from ganjax.data.image_folder import Images
from ganjax.data.layout import ImageFile
from ganjax.data.location import bad_file, reading
from ganjax.data.prepared import find, open_prepared
from ganjax.data.prepared_images import SPLITS, is_prepared, open_prepared_images
from ganjax.data.source import Arrays, Items, labels_of
from ganjax.data.splits import images_of, with_list, without_outer
from ganjax.data.tree import ARCHIVES, Tree
from ganjax.errors import BadInput
from ganjax.evaluation.statistics_file import Statistics, statistics_in

LABELS = ("label", "labels", "arr_1")
FORMS = "a folder, .zip or .tar of images, a .npz or .npy, a prepared set, or a run"


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """A set of images with 8 bits for each channel.

    Attributes:
      path: the path that the user gave.
      kind: what holds the images: ``folder``, ``archive``, ``array``, ….
      items: uint8 images. Those in files are decoded when they are used.
      shape: (H, W, C); H and W of the first image.
      odd: a sentence about an image of another size; '' if there is only one size.
      classes: a function that returns the name of each image's class ``[N]``, or
        ``None`` if there are no classes.
    """

    path: str
    kind: str
    items: Arrays | Items
    shape: tuple[int, ...]
    odd: str = ""
    classes: Callable[[], np.ndarray | None] = lambda: None

    def __len__(self) -> int:
        return len(self.items)


@dataclasses.dataclass(frozen=True)
class ArraySet:
    """A set of samples in memory: features ``[N, D]``, or samples of a run.

    Attributes:
      path: the path that the user gave.
      kind: what the samples are: ``features``, or the run and its step.
      data: the features or samples. Images of a run are ``[N, H, W, C]`` in [-1, 1].
      classes: a function that returns the name of each sample's class ``[N]``, or
        ``None`` if there are no classes.
      drawn: how the samples of a run were drawn, as fields of a protocol; empty for
        features.
    """

    path: str
    kind: str
    data: np.ndarray
    classes: Callable[[], np.ndarray | None] = lambda: None
    drawn: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of one sample."""
        return self.data.shape[1:]

    def __len__(self) -> int:
        return len(self.data)


def open_set(path: str) -> ImageSet | ArraySet | Statistics:
    """Open the samples or the statistics in a file or folder.

    Arrays are loaded. Of image files only the headers are read; the images are decoded
    when their features are computed.

    Raises:
      BadInput: there is no such file, it cannot be read, or it holds no images,
        features or statistics in a known form.
    """
    with reading():
        return _open(path)


def _open(path):
    at, split = Path(path).expanduser(), "train"
    if not at.exists() and path.rpartition(":")[2] in SPLITS:
        before, _, split = path.rpartition(":")
        at = Path(before).expanduser()
        if at.exists() and not (at.is_dir() and (is_prepared(at) or find(at))):
            raise BadInput(f"'{path}': expected a prepared set before :{split}")
    if not at.exists():
        raise BadInput(f"'{path}': no such file or folder; expected {FORMS}")
    if at.is_dir() and is_prepared(at):
        return _prepared(path, open_prepared_images(at), split)
    if at.is_dir() and find(at):
        return _prepared(path, open_prepared("", at), split)
    if at.is_dir() or at.name.lower().endswith(ARCHIVES):
        return _files(path, at)
    if at.suffix.lower() in (".npz", ".npy"):
        return _arrays(path, at)
    raise BadInput(f"'{path}': a file of another kind; expected {FORMS}")


def _prepared(path, source, split):
    items, names = getattr(source, split), source.spec.classes
    if not len(items):
        raise BadInput(f"'{path}': the {split} split is empty")

    def classes():
        return np.array(names)[labels_of(items)] if names else None

    kind = f"prepared set, {split}"
    return ImageSet(path, kind, items, source.spec.shape, "", classes)


def _files(path, at):
    tree = Tree(at)
    headers = _headers(tree)
    first = headers[0]
    channels = 1 if all(h.grey for h in headers) else 3
    odd = next(
        (
            f"{name} is {h.height}×{h.width} and {tree.names[0]} is "
            f"{first.height}×{first.width}"
            for name, h in zip(tree.names, headers, strict=True)
            if h[:2] != first[:2]
        ),
        "",
    )
    items = Images([ImageFile(tree, name, 0) for name in tree.names], channels)
    kind = "folder" if at.is_dir() else "archive"
    shape = (first.height, first.width, channels)
    return ImageSet(path, kind, items, shape, odd, functools.partial(_tops, tree))


def _headers(tree):
    def read(name):
        try:
            return header(tree.read(name))
        except BadImage as error:
            raise bad_file(tree.path, name, str(error)) from error

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(read, tree.names))


def _tops(tree):
    """Return the class of each image, in the order of ``tree.names``."""
    images, _ = without_outer(with_list(images_of(tree)), [])
    names = np.array([image.top for image in images])
    return names if len(set(names)) > 1 and "" not in names else None


def _arrays(path, at):
    try:
        # dgm-eval saves an array of objects, its settings, next to the features.
        zipped = at.suffix.lower() == ".npz"
        arrays = read_arrays(at) if zipped else {"": read_array(at)}
    except (OSError, ValueError) as error:
        raise BadInput(f"'{path}': not a readable {at.suffix} ({error})") from error
    statistics = {"mu", "sigma"} <= set(arrays)
    held = {
        name: x
        for name, x in arrays.items()
        if x.ndim > 1 and not (statistics and name.startswith(("mu", "sigma")))
    }
    if statistics and not held:
        return statistics_in(path, arrays)
    if len(held) != 1:
        found = ", ".join(f"{k} {list(x.shape)}" for k, x in arrays.items()) or "none"
        raise BadInput(
            f"'{path}': has arrays {found}; expected one array of images or of "
            f"features, or mu and sigma"
        )
    ((name, data),) = held.items()
    classes = functools.partial(_listed, path, arrays, len(data))
    if data.dtype == np.uint8 and data.ndim == 4 and data.shape[-1] in (1, 3, 4):
        if data.size:
            items = Arrays(data, np.zeros(len(data), np.int32))
            return ImageSet(path, "array", items, data.shape[1:], "", classes)
    elif data.dtype.kind == "f" and data.ndim == 2 and data.size:
        if not np.isfinite(data).all():
            raise BadInput(f"'{path}': has features that are not finite")
        return ArraySet(path, "features", data, classes)
    hint = ""
    if data.dtype.kind == "f" and data.ndim == 4:
        hint = "; np.rint((x + 1) * 127.5).astype(np.uint8) converts images in [-1, 1]"
    raise BadInput(
        f"'{path}': {name and name + ', '}{data.dtype} {list(data.shape)}, expected "
        f"images, uint8 [N, H, W, C] with 1, 3 or 4 channels, or features, float "
        f"[N, D]{hint}"
    )


def _listed(path, arrays, count):
    name = next((x for x in LABELS if x in arrays), None)
    if name is None:
        return None
    found = arrays[name]
    if found.shape != (count,):
        raise BadInput(
            f"'{path}': {name} has shape {list(found.shape)}, expected [{count}]"
        )
    return found.astype(str)


def same_classes(sets: Sequence[ImageSet | ArraySet]) -> list[np.ndarray]:
    """Return the class names ``[N]`` of the samples, one array for each set.

    Raises:
      BadInput: a set has no classes, or has no sample of a class of the first set.
    """
    found: list[np.ndarray] = []
    for one in sets:
        with reading():
            names = one.classes()
        if names is None:
            raise BadInput(
                f"'{one.path}': no classes, expected a folder for each class, a list "
                f"of labels, or a .npz with label"
            )
        if found and (missing := sorted(set(found[0]) - set(names))):
            raise BadInput(
                f"'{one.path}': no samples of class '{missing[0]}', expected the "
                f"classes of '{sets[0].path}'"
            )
        found.append(names)
    return found
