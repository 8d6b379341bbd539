"""Prepare a set of images: read the headers, write shards, rename the folder.

A shard is one file with some of the images. While a set is made, the folder
``OUT/.preparing-NAME`` holds its plan, its finished shards, and the facts of each
shard. After an interruption, the same call continues after the finished shards. A shard
depends only on its images and the options, so the result has the same bytes as without
the interruption.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from ganjax.data.location import data_roots
from ganjax.data.prepared import MANIFEST
from ganjax.data.prepared_images import FORMAT, verify
from ganjax.data.preparing.contact_sheet import write_sheet
from ganjax.data.preparing.duplicates import Duplicates, duplicates_of
from ganjax.data.preparing.fitting import Options
from ganjax.data.preparing.listing import Listing, digest_of
from ganjax.data.preparing.plan import Report, check_same, plan_of
from ganjax.data.preparing.shards import (
    Shard,
    entry_of,
    name_of,
    replace_json,
    store,
    stored,
    write_shard,
)
from ganjax.errors import BadInput, shape_text
from ganjax.run_files import lock_folder

SHARD_BYTES = 2**27
MOST_SHARDS = 512  # an open set has a file descriptor for each


@dataclass
class PreparedSet:
    """The result of ``prepare_images``.

    Attributes:
        folder: the prepared set, a value for ``data.dir``.
        already: whether the set already existed; then its files were verified.
        listing: the images, in splits and classes.
        skipped: name and reason of the images that could not be decoded.
        enlarged: number of images that were smaller than the prepared size.
        stretched: number of images whose aspect ratio changed.
        duplicates: files with equal bytes. ``None`` if the set already existed.
    """

    folder: Path
    already: bool
    listing: Listing
    skipped: list[tuple[str, str]] = field(default_factory=list)
    enlarged: int = 0
    stretched: int = 0
    duplicates: Duplicates | None = None


def prepare_images(
    listing: Listing,
    options: Options,
    out: str = "",
    skip_corrupt: int = 0,
    *,
    report: Report = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
) -> PreparedSet:
    """Write images as a prepared set ``OUT/NAME-HxW``, or continue to write it.

    Args:
        listing: the images, with their classes and splits.
        options: how they are prepared.
        out: the parent folder; '' is the first data root (``$GANJAX_DATA_DIR`` if set,
            otherwise ``~/.cache/ganjax/data``).
        skip_corrupt: how many images may be left out because they are damaged.
        report: called for each image with what is done, the images done, and all
            images.
        say: called with lines of text, before the files are written.

    Raises:
        BadInput: more images are damaged than ``skip_corrupt``; a class loses its last
            training image; the folder holds another set or another unfinished one; the
            disk is too small or read-only; another process prepares this set.
    """
    root = Path(out).expanduser() if out else data_roots()[0]
    final = root / f"{listing.name}-{options.size[0]}x{options.size[1]}"
    items = listing.items()
    identity = {
        "digest": digest_of(items),
        "files": len({(f.tree, f.name) for item in items for f in item.files}),
        "classes": list(listing.classes),
        "options": options.to_json(),
        "split": listing.split,
    }
    if final.exists():
        check_same(root, final, identity)
        verify(final)
        return PreparedSet(final, True, listing)
    work = root / f".preparing-{final.name}"
    with _locked(work, root, final):
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            try:
                plan = plan_of(work, identity, items, options, pool, report)
                writer = _Writer(work, listing, options, plan["channels"], skip_corrupt)
                writer.announce(root, final, say)
                result = writer.write(final, identity, pool, report)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        shutil.rmtree(work)
    return result


def _locked(work: Path, root: Path, final: Path) -> TextIO:
    """Make and lock the folder of an unfinished preparation."""
    try:
        lock = lock_folder(work, "prepares this set", "dir")
    except OSError as error:
        raise BadInput(
            f"dir='{root}': cannot be written ({error.strerror}); choose another --dir"
        ) from error
    if final.exists():  # the other process finished just before this lock
        shutil.rmtree(work)
        raise BadInput(f"dir={root}: another process prepared {final.name} just now")
    return lock


class _Writer:
    """Writes the shards of a listing into ``work/set``, and their facts."""

    def __init__(self, work, listing, options, channels, skip_corrupt):
        self.work, self.listing, self.options = work, listing, options
        self.channels, self.skip_corrupt = channels, skip_corrupt
        height, width = options.size
        width *= 2 if listing.kind == "pairs" else 1
        self.shape = height, width, channels
        self.image_bytes = height * width * channels
        self.count = len(listing.items())
        self.skipped: list[tuple[str, str]] = []

    def announce(self, root, final, say):
        """Print the number of images, the size of the set, and its path.

        Raises:
            BadInput: the disk has less space.
        """
        size = self.count * self.image_bytes
        about = "" if self.options.store == "raw" else " decoded; the files are smaller"
        say(
            f"{self.count:,} images of {shape_text(self.shape)}, {size / 1e6:,.1f} MB"
            f"{about}: {final}"
        )
        there = sum(f.stat().st_size for f in self.work.rglob("*") if f.is_file())
        free = shutil.disk_usage(root).free + there
        if self.options.store == "raw" and size > free:
            raise BadInput(
                f"dir='{root}': expected {size / 1e6:,.1f} MB of free disk, found "
                f"{free / 1e6:,.1f} MB"
            )

    def write(self, final, identity, pool: Executor, report) -> PreparedSet:
        """Write all shards that are not there, then rename the set to ``final``."""
        shards, place = {}, 0
        for folder, splits in self.listing.sets.items():
            (self.work / "set" / folder).mkdir(exist_ok=True)
            for split, items in splits.items():
                found = shards[folder, split] = []
                for shard in self._split(folder, split, items, place, pool, report):
                    found.append(shard)
                place += len(items)
        manifests = {
            folder: self._finish(final, folder, identity, shards)
            for folder in self.listing.sets
        }
        if self.listing.kind == "domains":
            shared = {**manifests["a"], "name": final.name, "kind": "domains"}
            del shared["splits"], shared["store"]
            replace_json(self.work / "set" / MANIFEST, shared)
        write_sheet(self.work / "set")
        every = [shard for found in shards.values() for shard in found]
        os.replace(self.work / "set", final)
        return PreparedSet(
            final,
            False,
            self.listing,
            self.skipped,
            sum(shard.enlarged for shard in every),
            sum(shard.stretched for shard in every),
            duplicates_of(shards),
        )

    def _split(self, folder, split, items, place, pool, report):
        rows = max(1, SHARD_BYTES // self.image_bytes, -(-len(items) // MOST_SHARDS))
        for i, start in enumerate(range(0, len(items), rows)):
            chosen = items[start : start + rows]
            target, stem = self.work / "set" / folder, f"{split}-{i:05d}"
            facts = self.work / "facts" / f"{folder}{split}-{i:05d}.json"
            first = place + start
            shard = stored(target, facts)
            if shard is None:
                done = self._counted(first, report)
                shard = write_shard(
                    target, stem, chosen, self.options, self.channels, pool, done
                )
                store(shard, facts)
            else:
                self._skip(shard.skipped)
                report("prepared", first + len(chosen), self.count)
            yield shard

    def _counted(self, place, report):
        def done(made, item):
            nonlocal place
            place += 1
            if made.image is None:
                self._skip([(name_of(item), made.reason)])
            report("prepared", place, self.count)

        return done

    def _skip(self, found):
        self.skipped += found
        if len(self.skipped) > self.skip_corrupt:
            name, reason = self.skipped[-1]
            count = f"{len(self.skipped)} corrupt images, the last is "
            raise BadInput(
                f"{count if self.skip_corrupt else ''}{name} {reason}; "
                f"--skip_corrupt={len(self.skipped)} skips and lists up to this number"
            )

    def _finish(self, final, folder, identity, shards) -> dict[str, Any]:
        """Write the labels and the manifest of one set. Return the manifest."""
        target, splits = self.work / "set" / folder, {}
        classes = self.listing.classes
        for split in ("train", "test"):
            found: list[Shard] = shards[folder, split]
            label = [label for shard in found for label in shard.labels]
            counts = np.bincount(np.array(label, int), minlength=max(1, len(classes)))
            if split == "train" and 0 in counts:
                lost = (
                    f"the class {classes[int(np.argmin(counts))]}"
                    if classes
                    else "the set"
                )
                raise BadInput(f"{lost}: expected a training image that can be decoded")
            np.save(target / f"{split}-labels.npy", np.array(label, np.int32))
            splits[split] = {
                "count": len(label),
                "shards": [shard.entry() for shard in found if shard.count],
                "labels": entry_of(target / f"{split}-labels.npy"),
                "class_counts": counts.tolist(),
            }
        manifest = {
            "format": FORMAT,
            "kind": "images" if self.listing.kind == "domains" else self.listing.kind,
            "name": final.name + (f"-{folder}" if folder else ""),
            "store": self.options.store,
            "shape": self.shape,
            "classes": classes,
            "splits": splits,
            "source": identity,
            "skipped": [name for name, _ in self.skipped],
        }
        replace_json(target / MANIFEST, manifest)
        return manifest
