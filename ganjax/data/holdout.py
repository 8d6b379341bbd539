"""The test split of data that have none: images chosen by class and by seed, from the
names of the images."""

import hashlib
from collections.abc import Sequence

import numpy as np

from ganjax.errors import BadInput
from ganjax.options import Option

HOLDOUT = Option(
    0.1,
    "images of the test split if the data have none: a share, or from 1 a count",
    above=0,
)


def holdout_of(
    names: Sequence[str],
    labels: Sequence[int],
    size: float,
    seed: int,
    place: object = "",
) -> np.ndarray:
    """Return which images are held out as the test split, bool ``[n]``.

    Each class gives its share, rounded so that the sum is right, and keeps at least one
    training image. In a class, the images with the smallest SHA-256 of seed and name
    are chosen. So the choice does not depend on the order of the files.

    Args:
        names: name of each image.
        labels: class of each image, as a number.
        size: a share of the images (below 1), or a count (from 1).
        seed: the seed of the choice.
        place: the folder or archive of the images, for messages.

    Raises:
        BadInput: ``size`` is above 1 and not a whole number, or a class would keep no
            training image.
    """
    label = np.asarray(labels)
    counts = np.bincount(label)
    most = len(label) - np.count_nonzero(counts)
    if not most:
        said = "one image" if len(label) == 1 else "one image of each class"
        raise BadInput(
            f"data.dir='{place}': holds {said}, expected at least one to train and one "
            "to test"
        )
    if size >= 1 and not (size == int(size) and size <= most):
        raise BadInput(
            f"data.holdout={size:g}: expected a share below 1 or a whole number up to "
            f"{most}, which keeps one training image of each class"
        )
    share = int(size) if size >= 1 else max(1, int(size * len(label) + 1e-9))
    take = _quotas(counts, min(share, most))
    digests = [_digest(name, seed) for name in names]
    held = np.zeros(len(label), bool)
    for k in range(len(counts)):
        members = np.flatnonzero(label == k)
        held[sorted(members, key=lambda i: digests[i])[: take[k]]] = True
    return held


def _digest(name: str, seed: int) -> bytes:
    return hashlib.sha256((f"{seed}/{name}" if seed else name).encode()).digest()


def _quotas(counts: np.ndarray, total: int) -> np.ndarray:
    """Share ``total`` among classes, in proportion and by the largest remainders. Each
    class with images keeps one."""
    most = np.maximum(counts - 1, 0)
    exact = counts * total
    take = np.minimum(exact // counts.sum(), most)
    while (short := total - take.sum()) > 0:
        rest = np.where(take < most, exact - take * counts.sum(), -(2**62))
        for k in np.argsort(-rest, kind="stable")[:short]:
            take[k] += take[k] < most[k]
    return take
