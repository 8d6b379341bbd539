"""Files that state or hold far more data than a data set of their size could."""

import gzip
import io
import resource
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from ganjax.data import open_source
from ganjax.data.array_file import read_array, read_arrays
from ganjax.data.idx import read_idx
from ganjax.data.image_file import BadImage, decode, header
from ganjax.data.preparing.parquet import ParquetTree
from ganjax.data.tree import Tree
from ganjax.errors import BadInput
from ganjax.evaluation.sets import open_set


@pytest.fixture
def little_memory():
    """Fail if the test uses more than 100 MB of memory or a file has 400 MB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400 * 10**6, before[1]))
    tracemalloc.start()
    yield
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert most < 10**8


def zeros(count):
    """Return ``count`` zeros, packed by gzip in members of 10 MB of 10 kB each."""
    return gzip.compress(bytes(10**7)) * (count // 10**7)


def png(width, height, content=b""):
    """Return a PNG of the stated size whose pixels are ``content``, packed."""

    def chunk(kind, body):
        sum_of = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + sum_of

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = chunk(b"IHDR", head), chunk(b"IDAT", content), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_gz_that_unpacks_without_end(tmp_path, little_memory):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    head = gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, 2**30, 28, 28))
    path.write_bytes(head + zeros(10**9))
    with pytest.raises(BadInput, match="ubyte.gz: would unpack to 841,813,590,016 "):
        read_idx(path)
    # The header is small and the content is large.
    path.write_bytes(gzip.compress(struct.pack(">4BI", 0, 0, 8, 1, 5)) + zeros(10**9))
    with pytest.raises(BadInput, match=r"more bytes of data, expected 5 for shape"):
        read_idx(path)


@pytest.mark.parametrize(
    "axes", [(2**32 - 1, 2**32 - 1, 0), (1,) * 90, (2**32 - 1,) * 3, ()]
)
def test_the_header_of_an_idx_file(tmp_path, axes, little_memory):
    path = tmp_path / "x"
    path.write_bytes(struct.pack(f">4B{len(axes)}I", 0, 0, 8, len(axes), *axes))
    with pytest.raises(BadInput, match="x: (has shape|holds 0 bytes)"):
        read_idx(path)


def test_images_that_pack_well_are_read(tmp_path):
    images = np.zeros((400, 64, 64), np.uint8)
    images[:, 20:30, 20:30] = 1
    header = struct.pack(">4B3I", 0, 0, 8, 3, *images.shape)
    (tmp_path / "x").write_bytes(gzip.compress(header + images.tobytes()))
    np.testing.assert_array_equal(read_idx(tmp_path / "x"), images)


def zipped(path, method, content):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a/1.png", content)
        archive.writestr("a/2.png", png(1, 1))
    return path


def test_a_member_of_a_zip(tmp_path, little_memory):
    path = zipped(tmp_path / "x.zip", zipfile.ZIP_DEFLATED, bytes(90 * 10**6))
    with pytest.raises(BadInput, match="a/1.png: cannot be read .would unpack to 90,0"):
        Tree(path).read("a/1.png")
    assert Tree(path).read("a/2.png") == png(1, 1)
    # The archive lies about the packed size.
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02") + 20
    content[at : at + 4] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with pytest.raises(BadInput, match="a/1.png: cannot be read .would unpack to 90,0"):
        Tree(path).read("a/1.png")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_whose_size_is_known_too_late(tmp_path, method):
    path = zipped(tmp_path / "x.zip", method, bytes(1000))
    with pytest.raises(BadInput, match="another method than deflate"):
        Tree(path).read("a/1.png")


def test_a_tar_that_unpacks_without_end(tmp_path, little_memory):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(zeros(600 * 10**6))
    with pytest.raises(BadInput, match="not a readable .tar .would unpack to 2"):
        Tree(path)


def test_links_and_holes_in_a_tar(tmp_path):
    path = tmp_path / "x.tar"
    loop = tarfile.TarInfo("a.png")
    loop.type, loop.linkname = tarfile.LNKTYPE, "a.png"
    with tarfile.open(path, "w") as archive:
        archive.addfile(loop)
    with pytest.raises(BadInput, match="a.png is a link to itself"):
        Tree(path)
    hole = tarfile.TarInfo("a.png")
    hole.pax_headers = {
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.map": "0,1",
        "GNU.sparse.size": str(10**12),
    }  # fmt: skip
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(hole)
    with pytest.raises(BadInput, match="a.png: is a sparse file"):
        Tree(path)


def test_the_stated_size_of_an_image(little_memory):
    for content in (png(60_000, 60_000), png(12_000, 12_000, zlib.compress(b""))):
        for read in (header, lambda content: decode(content, 3)):
            with pytest.raises(BadImage, match="would unpack to|exceeds limit"):
                read(content)
    picture = io.BytesIO()
    Image.new("L", (3000, 3000)).save(picture, "PNG")  # a blank page
    assert header(picture.getvalue())[:2] == (3000, 3000)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_names_its_file(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(png(12_000, 12_000))
    with pytest.raises(BadInput, match="[ab]/[12].png: would unpack to 144,000,000 pi"):
        open_source("image_folder", str(tmp_path))


def npy(shape, dtype="<f4", values=b""):
    """Return a .npy whose header states a shape."""
    head = str({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + values


def test_arrays_that_unpack_without_end(tmp_path, little_memory):
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.npy", "w") as file:
            file.write(npy((90 * 10**6,), "|u1"))
            for _ in range(90):
                file.write(bytes(10**6))
    with pytest.raises(ValueError, match="would unpack to 90,0"):
        read_arrays(path)
    with pytest.raises(BadInput, match="x.npz': not a readable .npz .would unpack"):
        open_set(str(path))


@pytest.mark.parametrize("shape", [(10**12, 4), (2**62, 2**62), (-1, 4), (3,)])
def test_the_header_of_an_array(tmp_path, shape, little_memory):
    (tmp_path / "x.npy").write_bytes(npy(shape, values=b"12345678"))
    with pytest.raises(ValueError, match="has 8 bytes of values, expected"):
        read_array(tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", npy(shape, values=b"12345678"))
    with pytest.raises(ValueError, match="has 8 bytes of values, expected"):
        read_arrays(tmp_path / "x.npz")


def test_arrays_are_those_of_numpy(tmp_path):
    arrays = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.array(["x", "yz"])}
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "x.npz", objects=np.array([{}, None]), **arrays)
        found = read_arrays(tmp_path / "x.npz")
        assert set(found) == {"a", "b"}
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)


def test_a_parquet_file_that_unpacks_without_end(tmp_path):
    """Rows with the same image share it in the file, and also in memory."""
    import pyarrow
    from pyarrow import parquet

    path = tmp_path / "x.parquet"
    image = bytes(2 * 10**6)
    parquet.write_table(pyarrow.table({"image": [image] * 100}), path)
    tree = ParquetTree(path, [path])
    before = pyarrow.total_allocated_bytes()
    assert tree.read(tree.names[7]) == image
    # A tenth of the 200 MB of 100 images.
    assert pyarrow.total_allocated_bytes() - before < 20 * 10**6
    different = [image + bytes([i]) for i in range(40)]
    table = pyarrow.table({"image": different})
    parquet.write_table(table, path, compression="zstd", use_dictionary=False)
    with pytest.raises(BadInput, match="x.parquet: not a readable Parquet file .would"):
        ParquetTree(path, [path])
    rows = pyarrow.table({"image": pyarrow.array([b"x"]), "label": [0]}).take(
        [0] * 2**21
    )
    parquet.write_table(rows, path)
    with pytest.raises(BadInput, match="would unpack to 2,097,152 rows from"):
        ParquetTree(path, [path])
