"""Data that unpack without end, wrong lists of labels, and reads that never return."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib

import numpy as np

from .images import COUNT, picture, start, trained
from .place import Done, must, status
from .row import Row

MEMORY = 1_500  # MB; a run of a small folder takes about 500
SIZE = 2 * 10**9  # bytes, unpacked


def _png(width, height):
    """Return the header of a large PNG."""

    def chunk(kind, body):
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", head), chunk(b"IDAT", b""), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _gz(count):
    """Return ``count`` zeros, packed by gzip."""
    return gzip.compress(bytes(10**7)) * (count // 10**7)


def _zip(path, name, head, *more):
    """Write an archive with a member of ``SIZE`` bytes that begins with ``head``, and
    with more members: (name, content)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(name, "w", force_zip64=True) as file:
            file.write(head)
            for _ in range(SIZE // 10**8):
                file.write(bytes(10**8))
        for one in more:
            archive.writestr(*one)


def _array(shape):
    head = io.BytesIO()
    about = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, about)
    return head.getvalue()


def _large_image(folder, side=12_000):
    (_images(folder) / "000.png").write_bytes(_png(side, side))
    return folder / "images", "000.png"


def _huge_image(folder):
    return _large_image(folder, 60_000)


def _zipped(folder):
    others = [(f"{i:03}.png", picture(i)) for i in range(1, COUNT)]
    _zip(folder / "images.zip", "000.png", picture(0), *others)
    return folder / "images.zip", "000.png"


def _tar(folder):
    (folder / "images.tar.gz").write_bytes(_gz(SIZE))
    return folder / "images.tar.gz", "images.tar.gz"


def _hole(folder):
    path, hole = folder / "images.tar", tarfile.TarInfo("0.png")
    hole.pax_headers = {
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1",
        "GNU.sparse.size": str(10**12),
    }  # fmt: skip
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(hole)
    return path, "0.png"


IMAGES = (_large_image, _huge_image, _zipped, _tar, _hole)


def bomb(place, folder, number, rng):
    """Read a small file that unpacks to gigabytes, and note the peak of memory."""
    if number < len(IMAGES):
        data, name = IMAGES[number](folder)
        process = start(place, folder, data)
    elif number == len(IMAGES):  # an array that is scored
        name = "samples.npz"
        _zip(folder / name, "arr_0.npy", _array((SIZE // 3072, 32, 32, 3)))
        asked = ("score", folder / name, folder / name)
        process = place.start(*asked, log=folder / "log.txt")
    else:  # weights of a network of features
        name, run = "weights.npz", place.stopped(folder)
        _zip(folder / name, "kernel.npy", _array((SIZE,)))
        process = place.start(
            "evaluate", f"--workdir={run}", "--metrics=frechet",
            "--extractor=inception", f"--weights={folder / name}",
            log=folder / "log.txt",
        )  # fmt: skip
    peak = 0

    def too_large():
        nonlocal peak
        peak = max(peak, _peak(process.pid))
        return peak >= MEMORY

    if process.until(too_large, pause=0.02):
        process.kill()  # before it takes the memory of others
        must(False, f"{name}: {peak} MB of memory")
    line = process.ended().one_line(2)
    must(name in line, f"the line does not name {name}: {line}")
    return f"{peak} MB: {line[-120:]}"


def _peak(pid):
    """Return the largest memory of a process so far in MB, 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["VmHWM"].split()[0]) // 1000
    except (OSError, KeyError):
        return 0


# Lines of the other images, so that nothing else is wrong.
_CSV = "".join(f"{i:03}.png,1\n" for i in range(1, COUNT))
_JSON = "".join(f', ["{i:03}.png", 1]' for i in range(1, COUNT)) + "]}"
# Name of a list of labels -> contents, each of which is wrong.
LISTS = {
    "labels.csv": (
        "",
        "file\n000.png\n",
        f"file,label\nnowhere.png,1\n{_CSV}",
        f"file,label\n000.png,\n{_CSV}",
        f"file,label\n000.png,1\n000.png,2\n{_CSV}",
        f"file,label\n000.png\n{_CSV}",
        b"file,label\n000.png,\xff\xfe\n",
        f"file,label\n../000.png,1\n{_CSV}",
        b"\x89PNG\r\n\x1a\n\x00",
    ),
    "dataset.json": (
        "",
        "{",
        "[]",
        '{"labels": 3}',
        '{"labels": [["000.png"]' + _JSON,
        '{"labels": [["000.png", 1.5]' + _JSON,
        '{"labels": [["000.png", [1]]' + _JSON,
        '{"labels": [["nowhere.png", 1]' + _JSON,
        '{"labels": [["000.png", NaN]' + _JSON,
        '{"labels": ' + 9_999 * "[",
    ),
}
CASES = [(name, content) for name, listed in LISTS.items() for content in listed]


def labels(place, folder, number, rng):
    """Train on images whose list of labels is wrong."""
    name, content = CASES[number]
    images = _images(folder)
    content = content if isinstance(content, bytes) else content.encode()
    (images / name).write_bytes(content)
    line = trained(place, folder, images).one_line(2)
    said = name in line or "000.png" in line
    must(said, f"{content[:60]}: the line names no file: {line}")
    return f"{content[:60]}: {line[-120:]}"


def _images(folder):
    images = folder / "images"
    images.mkdir()
    for i in range(COUNT):
        (images / f"{i:03}.png").write_bytes(picture(10 * i))
    return images


TIMEOUT = 4  # data.timeout, in seconds
WITHIN = 60.0  # seconds for the whole command


def hung(place, folder, number, rng):
    """Put a named pipe without a writer in place of a file of the data, or of three
    images during the run: two of all images are the test split."""
    images, run = _images(folder), folder / "run"
    some = [f"{i:03}.png" for i in rng.sample(range(COUNT), 3)]
    names = (some[:1], ["labels.csv"], ["images.zip"], some)[min(number, 3)]
    data = folder / names[0] if number == 2 else images
    more = [f"--config.data.timeout={TIMEOUT}"]
    if number > 2:
        more += ["--config.data.feed=streamed", "--config.steps=100000"]
        process = start(place, folder, data, *more)
        process.until(lambda: status(run).get("step", 0) >= 10)
    for name in names:
        path = data if number == 2 else images / name
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    if number <= 2:
        process = start(place, folder, data, *more)
    done = process.ended(WITHIN)
    if done.code == 0 and number <= 1:
        counted = f"{COUNT - (2 if number else 3)}+2"  # the pipe is no image
        must(counted in done.text, f"another number of images: {done.text[-400:]}")
        return f"{names[0]} is no regular file, so it is left out"
    must(done.code in (1, 2), f"{names}: exit code {done.code}: {done.text[-400:]}")
    line = _error(done)
    must(any(x in line for x in names), f"the line names none of {names}: {line}")
    must(status(run).get("state") != "running", "status.json says running")
    return line[-120:]


def _error(done: Done):
    # The stacks of the threads follow the line.
    must("Traceback" not in done.text, f"a traceback: {done.text[-400:]}")
    lines = [x for x in done.text.splitlines() if x.startswith("error: ")]
    must(len(lines) == 1, f"{len(lines)} lines of errors: {done.text[-400:]}")
    return lines[0]


NAMED = "one line that names the file"
ROWS = (
    Row("bomb", "a small file that unpacks to gigabytes",
        f"{NAMED}, in less than {MEMORY} MB", len(IMAGES) + 2, bomb),
    Row("labels", "a wrong list of labels", NAMED, len(CASES), labels),
    Row("hung", "a named pipe in place of a file",
        f"{NAMED}, within data.timeout", 6, hung),
)  # fmt: skip
