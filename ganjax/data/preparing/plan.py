"""The plan of a preparation: the files and options, fixed at its start and compared
when it continues after an interruption."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ganjax.data.image_file import BadImage, header
from ganjax.data.prepared_images import is_prepared, read_manifest
from ganjax.data.preparing.fitting import Options
from ganjax.data.preparing.shards import Item, replace_json
from ganjax.errors import BadInput

Report = Callable[[str, int, int], None]
"""``(what is done, items done, items in all)``, called for each item."""
_PART = 4096


def check_same(root: Path, final: Path, identity: Mapping[str, Any]) -> None:
    """Raise BadInput unless an existing prepared set was made from the same files and
    with the same options.

    Args:
        root: the parent folder, for the message.
        final: the prepared set.
        identity: facts about the files and the options, which the manifest must have
            too.
    """
    same = False
    if is_prepared(final):
        source = read_manifest(final)["source"]
        same = all(source.get(name) == value for name, value in identity.items())
    if not same:
        raise BadInput(
            f"dir='{root}': {final} exists and was made from other files or with other "
            "options; remove it or choose another --dir"
        )


def plan_of(
    work: Path,
    identity: Mapping[str, Any],
    items: Sequence[Item],
    options: Options,
    pool: Executor,
    report: Report,
) -> dict[str, Any]:
    """Return the plan of a preparation. Read it from ``work/plan.json``. If there is
    none, read the headers of all images and write it.

    Args:
        work: folder of the unfinished preparation.
        identity: facts about the files and the options.
        report: called with the progress.

    Returns:
        A dictionary: ``identity``, as given, and ``channels``, of the prepared images.

    Raises:
        BadInput: ``work`` holds an unfinished preparation of other files or with other
            options, or the images have transparency, which JPEG cannot store.
    """
    file = work / "plan.json"
    if file.is_file():
        try:
            plan = json.loads(file.read_text(encoding="utf-8"))
            if plan["identity"] == identity and "channels" in plan:
                return plan
        except (ValueError, TypeError, KeyError, RecursionError):
            pass  # damaged: like the plan of other files
        if any((work / "facts").glob("*.json")):
            raise BadInput(
                f"dir='{work.parent}': {work} holds an unfinished preparation of other "
                "files or with other options; remove it or choose another --dir"
            )
        # No shard is finished. The folder keeps its lock.
        shutil.rmtree(work / "set", ignore_errors=True)
    channels = _channels(items, options, pool, report)
    for folder in (work / "set", work / "facts"):
        folder.mkdir(exist_ok=True)
    plan = {"identity": identity, "channels": channels}
    replace_json(file, plan)
    return plan


def _channels(items, options, pool, report):
    """Return the channels of the set: the fewest that no image needs more of."""

    def scan(item):
        try:
            return [header(file.tree.read(file.name)) for file in item.files]
        except (BadImage, BadInput):
            return None  # it is named when it is decoded

    grey, alpha = True, False
    scanned = (  # in parts, because an executor keeps a future for each item
        found
        for start in range(0, len(items), _PART)
        for found in pool.map(scan, items[start : start + _PART])
    )
    for n, found in enumerate(scanned, 1):
        report("scanned", n, len(items))
        for one in found or ():
            grey, alpha = grey and one.grey, alpha or one.channels == 4
    channels = 4 if alpha and options.alpha == "keep" else 1 if grey else 3
    if channels == 4 and options.store == "jpeg":
        raise BadInput(
            "store='jpeg': JPEG has no transparency, expected store='raw' or "
            "alpha='white'"
        )
    return channels
