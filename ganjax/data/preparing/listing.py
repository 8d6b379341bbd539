"""The images to prepare, and a digest of their files."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ganjax.data.preparing.shards import Item


@dataclass(frozen=True)
class Listing:
    """The images to prepare.

    Attributes:
        name: the name of the data, without their size.
        kind: see ``ganjax.data.prepared_images.KINDS``.
        classes: class names by label, or ().
        sets: folder in the prepared set -> split -> items. Two domains have the folders
            ``a`` and ``b``; otherwise the folder is ``''``.
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
    """Return the SHA-256 of the sorted names, sizes and labels of all files."""
    lines = "".join(
        f"{name}\0{size}\0{label}\n"
        for name, size, label in sorted(
            (f.name, f.tree.size(f.name), item.label)
            for item in items
            for f in item.files
        )
    )
    return hashlib.sha256(lines.encode()).hexdigest()
