"""Measure how fast images are prepared and read in batches. Prints JSON.

    python -m benchmarks.data --count=100000 --size=128

The images are synthetic: PNG files of smooth colours with noise. They are prepared once
as raw pixels and once as JPEG (the two stores). Each store is then read from the disk
in batches of 64, as in training. Each task has a separate process, so that a peak of
memory belongs to one task.
"""

import argparse
import io
import json
import multiprocessing
import os
import resource
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

BATCH = 64
STORES = ("raw", "jpeg")


def make_images(path: Path, count: int, size: int) -> None:
    """Write a .zip of ``count`` PNG images in ten classes, an eighth larger than
    ``size`` on one side. 500 different images repeat under other names."""
    from PIL import Image

    rng = np.random.default_rng(0)
    waves = np.linspace(0, 6, size + size // 8)[None, :, None] + np.arange(3)
    contents = []
    for _ in range(min(count, 500)):
        rows = np.linspace(0, rng.uniform(1, 6), size)[:, None, None]
        smooth = 120 + 90 * np.sin(rows + waves * rng.uniform(0.5, 2))
        pixels = np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255)
        buffer = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(buffer, "PNG", compress_level=1)
        contents.append(buffer.getvalue())
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i % 10}/{i:07d}.png", contents[i % len(contents)])


def prepared(path: Path, out: Path, size: int, store: str) -> dict[str, float]:
    """Prepare a .zip of images in a store, ``'raw'`` or ``'jpeg'``. Return the images
    per second and the bytes on disk."""
    from ganjax.data.preparing import Options, find_images, prepare_images

    options = Options(size=(size, size), store=store)
    start = time.perf_counter()
    made = prepare_images(find_images(str(path), options), options, str(out))
    seconds = time.perf_counter() - start
    count = len(made.listing.items())
    files = [f.stat().st_size for f in made.folder.iterdir()]
    return {"images_per_second": count / seconds, "bytes": sum(files)}


def fed(folder: Path, seconds: float) -> dict[str, float]:
    """Read batches of the training split of a prepared set for ``seconds``. Return the
    images per second."""
    import jax

    from ganjax.data import make_feed, open_source

    source = open_source("image_folder", str(folder))
    feed = make_feed(source.train, batch_size=BATCH, rounds=1, kind="streamed")
    with feed.stream(jax.random.key(0), 0) as batches:
        for _ in range(50):
            next(batches)
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            assert next(batches)["data"].shape[1] == BATCH
            count += BATCH
        return {"images_per_second": count / (time.perf_counter() - start)}


def _alone(task, *arguments):
    """Return the result of a task in a new process, with its peak of memory."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (task, *arguments))


def _measured(task, *arguments):
    result = task(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**result, "peak_MiB": peak}


def measure(count: int, size: int, seconds: float, folder: Path) -> dict:
    """Return the rates of preparing and of reading ``count`` synthetic images, for both
    stores (raw pixels and JPEG), with the peaks of memory in MiB."""
    images = folder / "images.zip"
    make_images(images, count, size)
    record = {"count": count, "size": size, "batch": BATCH, "cores": os.cpu_count()}
    for store in STORES:
        out = folder / store
        record[f"prepare_{store}"] = _alone(prepared, images, out, size, store)
        made = out / f"images-{size}x{size}"
        record[f"feed_{store}"] = _alone(fed, made, seconds)
    return record


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--count", type=int, default=100_000)
    flags.add_argument("--size", type=int, default=128)
    flags.add_argument("--seconds", type=float, default=20.0)
    flags.add_argument("--dir", help="where to write (default: a temporary folder)")
    flags = flags.parse_args()
    with tempfile.TemporaryDirectory(dir=flags.dir) as folder:
        record = measure(flags.count, flags.size, flags.seconds, Path(folder))
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
