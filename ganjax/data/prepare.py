"""Prepare MNIST, Fashion-MNIST and CIFAR-10 as TFDS folders without TensorFlow.

The builders of TFDS (TensorFlow Datasets) read with TensorFlow. Here, subclasses with
the same name and version get samples that were read with gzip and numpy, and write
array_record. ``tfds.data_source`` can read the result on any machine. All input is
verified: TFDS compares downloads and archives with the SHA-256 that it registers. IDX
files in a manual folder are compared by content, because packages such as Debian's
compress them again.
"""

import contextlib
import io
import os
import socket
import tarfile
import tempfile
import urllib.parse
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganjax.data import idx, prepared
from ganjax.data.location import data_roots
from ganjax.data.source import Arrays
from ganjax.errors import BadInput, unknown

NAMES = ("mnist", "fashion_mnist", "cifar10")
CIFAR_ARCHIVE = "cifar-10-binary.tar.gz"
CIFAR_MEMBERS = {
    "train": [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)],
    "test": ["cifar-10-batches-bin/test_batch.bin"],
}
CIFAR_CLASSES = "cifar-10-batches-bin/batches.meta.txt"
_DAMAGED = (OSError, EOFError, KeyError, ValueError, tarfile.TarError, zlib.error)


@dataclass(frozen=True)
class Prepared:
    """The result of ``prepare``.

    Attributes:
        folder: ``OUT/name``, a value for ``data.dir``.
        version_folder: the folder of the records.
        already: whether the folder already existed; then its files were verified.
    """

    folder: Path
    version_folder: Path
    already: bool


def prepare(name: str, out: str = "", manual_dir: str = "") -> Prepared:
    """Write a known data set to ``OUT/name/version``, as array_record files and a
    manifest with their SHA-256.

    The folder appears only when it is complete. If it already exists, its files are
    compared with the manifest.

    Args:
        name: one of ``NAMES``.
        out: the parent folder; '' is the first data root (``$GANJAX_DATA_DIR`` if set,
            otherwise ``~/.cache/ganjax/data``).
        manual_dir: a folder with the files, if they must not be downloaded: the four
            IDX files (plain or .gz), or ``cifar-10-binary.tar.gz``.

    Raises:
        BadInput: the name is unknown, files are missing or damaged, the network fails,
            a checksum differs, or the output cannot be written, is damaged, or was made
            by another program.
    """
    if name not in NAMES:
        raise unknown("name", name, NAMES)
    from tensorflow_datasets.image_classification import cifar, mnist

    builders = mnist.MNIST, mnist.FashionMNIST, cifar.Cifar10
    stock = dict(zip(NAMES, builders, strict=True))[name]
    root = Path(out).expanduser() if out else data_roots()[0]
    final = root / name / str(stock.VERSION)
    if final.exists():
        if not prepared.verify_manifest(final):
            raise BadInput(
                f"dir='{root}': {final} exists and was not made by this command (it "
                "has no manifest); remove it or choose another --dir"
            )
        return Prepared(root / name, final, True)
    for folder in (root, root / name):
        # The root user may write anywhere. A folder marked read-only is refused.
        if folder.is_dir() and not folder.stat().st_mode & 0o222:
            raise BadInput(
                f"dir='{root}': {folder} is marked read-only; choose another --dir"
            )
    try:
        root.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=".preparing-", dir=root)
    except OSError as error:
        raise BadInput(
            f"dir='{root}': cannot be written ({error.strerror}); choose another --dir"
        ) from error
    with scratch as work:
        splits, classes = _read(name, stock, Path(work), manual_dir)
        try:
            made = _write(stock, splits, classes, Path(work) / "data")
            prepared.write_manifest(made)
            final.parent.mkdir(exist_ok=True)
            os.replace(made, final)
        except OSError as error:
            raise BadInput(f"dir='{root}': cannot be written ({error})") from error
    return Prepared(root / name, final, False)


def _read(name, stock, work, manual_dir):
    """Return ({split: Arrays}, class names or ()) of manual_dir or of a download."""
    cifar = name == "cifar10"
    files = [f"{stem}.gz" for pair in idx.FILES.values() for stem in pair]
    files = [CIFAR_ARCHIVE] if cifar else files
    folder = Path(manual_dir).expanduser() if manual_dir else None
    if folder is not None:
        if not folder.is_dir():
            raise BadInput(
                f"manual_dir='{manual_dir}': no such folder; expected one "
                f"with {', '.join(files)}"
            )
        absent = [file for file in files if not (folder / file).is_file()]
        absent = absent if cifar else idx.missing(folder)
        if absent:
            raise BadInput(f"manual_dir='{manual_dir}': lacks {', '.join(absent)}")
    if cifar:
        return _read_cifar(_fetch(name, stock, files, work, folder)[CIFAR_ARCHIVE])
    if folder is None:
        folder = work / "idx"
        folder.mkdir()
        for file, path in _fetch(name, stock, files, work, None).items():
            os.replace(path, folder / file)
    try:
        content = idx.CONTENT[name]
        return {s: idx.read_split(folder, s, content) for s in idx.FILES}, ()
    except BadInput as error:  # the reader names data.dir, not manual_dir
        raise BadInput(str(error).replace("data.dir=", "manual_dir=", 1)) from error


def _fetch(name, stock, files, work, manual_dir):
    """Return {file: path}. TFDS's download manager verifies each SHA-256."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import download_manager

    manager = tfds.download.DownloadManager(
        download_dir=work / "downloads",
        manual_dir=manual_dir,
        dataset_name=name,
        url_infos=stock.url_infos,
        force_checksums_validation=True,
    )
    urls = {info.filename: url for url, info in stock.url_infos.items()}
    try:
        if manual_dir is None:
            _reach(urls[files[0]])
        paths = manager.download({file: urls[file] for file in files})
        return {file: Path(path) for file, path in paths.items()}
    except download_manager.NonMatchingChecksumError as error:
        place = f"manual_dir='{manual_dir}': " if manual_dir else ""
        raise BadInput(
            f"{place}{name}: the SHA-256 of {' or '.join(files)} differs "
            "from the SHA-256 that TFDS registers: a file is damaged or has other data"
        ) from error
    except Exception as error:  # errors of requests, urllib3 or TFDS
        raise BadInput(
            f"{name}: the download failed ({type(error).__name__}); put "
            f"{', '.join(files)} in a folder and give --manual_dir=FOLDER"
        ) from error


def _reach(url):
    # TFDS retries ten times with growing pauses. Test the connection first.
    if not urllib.request.getproxies():
        address = urllib.parse.urlsplit(url)
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname, port), timeout=20).close()


def _read_cifar(archive):
    """Read records of one label byte and 3072 image bytes, channel by channel."""
    splits = {}
    try:
        with tarfile.open(archive) as tar:
            classes = tar.extractfile(CIFAR_CLASSES).read().decode().split()
            for split, members in CIFAR_MEMBERS.items():
                content = b"".join(tar.extractfile(m).read() for m in members)
                rows = np.frombuffer(content, np.uint8).reshape(-1, 3073)
                images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
                splits[split] = Arrays(images, rows[:, 0].astype(np.int32))
    except _DAMAGED as error:
        raise BadInput(
            f"cifar10: {archive} is not the binary version of CIFAR-10 ({error})"
        ) from error
    return splits, tuple(classes)


def _write(stock, splits, classes, data_dir):
    """Let TFDS write samples that are in memory. Return the version folder."""
    import tensorflow_datasets as tfds
    from PIL import Image

    class InMemory(stock, skip_registration=True):
        name = stock.name
        VERSION = stock.VERSION
        url_infos = stock.url_infos

        def _split_generators(self, dl_manager):
            if classes:
                self.info.features["label"].names = list(classes)
            return {split: self._generate_examples(split) for split in splits}

        def _generate_examples(self, split) -> Iterator[tuple[int, dict]]:
            arrays, with_id = splits[split], "id" in self.info.features
            for i, (data, label) in enumerate(
                zip(arrays.data, arrays.label.tolist(), strict=True)
            ):
                image = Image.fromarray(data[..., 0] if data.shape[-1] == 1 else data)
                name = {"id": f"{split}_{i:05d}"} if with_id else {}
                yield i, {"image": image, "label": label, **name}

    tfds.disable_progress_bar()
    with contextlib.redirect_stdout(io.StringIO()):  # TFDS prints that it downloads
        builder = InMemory(data_dir=data_dir, file_format="array_record")
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(try_download_gcs=False)
        )
    return Path(builder.data_dir)
