"""Read the samples of a set and compute their features, one part at a time."""

import hashlib
from collections.abc import Iterator

import numpy as np

from ganjax.data import in_memory, scaled
from ganjax.data.alpha import has_alpha, on_white
from ganjax.data.location import reading
from ganjax.errors import BadInput
from ganjax.evaluation.feature_cache import cached_features
from ganjax.evaluation.sets import ArraySet, ImageSet
from ganjax.evaluation.side import Side
from ganjax.metrics.features import FILTERS, Extractor

# Images in memory at a time, before an extractor.
PART = 1000


def side_of(
    found: ImageSet | ArraySet,
    extractor: Extractor | None,
    label: np.ndarray | None = None,
    *,
    keep: bool = False,
) -> tuple[Side, str]:
    """Return the samples of a set with their features, and the SHA-256 of the samples.

    A folder, its archive and its array have the same SHA-256 if their order is the
    same.

    Args:
      found: the opened set.
      extractor: computes the features of images; ``None`` uses pixels. Features that a
        file holds are used as they are.
      label: the classes ``[n]`` of the samples, or ``None``.
      keep: whether to cache the features of images on the disk.

    Returns:
      ``(side, digest)``. A ``Side`` holds samples, labels and features.

    Raises:
      BadInput: an image cannot be read, or the extractor does not accept it.
    """
    if isinstance(found, ArraySet):
        digest = hashlib.sha256(f"{found.data.shape}{found.data.dtype}".encode())
        digest.update(np.ascontiguousarray(found.data).tobytes())
        given = found.data.ndim != 4
        return Side(found.data, label, None if given else extractor), digest.hexdigest()
    digest = hashlib.sha256(f"{len(found)}".encode())
    if extractor is None:
        with reading():
            images = in_memory(found.items).data
        for image in images:
            _add(digest, image)
        return Side(np.asarray(scaled(images)), label, None), digest.hexdigest()
    seen = []
    for images in _parts(found):
        for image in images:
            _add(digest, image)
        seen.append(_seen(images, extractor, keep))
    features, probabilities = zip(*seen, strict=True)
    side = Side(np.concatenate(features), label, None)
    known = None if probabilities[0] is None else np.concatenate(probabilities)
    side.__dict__["_seen"] = side.data, known
    return side, digest.hexdigest()


def chosen(side: Side, rows: np.ndarray) -> Side:
    """Return some of the samples in ``side``, with their labels and features.

    Args:
      rows: the indices ``[n]`` of the samples.
    """
    label = None if side.label is None else side.label[rows]
    part = Side(side.data[rows], label, side.extractor)
    known = side.probabilities
    known = None if known is None else known[rows]
    part.__dict__["_seen"] = side.features[rows], known
    return part


def take_extractor(found: ImageSet | ArraySet, extractor: Extractor | None) -> None:
    """Check that an extractor accepts the images of a set.

    Images of different sizes are accepted only by an extractor that resizes them.

    Args:
      found: the opened set.
      extractor: the extractor. If it is ``None``, check only that all images have the
        same size.

    Raises:
      BadInput: the images have different sizes and would not be resized, or the
        extractor does not accept their shape.
    """
    odd = isinstance(found, ImageSet) and found.odd
    if odd and (extractor is None or extractor.size is None):
        who = f"'{extractor.name}'" if extractor else "a score without an extractor"
        raise BadInput(
            f"'{found.path}': {odd}, and {who} does not resize: expected images of one "
            f"size; ganjax prepare {found.path} --size=N makes them"
        )
    if extractor is not None:
        shape = found.shape
        extractor.check((*shape[:2], 3) if has_alpha(shape) else shape)


def _add(digest, image):
    digest.update(f"{image.shape}".encode())
    digest.update(np.ascontiguousarray(image).tobytes())


def _parts(found: ImageSet) -> Iterator[np.ndarray | list[np.ndarray]]:
    for first in range(0, len(found), PART):
        rows = np.arange(first, min(first + PART, len(found)))
        with reading():
            if found.odd:
                images = [found.items[row]["data"] for row in rows.tolist()]
            else:
                images = in_memory(found.items, rows).data
        yield images


def _seen(images, extractor, keep):
    if isinstance(images, list):
        resized = np.stack([_resized(x, extractor) for x in images])
        return extractor.see_unrounded(resized / np.float32(127.5) - 1)
    if has_alpha(images.shape[1:]):
        images = on_white(images)
    return cached_features(extractor, images) if keep else extractor.see(images)


def _resized(image, extractor):
    """Return what the extractor makes of ``image`` first, float32 ``[size, size, C]``.
    On the host, because each size would compile a program. The extractor resizes an
    image of its size to itself."""
    matrix = FILTERS[extractor.resize]
    rows, columns = (matrix(side, extractor.size) for side in image.shape[:2])
    planes = image.transpose(2, 0, 1).astype(np.float32)
    found = rows @ planes @ columns.T
    return np.clip(found, 0, 255).transpose(1, 2, 0)
