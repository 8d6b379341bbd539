"""Preparation of data without TensorFlow, and its refusals."""

import gzip
import hashlib
import io
import socket
import struct
import subprocess
import sys
import tarfile
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from ganjax.data import Arrays, idx, in_memory, open_source, prepared
from ganjax.data.prepare import (
    CIFAR_ARCHIVE,
    CIFAR_CLASSES,
    CIFAR_MEMBERS,
    _write,
    prepare,
)
from ganjax.data.preparing import Options, find_images, prepare_images
from ganjax.errors import BadInput
from tests.commands import SCRIPTS, exit_code

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
RNG = np.random.RandomState(0)


@pytest.fixture
def small_mnist(tmp_path, monkeypatch):
    """A manual directory of 5 training and 3 test images, with their digests registered
    as MNIST's."""
    folder = tmp_path / "manual"
    folder.mkdir()
    digests = {}
    for split, count in (("train", 5), ("test", 3)):
        images, labels = idx.FILES[split]
        for name, shape, top in (
            (images, (count, 28, 28), 256),
            (labels, (count,), 10),
        ):
            values = RNG.randint(0, top, shape, np.uint8)
            content = (
                bytes([0, 0, 8, len(shape)])
                + struct.pack(f">{len(shape)}I", *shape)
                + values.tobytes()
            )
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
            digests[name] = "sha256:" + hashlib.sha256(content).hexdigest()
    monkeypatch.setitem(idx.CONTENT, "mnist", digests)
    return folder


def contents(split):
    """The samples of a split, sorted, because TFDS shuffles the samples it writes."""
    arrays = in_memory(split)
    return sorted(
        (int(label), data.tobytes())
        for data, label in zip(arrays.data, arrays.label, strict=True)
    )


def test_mnist_comes_back_as_it_was(small_mnist, tmp_path):
    made = prepare("mnist", str(tmp_path / "out"), str(small_mnist))
    assert not made.already and not list((tmp_path / "out").glob(".preparing-*"))
    read = open_source("mnist", str(small_mnist))
    for place in (made.folder, made.version_folder, tmp_path / "out"):
        source = open_source("mnist", str(place))
        assert source.spec == read.spec
        assert contents(source.train) == contents(read.train)
        assert contents(source.test) == contents(read.test)
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize("size", [28, 14])
def test_a_tfds_folder_becomes_a_prepared_set(tmp_path, size):
    from tensorflow_datasets.image_classification.mnist import MNIST

    images = RNG.randint(0, 256, (22, 28, 28, 1), np.uint8)
    label = np.arange(22, dtype=np.int32) % 11 % 10
    splits = {"train": Arrays(images[:11], label[:11]), "test": Arrays(images, label)}
    folder = _write(MNIST, splits, (), tmp_path / "data")
    options = Options((size, size), filter="box")
    listing = find_images(str(folder), options)
    made = prepare_images(listing, options, str(tmp_path / "sets"))
    source = open_source("image_folder", str(made.folder))
    assert source.spec.shape == (size, size, 1)
    assert source.spec.classes == tuple("0123456789") and len(source.test) == 22
    if size == 28:
        assert contents(source.test) == contents(splits["test"])


def test_a_second_run_verifies_and_stops(small_mnist, tmp_path):
    prepare("mnist", str(tmp_path / "out"), str(small_mnist))
    again = prepare("mnist", str(tmp_path / "out"))  # needs neither files nor network
    assert again.already
    (again.version_folder / prepared.MANIFEST).unlink()
    with pytest.raises(BadInput, match="was not made by this command"):
        prepare("mnist", str(tmp_path / "out"))


def test_a_flipped_bit_in_a_record_is_found(small_mnist, tmp_path):
    made = prepare("mnist", str(tmp_path / "out"), str(small_mnist))
    record = next(made.version_folder.glob("mnist-train*"))
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 1
    record.write_bytes(content)
    with pytest.raises(BadInput, match=f"{record.name}: damaged"):
        open_source("mnist", str(made.folder))
    with pytest.raises(BadInput, match="damaged"):
        prepare("mnist", str(tmp_path / "out"))
    record.unlink()
    with pytest.raises(BadInput, match=f"{record.name}: missing"):
        open_source("mnist", str(made.folder))


def test_a_prepared_folder_of_other_data_is_refused(small_mnist, tmp_path):
    made = prepare("mnist", str(tmp_path / "out"), str(small_mnist))
    with pytest.raises(BadInput, match="holds mnist, expected fashion_mnist"):
        open_source("fashion_mnist", str(made.folder))
    assert open_source("tfds", str(made.folder)).spec.name == "mnist"


@pytest.fixture
def small_cifar(tmp_path, monkeypatch):
    """A manual directory with an archive of 10 training and 2 test images, registered
    as CIFAR-10's."""
    from tensorflow_datasets.core.download.checksums import UrlInfo
    from tensorflow_datasets.image_classification.cifar import Cifar10

    folder = tmp_path / "manual"
    folder.mkdir()
    rows = {}
    with tarfile.open(folder / CIFAR_ARCHIVE, "w:gz") as tar:

        def add(name, content):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        add(CIFAR_CLASSES, "\n".join(f"class{i}" for i in range(10)).encode() + b"\n\n")
        for split, members in CIFAR_MEMBERS.items():
            rows[split] = RNG.randint(0, 10, (2 * len(members), 3073), np.uint8)
            for i, member in enumerate(members):
                add(member, rows[split][2 * i : 2 * i + 2].tobytes())
    content = (folder / CIFAR_ARCHIVE).read_bytes()
    (url,) = Cifar10.url_infos
    monkeypatch.setitem(
        Cifar10.url_infos,
        url,
        UrlInfo(
            size=len(content),
            checksum=hashlib.sha256(content).hexdigest(),
            filename=CIFAR_ARCHIVE,
        ),
    )
    return folder, rows


def test_cifar10_comes_back_as_it_was(small_cifar, tmp_path):
    folder, rows = small_cifar
    source = open_source(
        "cifar10", str(prepare("cifar10", str(tmp_path / "out"), str(folder)).folder)
    )
    assert source.spec.shape == (32, 32, 3) and source.spec.classes[7] == "class7"
    # A record is a label, then 1024 red, 1024 green and 1024 blue values.
    expected = sorted(
        (
            int(row[0]),
            np.stack([row[1:1025], row[1025:2049], row[2049:]], axis=-1).tobytes(),
        )
        for row in rows["train"]
    )
    assert contents(source.train) == expected and len(source.test) == 2


def test_a_cifar_archive_with_another_checksum_is_refused(small_cifar, tmp_path):
    folder, _ = small_cifar
    with (folder / CIFAR_ARCHIVE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(BadInput, match=f"SHA-256 of {CIFAR_ARCHIVE} differs"):
        prepare("cifar10", str(tmp_path / "out"), str(folder))
    assert not list((tmp_path / "out").iterdir())


def test_what_cannot_be_prepared_is_said(small_mnist, tmp_path, monkeypatch):
    out = tmp_path / "out"
    with pytest.raises(BadInput, match="did you mean 'mnist'"):
        prepare("mnits", str(out))
    with pytest.raises(BadInput, match="no such folder; expected one with train"):
        prepare("mnist", str(out), str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="manual_dir=.*differs|other data"):
        prepare("fashion_mnist", str(out), str(small_mnist))
    (small_mnist / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(BadInput, match="lacks t10k-labels-idx1-ubyte.gz"):
        prepare("mnist", str(out), str(small_mnist))
    with pytest.raises(BadInput, match=f"lacks {CIFAR_ARCHIVE}"):
        prepare("cifar10", str(out), str(small_mnist))

    def unreachable(*args, **kwargs):
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "create_connection", unreachable)
    monkeypatch.setattr(urllib.request, "getproxies", dict)
    with pytest.raises(BadInput, match="--manual_dir=FOLDER") as caught:
        prepare("mnist", str(out))
    assert "train-images-idx3-ubyte.gz" in str(caught.value)


def test_a_folder_marked_read_only_stays_as_it_is(small_mnist, tmp_path):
    """This also holds for root, whom the file system would allow to write."""
    out = tmp_path / "out"
    (out / "mnist").mkdir(parents=True)
    for folder in (out / "mnist", out):
        folder.chmod(0o555)
        with pytest.raises(BadInput, match="marked read-only; choose another --dir"):
            prepare("mnist", str(out), str(small_mnist))
        folder.chmod(0o755)
    assert not list((out / "mnist").iterdir())


def test_the_command_exits_with_two_and_one_line(tmp_path, monkeypatch, capsys):
    code = exit_code(monkeypatch, "prepare_data.py", "cifar", f"--dir={tmp_path}")
    out, err = capsys.readouterr()
    assert code == 2 and out == ""
    assert err.count("\n") == 1 and "did you mean 'cifar10'" in err


def debian():
    if not DEBIAN.is_dir():
        pytest.skip("Debian's dataset-fashion-mnist is not installed")


@pytest.mark.full
def test_fashion_mnist_of_debian_end_to_end(tmp_path):
    debian()
    done = subprocess.run(
        [
            sys.executable,
            SCRIPTS / "prepare_data.py",
            "fashion_mnist",
            f"--manual_dir={DEBIAN}",
            f"--dir={tmp_path}",
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert f"--config.data.dir={tmp_path / 'fashion_mnist'}" in done.stdout
    ours = open_source("fashion_mnist", str(tmp_path))
    files = open_source("fashion_mnist", str(DEBIAN))
    assert ours.spec == files.spec
    assert contents(ours.test) == contents(files.test)
    assert len(ours.train) == 60_000


@pytest.mark.full
def test_debian_files_are_the_ones_that_tfds_registers():
    """Debian's files differ only in the gzip header. With the original name and time
    the checksums agree."""
    debian()
    from tensorflow_datasets.image_classification.mnist import FashionMNIST

    for info in FashionMNIST.url_infos.values():
        content = (DEBIAN / info.filename).read_bytes()
        stem = info.filename.removesuffix(".gz")
        time = 1504176606 if stem.startswith("train") else 1504176627
        restored = (
            content[:3]
            + b"\x08"
            + struct.pack("<I", time)
            + content[8:10]
            + stem.encode()
            + b"\0"
            + content[10:]
        )
        assert hashlib.sha256(restored).hexdigest() == info.checksum
        assert (
            idx.CONTENT["fashion_mnist"][stem]
            == "sha256:" + hashlib.sha256(gzip.decompress(restored)).hexdigest()
        )
