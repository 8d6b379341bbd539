"""The readers that are fuzzed, the files that they start from, and what must hold."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from ganjax.data.idx import read_idx
from ganjax.errors import unknown
from ganjax.metrics.features import torch_archive, weights


@dataclass(frozen=True)
class Target:
    """A reader and its inputs.

    Attributes:
      name: the name in ``--targets``.
      what: the input, in words.
      seeds: small valid inputs.
      read: returns the content of a file, or raises ``BadInput``.
      check: raises ``AssertionError`` if the content does not fit the input.
      suffix: the end of the file's name.
      packed: makes the file of an input.
    """

    name: str
    what: str
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[Path], Any]
    check: Callable[[bytes, Any], None]
    suffix: str = ""
    packed: Callable[[bytes], bytes] = bytes


def idx(values: np.ndarray) -> bytes:
    """Return the IDX file of an array of bytes."""
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


def _idx_files():
    shapes = ((3,), (2, 2), (2, 3, 4), (1, 2, 2, 3))
    return [idx(np.arange(np.prod(x), dtype=np.uint8).reshape(x)) for x in shapes]


def _idx_and_gz():
    return [*_idx_files(), *(gzip.compress(x, mtime=0) for x in _idx_files())]


def _fits_idx(content, values):
    """The values are the bytes behind a header of four bytes for each axis."""
    assert values.dtype == np.uint8 and 1 <= values.ndim <= 4
    assert content == idx(values)


def _fits_idx_or_gz(content, values):
    # What a .gz holds is known only if gzip reads it too.
    packed = content[:2] == b"\x1f\x8b"
    _fits_idx(gzip.decompress(content) if packed else content, values)


def _text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


def _numbers(*values):
    return b"(" + b"".join(b"K" + bytes([x]) for x in values) + b"t"


def torch_pickle(tensors: Mapping[str, Sequence]) -> bytes:
    """Return a pickle of protocol 2, as ``torch.save`` writes it.

    Args:
      tensors: name -> the kind, key and length of the storage, the offset, the shape,
        and the strides.
    """
    empty = b"ccollections\nOrderedDict\n)R"
    made = [b"\x80\x02" + empty + b"("]
    for name, (kind, key, count, offset, shape, strides) in tensors.items():
        storage = _text("storage") + f"ctorch\n{kind}\n".encode() + _text(key)
        storage = b"(" + storage + _text("cpu") + b"K" + bytes([count]) + b"tQ"
        view = b"K" + bytes([offset]) + _numbers(*shape) + _numbers(*strides)
        rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n("
        made += [_text(name), rebuild, storage, view, b"\x89", empty, b"tR"]
    return b"".join([*made, b"u."])


STORAGES = {"0": np.arange(12, dtype="<f4"), "1": np.arange(4, dtype="<i8")}
_TENSORS = {
    "a": ("FloatStorage", "0", 12, 0, (3, 4), (4, 1)),
    "b": ("FloatStorage", "0", 12, 5, (2, 2), (3, 1)),
    "c": ("LongStorage", "1", 4, 3, (), ()),
}


def _pickles():
    return [
        torch_pickle({}),
        torch_pickle(_TENSORS),
        torch_pickle({"a": _TENSORS["a"]}),
    ]


def in_zip(pickled: bytes) -> bytes:
    """Return a torch file of format 1.6 with a pickle and ``STORAGES``."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x/data.pkl", pickled)
        archive.writestr("x/byteorder", b"little")
        for key, values in STORAGES.items():
            archive.writestr(f"x/data/{key}", values.tobytes())
    return made.getvalue()


def legacy() -> bytes:
    """Return a torch file of the format before 1.6, with ``STORAGES``."""
    magic = torch_archive.MAGIC.to_bytes(10, "little")
    parts = [
        b"\x80\x02\x8a\x0a" + magic + b".",
        b"\x80\x02M" + struct.pack("<H", torch_archive.VERSION) + b".",
        b"\x80\x02}" + _text("little_endian") + b"\x88s.",
        torch_pickle(_TENSORS),
        b"\x80\x02](" + b"".join(map(_text, STORAGES)) + b"e.",
    ]
    for values in STORAGES.values():
        parts += [struct.pack("<q", len(values)), values.tobytes()]
    return b"".join(parts)


def _torch_files():
    return [legacy(), *map(in_zip, _pickles())]


def _safetensors():
    arrays = {"a": STORAGES["0"].reshape(3, 4), "b": np.zeros((), "<f8")}
    odd = {"x": {"dtype": "BF16", "shape": [2, 16], "data_offsets": [0, 64]}}
    two = {
        "a": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]},
        "b": {"dtype": "I64", "shape": [4], "data_offsets": [32, 64]},
        "__metadata__": {"format": "pt"},
    }
    whole = [safetensors.numpy.save({}), safetensors.numpy.save(arrays)]
    return [*whole, *(json.dumps(x).encode() for x in (odd, two))]


def with_header(content: bytes) -> bytes:
    """Return a safetensors file of 64 bytes with a header, which is JSON. An input that
    does not begin like JSON is a file."""
    if not content.startswith(b"{"):
        return content
    return struct.pack("<Q", len(content)) + content + bytes(64)


def _fits_weights(content, tensors):
    """Tensors have names, their bytes can be read, and they are not far more bytes than
    the file has."""
    assert type(tensors) is dict
    size = 0
    for name, tensor in tensors.items():
        assert type(name) is str and type(tensor) is np.ndarray
        size += len(tensor.tobytes())
    assert size <= torch_archive.MOST_SHARED * len(content), size


def _fits_pickle(content, tensors):
    _fits_weights(in_zip(content), tensors)


def _fits_safetensors(content, tensors):
    _fits_weights(with_header(content), tensors)


TARGETS = {
    target.name: target
    for target in (
        Target("idx", "IDX files, plain and .gz", _idx_and_gz, read_idx,
               _fits_idx_or_gz),
        Target("idx_gz", "the content of a .gz", _idx_files, read_idx, _fits_idx,
               packed=lambda content: gzip.compress(content, 1, mtime=0)),
        Target("torch", "torch files of both formats", _torch_files, weights.read,
               _fits_weights, ".pth"),
        Target("torch_pickle", "the pickle in a torch file", _pickles, weights.read,
               _fits_pickle, ".pth", in_zip),
        Target("safetensors", "safetensors files", _safetensors, weights.read,
               _fits_safetensors, ".safetensors", with_header),
    )
}  # fmt: skip


def chosen(names: str) -> list[Target]:
    """Return the targets with the given names, separated by commas; all if empty.

    Raises:
      BadInput: if there is no target with one of the names.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in TARGETS:
            raise unknown("--targets", name, TARGETS)
    return [TARGETS[name] for name in wanted or TARGETS]
