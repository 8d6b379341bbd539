"""A sheet of small images: a row for each class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ganjax.data.prepared_images import open_shards, read_manifest
from ganjax.data.source import in_memory, labels_of

ROWS, COLUMNS = 12, 10
GAP, GREY = 2, 112
SIDE = 128
TEXT = 96


def contact_sheet(rows: Sequence[tuple[str, np.ndarray]]):
    """Return a PIL image with a row of small images for each name.

    Equal input gives equal pixels.

    Args:
        rows: names, and images uint8 ``[n, H, W, C]`` of one shape, C 1, 3 or 4. At
            most ``ROWS`` rows and ``COLUMNS`` images of a row are shown.
    """
    from PIL import Image, ImageDraw

    height, width = rows[0][1].shape[1:3]
    scale = SIDE / max(height, width)
    height, width = (max(1, round(side * min(1.0, scale))) for side in (height, width))
    columns = min(COLUMNS, max(len(images) for _, images in rows))
    size = (
        TEXT + columns * (width + GAP) + GAP,
        min(ROWS, len(rows)) * (height + GAP) + GAP,
    )
    sheet = Image.new("RGB", size, (GREY,) * 3)
    draw = ImageDraw.Draw(sheet)
    for i, (name, images) in enumerate(rows[:ROWS]):
        top = GAP + i * (height + GAP)
        draw.text((4, top + 2), name[:15], fill="white")
        for j, image in enumerate(images[:COLUMNS]):
            picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
            if picture.size != (width, height):
                picture = picture.resize((width, height))
            place = TEXT + GAP + j * (width + GAP), top
            mask = picture if picture.mode == "RGBA" else None
            sheet.paste(
                picture.convert("RGB") if mask is None else picture, place, mask
            )
    return sheet


def write_sheet(folder: Path) -> None:
    """Write ``contact.png`` into a prepared set: training images, with a row for each
    class if there are classes. For two domains, each domain has half of the rows."""
    manifest = read_manifest(folder)
    if manifest["kind"] == "domains":
        rows = [
            (domain, images)
            for domain in ("a", "b")
            for _, images in _rows(folder / domain)[: ROWS // 2]
        ]
    else:
        rows = _rows(folder)
    contact_sheet(rows).save(folder / "contact.png")


def _rows(folder: Path) -> list[tuple[str, np.ndarray]]:
    source = open_shards(folder, read_manifest(folder))
    label = labels_of(source.train)
    classes = list(enumerate(source.spec.classes[:ROWS]))
    places = [np.flatnonzero(label == k) for k, _ in classes]
    if not classes:  # images in the order of the set
        chosen = _spread(np.arange(len(label)), ROWS * COLUMNS)
        rows = range(0, len(chosen), COLUMNS)
        classes, places = [(0, "")] * len(rows), [chosen[r : r + COLUMNS] for r in rows]
    return [
        (name, in_memory(source.train, _spread(rows, COLUMNS)).data)
        for (_, name), rows in zip(classes, places, strict=True)
    ]


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    count = min(len(rows), most)
    return rows[np.arange(count) * len(rows) // max(count, 1)]
