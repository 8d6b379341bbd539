"""The images that are to be prepared, and a digest of their files."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ganjax.data.preparing.shards import Item


@dataclass(frozen=True)
class Listing:
    """The images that are to be prepared, with their classes and splits.

    Attributes:
        name: the name of the data, without their size.
        kind: ``images``; ``pairs``, two images of two domains in each item; or
            ``domains``, two domains without pairs.
        classes: class names by label, or ().
        sets: domain -> split -> items. The domains are ``a`` and ``b`` if the kind is
            ``domains``, otherwise ''.
        split: how the splits were made, in words.
        notes: lines for the user.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    sets: dict[str, dict[str, list[Item]]]
    split: str
    notes: Sequence[str] = ()

    def items(self) -> list[Item]:
        """Return all items, in the order in which they are prepared."""
        return [i for splits in self.sets.values() for s in splits.values() for i in s]


def digest_of(items: Sequence[Item]) -> str:
    """Return the SHA-256 of the sorted names, sizes and labels of all files to
    prepare."""
    lines = "".join(
        f"{name}\0{size}\0{label}\n"
        for name, size, label in sorted(
            (f.name, f.tree.size(f.name), item.label)
            for item in items
            for f in item.files
        )
    )
    return hashlib.sha256(lines.encode()).hexdigest()
