"""A data set: a specification and two splits.

A split has one of four forms, recognised by its type:

- ``Arrays``: decoded and in host memory;
- ``Items``: read and decoded one item at a time;
- ``Sampler``: drawn from a distribution, with one random key for each sample;
- ``Composed``: a sampler that makes its samples from arrays.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.captions import Captions
from ganjax.data.forms import SENTENCES, TABLE

# What a key of a held-out sample is folded with: any constant, kept for equal samples.
HELD_OUT = 0x7E57

Sampler = Callable[[jax.Array], dict[str, jax.Array]]
"""``keys [n] -> {'data': float32 [n, D], 'label': int32 [n]}``, pure JAX.

Sample ``i`` depends only on ``keys[i]``, so a batch is the same for any number of
devices. The unpaired source returns ``'a'`` and ``'b'`` instead of ``'data'``.
"""


@dataclass(frozen=True, eq=False)
class Composed:
    """A sampler that makes its samples from ``arrays``. The arrays are put on the
    device once; they are not constants of a compiled program.

    Attributes:
        arrays: a tree of arrays.
        make: ``(arrays, keys [n]) -> dict of [n, …]``, with the rules of ``Sampler``.
        each: the real samples of scores, each once. If it is ``None``, scores draw
            random samples.
    """

    arrays: Any
    make: Callable[[Any, jax.Array], dict[str, jax.Array]]
    each: "Arrays | None" = None

    def __call__(self, keys: jax.Array) -> dict[str, jax.Array]:
        # Inside a program the arrays become constants, which tracers can index.
        return self.make(jax.tree.map(jnp.asarray, self.arrays), keys)


@dataclass(frozen=True)
class Spec:
    """The shape and the meaning of samples.

    Attributes:
        name: the name of the data in reports and in the settings of a score.
        shape: ``(H, W, C)`` for images, ``(D,)`` for points; ``form`` has others.
        classes: class names by label; empty if labels have no meaning.
        modes: float64 ``[K, D]``, the centres of a mixture, in the order of its labels.
        std: standard deviation of every component along each axis, in data units.
        stacked: whether each channel is a separate image. The decimal digits of a label
            are then the labels of the channels, the first channel first.
        domains: names of the arrays of samples in a batch, as ``('data',)``, or
            ``('a', 'b')`` for translation. All samples have the shape ``shape``.
        paired: whether the domains of one training example belong together.
        test_paired: whether the domains of one test example belong together.
        labels: name of the labels in a batch.
        normal: labels of the training samples if some classes were left out, or ().
        captions: the words of the captions, or ``None``. A batch then holds
            ``'caption'``, int32 ``[n, longest]``.
        form: what samples are if they are neither images nor points: a ``forms.Form``,
            or the ``tables.TableFormat`` of a table. A batch of a table also holds
            ``'condition'``, or ``'known'`` if its encoding is ``'range'``.
    """

    name: str
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()
    modes: np.ndarray | None = None
    std: float | None = None
    stacked: bool = False
    domains: tuple[str, ...] = ("data",)
    paired: bool = False
    test_paired: bool = False
    labels: str = "label"
    normal: tuple[int, ...] = ()
    captions: Captions | None = None
    form: Any = None

    @property
    def table(self) -> Any:
        """Return the ``tables.TableFormat`` of a table; ``None`` for other data."""
        return self.form if self.form and self.form.kind == TABLE else None

    @property
    def vocabulary(self) -> int:
        """Return the number of words of captions or of sentences; 0 without words."""
        if self.captions is not None:
            return len(self.captions.words)
        of_words = self.form is not None and self.form.kind == SENTENCES
        return len(self.form.names) if of_words else 0

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the arrays in a batch: the domains, the labels if there
        are classes, captions if there are any, and what belongs to rows of a table."""
        found = self.domains + ((self.labels,) if self.classes else ())
        if self.table is not None:
            known = self.table.encoding == "range"
            found += ("known",) if known else ("condition",)
        return found + (("caption",) if self.captions else ())


@dataclass(frozen=True)
class Arrays:
    """A split in host memory.

    Attributes:
        data: uint8 ``[N, H, W, C]`` (images), float32 ``[N, D]`` (points), float32 or
            int32 ``[N, *shape]`` (data with a form).
        label: int32 ``[N]``.
    """

    data: np.ndarray
    label: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


@runtime_checkable
class Items(Protocol):
    """A split that is read item by item. Several threads may call ``[i]``.

    ``items[i]`` is ``{'data': uint8 [H, W, C], 'label': int}``, all of one shape. If
    an item cannot be decoded, it raises ``BadInput`` with the name of the file.

    Two more attributes are optional. ``label`` is int32 ``[N]``, the labels of all
    items. ``take(rows [n]) -> Arrays`` reads many items faster than one by one.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> dict[str, Any]: ...


class Chosen:
    """The samples of a split at some of its rows, read and decoded when they are used.

    Args:
        items: the split.
        rows: whole numbers ``[n]``; sample ``i`` is ``items[rows[i]]``.
    """

    def __init__(self, items: Items, rows: np.ndarray):
        self.items, self.rows = items, np.asarray(rows)
        self.label = labels_of(items)[self.rows]
        if hasattr(items, "take"):
            self.take = lambda rows: items.take(self.rows[rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.items[int(self.rows[index])]


def chosen(split: Arrays | Items, rows: np.ndarray) -> Arrays | Items:
    """Return the samples of a split at ``rows [n]``. Nothing is decoded."""
    if isinstance(split, Arrays):
        return Arrays(split.data[rows], split.label[rows])
    return Chosen(split, rows)


Split = Arrays | Items | Sampler | Composed


@dataclass(frozen=True)
class Source:
    """A data set: its specification, a training and a test split.

    A sampler may be given as both splits. The test split then draws other, independent
    samples of the same distribution, also with equal random keys.

    Attributes:
        spec: the shape and the meaning of samples.
        train, test: the splits.
        about: facts that identify the data. A run stores them and compares them when it
            resumes.
    """

    spec: Spec
    train: Split
    test: Split
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if callable(self.test) and self.test is self.train:
            object.__setattr__(self, "test", independent(self.test))


def independent(sampler: Sampler | Composed) -> Sampler | Composed:
    """Return a sampler of the same distribution whose samples are independent of the
    samples that ``sampler`` draws, also with equal keys. It folds a constant into each
    key."""

    def other(keys):
        return jax.vmap(lambda key: jax.random.fold_in(key, HELD_OUT))(keys)

    if isinstance(sampler, Composed):
        make = sampler.make
        return replace(sampler, make=lambda arrays, keys: make(arrays, other(keys)))
    return lambda keys: sampler(other(keys))


def real_samples(split: Split) -> "Arrays | Items | None":
    """Return the stored samples of a split that scores use as real samples, or ``None``
    if the split only draws random samples."""
    if isinstance(split, Composed):
        return split.each
    return None if callable(split) else split


def samples(split: Sampler | Composed, keys: jax.Array) -> dict[str, jax.Array]:
    """Draw one sample for each of the ``keys [n]``, outside of a compiled training
    step."""
    if isinstance(split, Composed):
        return jax.jit(split.make)(split.arrays, keys)
    return jax.jit(split)(keys)


def in_memory(items: Arrays | Items, rows=None, *, threads: int = 8) -> Arrays:
    """Decode the samples of a split into arrays, in order.

    Args:
        items: the split; ``Arrays`` are already decoded.
        rows: whole numbers ``[n]``, the samples to decode; all if None.
        threads: decoding threads (Pillow releases the interpreter lock).

    Raises:
        BadInput: an item is damaged. The message names the first one found.
    """
    if isinstance(items, Arrays):
        return items if rows is None else Arrays(items.data[rows], items.label[rows])
    rows = np.arange(len(items)) if rows is None else np.asarray(rows)
    count = len(rows)
    first = np.asarray(
        items[int(rows[0])]["data"] if count else np.empty((0, 0, 0), "u1")
    )
    data = np.empty((count, *first.shape), first.dtype)
    label = np.empty(count, np.int32)

    def decode(start: int) -> None:
        part = rows[start : start + chunk]
        if hasattr(items, "take"):
            found, end = items.take(part), start + len(part)
            data[start:end], label[start:end] = found.data, found.label
            return
        for place, row in enumerate(part.tolist(), start):
            item = items[row]
            data[place], label[place] = item["data"], item["label"]

    chunk = 256  # one task per item would cost more than decoding a small image
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(0, count, chunk)))  # an error cancels the rest
    return Arrays(data, label)


def labels_of(split: Arrays | Items) -> np.ndarray:
    """Return the labels of a split, int32 ``[N]``. Items without an attribute ``label``
    are read one by one, and only their labels are kept."""
    label = getattr(split, "label", None)
    if label is None:
        label = [split[i]["label"] for i in range(len(split))]
    return np.asarray(label, np.int32)


def fixed_sample(sampler: Sampler, key: jax.Array, count: int) -> Arrays:
    """Draw ``count`` samples once, as arrays, for papers that train on a finite sample.

    PacGAN, for example, trains on 100,000 fixed points (Lin et al. 2018, section 4).
    """
    sample = samples(sampler, jax.random.split(key, count))
    return Arrays(np.asarray(sample["data"]), np.asarray(sample["label"]))


def decoded_bytes(split: Arrays | Items) -> int:
    """Return the size of the split's data after decoding, in bytes."""
    if isinstance(split, Arrays):
        return split.data.nbytes
    return len(split) * split[0]["data"].nbytes if len(split) else 0
