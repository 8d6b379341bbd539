"""A side: one of the two sets of samples that a measure compares, with labels and
features."""

import dataclasses
import functools

import numpy as np

from ganjax.data import (
    Arrays,
    Items,
    as_bytes,
    chosen_rows,
    in_memory,
    labels_of,
    scaled,
)
from ganjax.data.alpha import has_alpha, on_white
from ganjax.errors import Uncomputable
from ganjax.evaluation.feature_cache import cached_features
from ganjax.metrics.features import Extractor

# The memory for the samples of a split, in float32: 87,000 images of 128×128×3.
MOST_BYTES = 2**34
# Images of a larger split that are in memory at a time, before an extractor.
PART = 1000


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two sets of samples that a measure compares, with labels and features.

    The features are computed when they are first read.

    Attributes:
      data: ``[n, …]``: images ``[n, H, W, C]`` in [-1, 1], points, or features that
        were read from a file.
      label: the classes ``[n]``. A real sample has its true class, a generated sample
        the class that was requested. ``None`` if the samples have no labels.
      extractor: a pretrained network that computes the features; ``None`` uses the
        values of the samples as features.
      keep: whether to cache the features on disk. This is useful for real samples,
        because many evaluations need the same features.
    """

    data: np.ndarray
    label: np.ndarray | None
    extractor: Extractor | None
    keep: bool = False

    @property
    def images(self) -> np.ndarray:
        """Return the images as uint8 ``[n, H, W, C]``.

        Raises:
          Uncomputable: if ``data`` has a value that is not finite.
        """
        if not np.isfinite(self.data).all():
            raise Uncomputable("the images hold values that are not finite")
        return as_bytes(self.data)

    @functools.cached_property
    def _seen(self):
        if self.extractor is None:
            return self.data.reshape(len(self.data), -1), None
        images, see = self.images, self.extractor.see
        if has_alpha(images.shape[1:]):
            images = on_white(images)
        return cached_features(self.extractor, images) if self.keep else see(images)

    @property
    def features(self) -> np.ndarray:
        """Return the features ``[n, D]``: ``D`` numbers for each sample."""
        return self._seen[0]

    @property
    def probabilities(self) -> np.ndarray | None:
        """Return the extractor's class probabilities ``[n, K]``; ``None`` if there is
        no extractor or it predicts no classes."""
        return self._seen[1]

    def __len__(self) -> int:
        return len(self.data)

    def first(self, n: int) -> "Side":
        """Return the first ``n`` samples, with their features."""
        label = None if self.label is None else self.label[:n]
        part = Side(self.data[:n], label, self.extractor)
        if "_seen" in self.__dict__:
            features, probabilities = self._seen
            known = None if probabilities is None else probabilities[:n]
            part.__dict__["_seen"] = features[:n], known
        return part


class LazySide(Side):
    """A side whose real images do not all fit into memory.

    The images are read and their features computed in parts. The features of each part
    are cached on disk.

    Args:
      items: the stored samples of a split (training or test).
      count: number of samples to take from the split, at random.
      seed: seed of this choice.
      extractor: computes the features.
      labelled: whether the data have classes. Otherwise ``label`` is ``None``.
    """

    def __init__(
        self,
        items: Arrays | Items,
        count: int,
        seed: int,
        extractor: Extractor,
        labelled: bool,
    ):
        rows = chosen_rows(items, count, seed)
        label = labels_of(items)[rows] if labelled else None
        self._set(items, rows, label, extractor)

    def _set(self, items, rows, label, extractor):
        fields = {"label": label, "extractor": extractor, "keep": True}
        self.__dict__.update(_items=items, _rows=rows, **fields)

    @functools.cached_property
    def data(self) -> np.ndarray:  # type: ignore[override]
        """Return the samples ``[n, …]``, float32. This reads all of them into memory.

        Raises:
          Uncomputable: if the samples need more than ``MOST_BYTES`` (16 GiB).
        """
        if float_bytes(self._items, len(self)) > MOST_BYTES:
            raise Uncomputable(f"the pixels of {len(self)} images do not fit in memory")
        return np.asarray(scaled(in_memory(self._items, self._rows).data))

    @functools.cached_property
    def _seen(self):
        parts = []
        for first in range(0, len(self), PART):
            images = in_memory(self._items, self._rows[first : first + PART]).data
            if has_alpha(images.shape[1:]):
                images = on_white(images)
            parts.append(cached_features(self.extractor, images))
        features, probabilities = zip(*parts, strict=True)
        known = None if probabilities[0] is None else np.concatenate(probabilities)
        return np.concatenate(features), known

    def __len__(self) -> int:
        return len(self._rows)

    def first(self, n: int) -> Side:
        """Return the first ``n`` samples, with their features."""
        part = object.__new__(LazySide)
        label = None if self.label is None else self.label[:n]
        part._set(self._items, self._rows[:n], label, self.extractor)
        if "_seen" in self.__dict__:
            features, probabilities = self._seen
            known = None if probabilities is None else probabilities[:n]
            part.__dict__["_seen"] = features[:n], known
        return part


def float_bytes(items: Arrays | Items, count: int) -> int:
    """Return the number of bytes of ``count`` samples in float32.

    Args:
      items: the stored samples of a split. The first one gives the size of a sample.
    """
    if not len(items):
        return 0
    one = items.data[0] if isinstance(items, Arrays) else items[0]["data"]
    return 4 * count * one.size
