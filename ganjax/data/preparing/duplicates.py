"""Files with equal bytes among the images of a prepared set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ganjax.data.preparing.shards import Shard

SHOWN = 3


@dataclass(frozen=True)
class Duplicates:
    """Files whose bytes equal an earlier file.

    Attributes:
        count: number of these files.
        in_test: number of files in the test split that equal a file of the training
            split.
        examples: some of them, each ``(name, name of the earlier file)``.
    """

    count: int
    in_test: int
    examples: tuple[tuple[str, str], ...]


def duplicates_of(shards: Mapping[tuple[str, str], Sequence[Shard]]) -> Duplicates:
    """Find the files with equal bytes. Files of different domains are not compared.

    Args:
        shards: ``(folder, split)`` -> shards with the digests of their files, the
            training split first. ``folder`` is the domain, or ''.
    """
    first: dict[tuple[str, str], tuple[str, str]] = {}
    count, in_test, examples = 0, 0, []
    for (folder, split), found in shards.items():
        for shard in found:
            for name, digest in zip(shard.names, shard.digests, strict=True):
                earlier = first.setdefault((folder, digest), (split, name))
                if earlier == (split, name):
                    continue
                count += 1
                in_test += split == "test" and earlier[0] == "train"
                if len(examples) < SHOWN:
                    examples.append((name, earlier[1]))
    return Duplicates(count, in_test, tuple(examples))
