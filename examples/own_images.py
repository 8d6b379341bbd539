"""From images of any sizes to scores in four commands, for four layouts of images.

python examples/own_images.py FOLDER [--images=600] [--steps=20] [--layouts=folders,...]

Each image has a dark mark in the top left corner of its middle square. The middle is as
bright as its class; the rest is black. So a wrong orientation, crop, or class shows in
the prepared set. The script asserts these, the counts, and finite scores with floors.
"""

import argparse
import io
import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from ganjax.data import in_memory, open_source

CLASSES = {"cat": 110, "dog": 170, "owl": 230}  # the brightness of a class
SIZE = 32
DARK, TOLERANCE = 60, 25
# EXIF orientation -> how the stored array is made from the upright one.
STORED = {
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: np.rot90(x, 1),
    7: lambda x: np.rot90(x, 2).swapaxes(0, 1),
    8: lambda x: np.rot90(x, -1),
}
MODES = {"png": ("RGB", "L", "P", "RGBA", "LA", "I;16"), "jpg": ("RGB", "L", "CMYK")}


def image_file(number: int, level: int) -> tuple[str, bytes]:
    """Return the suffix and the bytes of an image file. The image has a mark and the
    brightness ``level``. ``number`` chooses its size, format, mode and orientation."""
    rng = np.random.default_rng(number)
    height, width = (int(x) for x in rng.integers(40, 100, 2))
    grey, side = np.zeros((height, width), np.uint8), min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    grey[top : top + side, left : left + side] = level
    grey[top : top + side // 4, left : left + side // 4] = 0
    suffix = ("png", "jpg")[number % 2]
    mode = MODES[suffix][number // 2 % len(MODES[suffix])]
    orientation = 1 + number % 8
    stored = np.ascontiguousarray(STORED[orientation](grey))
    if mode == "I;16":
        image = Image.fromarray(stored.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(stored).convert("RGB" if mode == "P" else mode)
        image = image.quantize(16) if mode == "P" else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    kind = {"png": "PNG", "jpg": "JPEG"}[suffix]
    image.save(buffer, kind, exif=exif, **({"quality": 95} if suffix == "jpg" else {}))
    return suffix, buffer.getvalue()


def marked_images(count: int):
    """Yield ``(number, class, suffix, bytes)`` of ``count`` images, with the classes in
    turn."""
    for number in range(count):
        name = list(CLASSES)[number % len(CLASSES)]
        yield number, name, *image_file(number, CLASSES[name])


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def folders(place: Path, count: int) -> Path:
    """Write one folder of images for each class. Return the folder that contains
    them."""
    for number, name, suffix, content in marked_images(count):
        write(place / f"photos/{name}/{number:04d}.{suffix}", content)
    return place / "photos"


def stylegan(place: Path, count: int) -> Path:
    """Write a .zip of numbered folders and a dataset.json with labels, as StyleGAN's
    dataset_tool does. Return its path."""
    labels, path = [], place / "stylegan.zip"
    place.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, name, suffix, content in marked_images(count):
            file = f"{number // 50:05d}/img{number:08d}.{suffix}"
            archive.writestr(file, content)
            labels.append([file, list(CLASSES).index(name)])
        archive.writestr("dataset.json", json.dumps({"labels": labels}))
    return path


def tiny_imagenet(place: Path, count: int) -> Path:
    """Write train/CLASS/images, and val/images with val_annotations.txt, as in Tiny
    ImageNet. Return the folder."""
    lines, folder = [], place / "tiny"
    for number, name, suffix, content in marked_images(count):
        if number % 10 < 8:
            write(folder / f"train/{name}/images/{number:04d}.{suffix}", content)
        else:
            write(folder / f"val/images/{number:04d}.{suffix}", content)
            lines.append(f"{number:04d}.{suffix}\t{name}\t0\t0\t8\t8\n")
    write(folder / "val/val_annotations.txt", "".join(lines).encode())
    return folder


def two_domains(place: Path, count: int) -> Path:
    """Write trainA, trainB, testA and testB, as for CycleGAN. Domain a has the cats,
    and domain b has all other classes. Return the folder."""
    for number, name, suffix, content in marked_images(count):
        split = "test" if number % 10 == 9 else "train"
        side = "A" if name == "cat" else "B"
        write(place / f"pets/{split}{side}/{number:04d}.{suffix}", content)
    return place / "pets"


LAYOUTS = {f.__name__: f for f in (folders, stylegan, tiny_imagenet, two_domains)}
CONDITIONAL = [
    "--config=conditional_mnist", "--config.data.name=image_folder",
    "--config.networks.generator.width=4", "--config.networks.discriminator.width=4",
    "--config.evaluation.names=density_coverage",
]  # fmt: skip
TRANSLATION = [
    "--config=cyclegan_mnist", "--config.data.name=image_pairs",
    "--config.networks.a_to_b.width=4", "--config.networks.b_to_a.width=4",
    "--config.networks.a_to_b.blocks=1", "--config.networks.b_to_a.blocks=1",
    "--config.evaluation.names=density_coverage",
]  # fmt: skip


def ganjax(*arguments) -> None:
    """Run a command of ganjax. Stop if it fails."""
    print("ganjax", *arguments, flush=True)
    command = [sys.executable, "-m", "ganjax", *map(str, arguments)]
    subprocess.run(command, check=True)


def check_images(data: np.ndarray, levels: np.ndarray) -> None:
    """Assert that prepared images ``[n, H, W, C]`` show their mark and the brightness
    ``levels [n]`` of their classes, and nothing from outside of the middle square."""
    grey, near = data.astype(float).mean(-1), SIZE // 8
    assert (grey[:, :near, :near].mean((1, 2)) < DARK).all()
    for corner in (grey[:, :near, -near:], grey[:, -near:, :near]):
        assert (np.abs(corner.mean((1, 2)) - levels) < TOLERANCE).all()
    assert (np.abs(grey[:, near * 3 :].mean((1, 2)) - levels) < TOLERANCE).all()


def check_set(folder: Path, layout: str, count: int) -> None:
    """Assert orientation, crop, classes and counts of a prepared set."""
    if layout == "two_domains":
        total = 0
        for domain in ("a", "b"):
            source = open_source("image_folder", str(folder / domain))
            for split in (source.train, source.test):
                data, total = in_memory(split).data, total + len(split)
                levels = np.median(data[..., 0], (1, 2))
                known = [CLASSES["cat"]] if domain == "a" else [170, 230]
                assert all(min(abs(x - k) for k in known) < 9 for x in levels)
                check_images(data, levels)
        assert total == count
        return
    source = open_source("image_folder", str(folder))
    names = source.spec.classes
    assert names == (("0", "1", "2") if layout == "stylegan" else tuple(CLASSES))
    levels = np.array(list(CLASSES.values()))
    counts = np.zeros(3, int)
    for split in (source.train, source.test):
        arrays = in_memory(split)
        check_images(arrays.data, levels[arrays.label])
        counts += np.bincount(arrays.label, minlength=3)
    assert counts.tolist() == [count // 3] * 3
    assert source.spec.shape[:2] == (SIZE, SIZE)


def check_scores(run: Path) -> None:
    """Assert that all scores of a run are finite, and that the kernel distance, the
    density and the coverage have a floor (the same score of held-out images)."""
    (path,) = run.glob("evaluation/protocol-*.json")
    scores = json.loads(path.read_text())["scores"]
    for measure in ("kd", "density", "coverage"):
        names = [name for name in scores if name.startswith(f"{measure}_pixels")]
        assert len(names) == 2 and sum(name.endswith("_floor") for name in names) == 1
    assert all(math.isfinite(value) for value in scores.values())
    print({name: round(value, 3) for name, value in sorted(scores.items())})


def run(place: Path, layout: str, count: int, steps: int) -> None:
    """Prepare, train, sample and score the images of one layout."""
    images = LAYOUTS[layout](place, count)
    ganjax("prepare", images, f"--size={SIZE}", f"--dir={place / 'sets'}")
    (made,) = (place / "sets").iterdir()
    check_set(made, layout, count)
    flags = TRANSLATION if layout == "two_domains" else CONDITIONAL
    every = f"--config.checkpoint.every={steps}", f"--config.samples.every={steps}"
    ganjax(
        "train", *flags, f"--config.data.dir={made}", f"--workdir={place / 'run'}",
        f"--config.steps={steps}", *every, "--config.evaluation.extractor=",
        "--config.log.every=1", "--config.batch_size=16",
    )  # fmt: skip
    picture = place / "samples.png"
    ganjax("sample", f"--workdir={place / 'run'}", "--n=9", f"--out={picture}")
    assert Image.open(picture).width >= SIZE
    score = "--metrics=kernel,density_coverage", "--samples=300"
    ganjax("evaluate", f"--workdir={place / 'run'}", *score)
    check_scores(place / "run")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("folder", type=Path)
    flags.add_argument("--images", type=int, default=600)
    flags.add_argument("--steps", type=int, default=20)
    flags.add_argument("--layouts", default=",".join(LAYOUTS))
    flags = flags.parse_args()
    for layout in flags.layouts.split(","):
        run(flags.folder / layout, layout, flags.images, flags.steps)
    print("all assertions hold")


if __name__ == "__main__":
    main()
