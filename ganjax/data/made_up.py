"""Random data of a given shape, to plan a run before its data exist."""

import dataclasses

import numpy as np

from ganjax.data.captioned_images import captioned
from ganjax.data.captions import SHOWN, Captions
from ganjax.data.source import Arrays, Source, Spec, independent
from ganjax.data.translations import in_pairs


def made_up(
    shape: tuple[int, ...], classes: int = 0, *, count: int, pairs: bool = False,
    drawn: bool = True, captions: bool = False,
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
      captions: whether an image has a caption, of 8 of 32 words.
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
    if captions:
        language = Captions(tuple(f"word{i}" for i in range(1, 33)), 8)
        tokens = rng.integers(1, 33, (count, 8), np.int32)
        shown = tuple(language.text(row) for row in tokens[:SHOWN])
        spec = dataclasses.replace(spec, captions=Captions(language.words, 8, shown))
        described = captioned(split, np.arange(count), tokens)
        return Source(spec, described, independent(described))
    if not pairs:
        return Source(spec, split, split)
    both = dict(domains=("a", "b"), paired=True, test_paired=True)
    examples = in_pairs(split, lambda b: b)
    return Source(dataclasses.replace(spec, **both), examples, examples)
