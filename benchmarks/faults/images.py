"""Folders and archives of images that are damaged, wrong or gone."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from .place import Done, Place, Process, must, status
from .row import Row

COUNT = 24


def picture(value: int) -> bytes:
    """Return a small PNG."""
    pixels = np.full((8, 8, 3), value, np.uint8)
    pixels[0, 0] = 255 - value
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


# What is wrong with one image, by name: ``content -> content``.
DAMAGE = {
    "truncated": lambda data: data[: len(data) // 2],
    "emptied": lambda data: b"",
    "a flipped byte": lambda data: data[:50] + bytes([data[50] ^ 0xFF]) + data[51:],
    "text": lambda data: b"this is no image",
    "zeros": lambda data: bytes(len(data)),
    "a header alone": lambda data: data[:33],
}


def in_a_folder(place, folder, number, rng):
    """Damage one image of a folder."""
    what, which = list(DAMAGE)[number % len(DAMAGE)], rng.randrange(COUNT)
    images = folder / "images"
    images.mkdir()
    for i in range(COUNT):
        data = picture(10 * i)
        data = DAMAGE[what](data) if i == which else data
        (images / f"{i:03}.png").write_bytes(data)
    return _named(place, folder, images, f"{which:03}.png", what)


def in_an_archive(place, folder, number, rng):
    """Damage one image of a .zip file."""
    what, which = list(DAMAGE)[number % len(DAMAGE)], rng.randrange(COUNT)
    path = folder / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(COUNT):
            data = picture(10 * i)
            archive.writestr(f"{i:03}.png", DAMAGE[what](data) if i == which else data)
    return _named(place, folder, path, f"{which:03}.png", what)


def an_archive(place, folder, number, rng):
    """Damage a .zip file as a whole."""
    path = folder / "images.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(COUNT):
            archive.writestr(f"{i:03}.png", picture(10 * i))
    whole = path.read_bytes()
    cut = (0, 1, 100, len(whole) // 2, len(whole) - 1, len(whole) - 30)[number % 6]
    path.write_bytes(whole[:cut])
    return _named(place, folder, path, path.name, f"cut to {cut} bytes")


def _named(place, folder, data, name, what):
    done = trained(place, folder, data)
    if done.code == 0:
        must(what == "a flipped byte", f"{what}: training did not find it")
        return f"{what}: the image is still readable"
    line = done.one_line(2)
    must(name in line, f"the line does not name {name}: {line}")
    return f"{what}: {line[-120:]}"


def vanished(place, folder, number, rng):
    """Remove images while a run streams the folder. Two of all images are the test
    split, so the run reads one of the three at least."""
    images = folder / "images"
    images.mkdir()
    for i in range(COUNT):
        (images / f"{i:03}.png").write_bytes(picture(10 * i))
    more = ("--config.data.feed=streamed", "--config.steps=5000")
    run = folder / "run"
    process = start(place, folder, images, *more)
    process.until(lambda: status(run).get("step", 0) >= 10)
    gone = [f"{i:03}.png" for i in rng.sample(range(COUNT), 3)]
    for name in gone:
        (images / name).unlink()
    done = process.ended()
    must(done.code, "training did not find it")
    line = done.one_line(done.code)
    must(any(x in line for x in gone), f"the line names none of {gone}: {line}")
    return line[-120:]


def trained(place: Place, folder: Path, data: Path) -> Done:
    """Train a small network on a folder or an archive of images."""
    return place.run(*_training(folder, data), log=folder / "train.txt")


def start(place: Place, folder: Path, data: Path, *more: str) -> Process:
    """Start this training, with more arguments, as a user does."""
    return place.start(*_training(folder, data), *more, log=folder / "train.txt")


def _training(folder, data):
    config = folder / "config.py"
    config.write_text(
        "def get_config():\n"
        "    small = {'name': 'dcgan', 'width': 4}\n"
        "    return {'steps': 20, 'batch_size': 8, 'data': {'name': 'image_folder', "
        f"'dir': {str(data)!r}}}, 'latents': {{'size': 4}}, 'samples': {{'count': 4}}, "
        "'networks': {'generator': small, 'discriminator': small}, "
        "'checkpoint': {'every': 10}}\n"
    )
    return "train", f"--config={config}", f"--workdir={folder / 'run'}"


NAMED = "one line that names the file"
ROWS = (
    Row("image", "a damaged image in a folder", NAMED, 12, in_a_folder),
    Row("zipped_image", "a damaged image in a .zip file", NAMED, 12, in_an_archive),
    Row("archive", "a .zip file that is cut", NAMED, 6, an_archive),
    Row("vanished", "an image that vanishes during the run", NAMED, 3, vanished),
)
