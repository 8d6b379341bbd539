"""Random data of a given shape, to plan a run before its data exist."""

import dataclasses

import numpy as np

from ganjax.data.source import Arrays, Source, Spec
from ganjax.data.translations import in_pairs


def made_up(
    shape: tuple[int, ...], classes: int = 0, *, count: int, pairs: bool = False,
    drawn: bool = True,
) -> Source:  # fmt: skip
    """Return a source of random bytes (images) or normal numbers (points).

    Args:
      shape: (H, W, C), or (D,).
      classes: number of labels, named by their numbers. Each is equally frequent.
      count: number of samples of each split.
      pairs: whether an example is a pair of two equal samples ``'a'`` and ``'b'``, for
        games that translate between two domains.
      drawn: whether the values are random. Otherwise they are zeros that take no
        memory, for callers that only need the shape.
    """
    rng, dtype = np.random.default_rng(0), np.uint8 if len(shape) == 3 else np.float32
    data = np.broadcast_to(np.zeros((), dtype), (count, *shape))
    if drawn and dtype == np.uint8:
        data = rng.integers(0, 256, data.shape, dtype)
    elif drawn:
        data = rng.standard_normal(data.shape, dtype)
    label = np.arange(count, dtype=np.int32) % max(classes, 1)
    split = Arrays(data, label)
    spec = Spec("made_up", shape, tuple(map(str, range(classes))))
    if not pairs:
        return Source(spec, split, split)
    both = dict(domains=("a", "b"), paired=True, test_paired=True)
    examples = in_pairs(split, lambda b: b)
    return Source(dataclasses.replace(spec, **both), examples, examples)
