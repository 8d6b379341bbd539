"""Whether images show what their captions say."""

from collections.abc import Mapping

import numpy as np

from ganjax.errors import Uncomputable

# The number of captions among which R-precision looks for the right one.
CANDIDATES = 100


def r_precision(
    images: np.ndarray, texts: np.ndarray, tokens: np.ndarray, seed: int = 0
) -> float:
    """Return the share of images whose own caption is nearer than 99 other ones (Xu et
    al. 2018, arXiv 1711.10485, section 4). Chance is 0.01.

    Args:
      images, texts: vectors ``[n, d]`` of images and of their captions; the cosine
        compares them.
      tokens: ``[n, L]``, the captions, of which at least 100 differ.
      seed: chooses the other captions.

    Raises:
      Uncomputable: if fewer than 100 captions differ.
    """
    kinds, first, own = np.unique(
        tokens, axis=0, return_index=True, return_inverse=True
    )
    if len(kinds) < CANDIDATES:
        raise Uncomputable(
            f"{len(kinds)} different captions, expected at least {CANDIDATES}"
        )
    images, texts = _unit(images), _unit(texts)[first]
    rng, right = np.random.default_rng(seed), 0
    for image, kind in zip(images, own.reshape(-1), strict=True):
        others = rng.choice(len(kinds) - 1, CANDIDATES - 1, replace=False)
        others += others >= kind  # all kinds but its own
        right += texts[kind] @ image > np.max(texts[others] @ image)
    return right / len(images)


def _unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def object_order(
    wanted: Mapping[str, np.ndarray], read: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return for each image whether its two objects are read in the opposite order:
    kinds and colours then agree better, bool ``[n]``.

    Args:
      wanted, read: ``'kind'`` and ``'colour'``, ``[n, 2]`` each, in the order of the
        picture.
    """

    def agreement(turn):
        names = ("kind", "colour")
        return sum(np.sum(wanted[x] == read[x][:, ::turn], axis=1) for x in names)

    return agreement(-1) > agreement(1)


def attribute_accuracy(
    wanted: Mapping[str, np.ndarray], read: Mapping[str, np.ndarray]
) -> dict[str, float]:
    """Return for each attribute the share of images, or of objects, that have what
    their caption says. An attribute that no caption names is left out.

    If the objects of a relation are exchanged, the relation is wrong, and each object
    is compared with the other place.

    Args:
      wanted: what captions say, in whole numbers: ``count`` (0 for one object, 1 for
        two), ``place`` and ``axis`` ``[n]``, -1 if it is not said; ``kind``, ``colour``
        and ``size`` ``[n, 2]``, in the order of the picture, -1 if it is not said.
        Kinds below 10 are digits.
      read: the same of pictures, without -1.

    Returns:
      ``digit``, ``shape``, ``colour``, ``size``, ``count``, ``place``, ``relation``,
      and ``all``: the share of images in which everything is right.
    """
    related = wanted["axis"] >= 0
    swapped = related & object_order(wanted, read)
    found = {"count": (wanted["count"] >= 0, wanted["count"] == read["count"])}
    found["place"] = wanted["place"] >= 0, wanted["place"] == read["place"]
    found["relation"] = related, (wanted["axis"] == read["axis"]) & ~swapped
    kind = wanted["kind"]
    said = {"digit": (kind >= 0) & (kind < 10), "shape": kind >= 10}
    said |= {name: wanted[name] >= 0 for name in ("colour", "size")}
    for name, of in said.items():
        source = name if name in read else "kind"
        seen = np.where(swapped[:, None], read[source][:, ::-1], read[source])
        found[name] = of, wanted[source] == seen
    right = [(~of | fits).reshape(len(related), -1) for of, fits in found.values()]
    shares = {n: float(np.mean(x[of])) for n, (of, x) in found.items() if of.any()}
    return {**shares, "all": float(np.mean(np.concatenate(right, axis=1).all(axis=1)))}
