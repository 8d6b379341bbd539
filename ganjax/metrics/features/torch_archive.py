"""Read the named tensors of a torch ``.pth`` file, without torch and without its code.

The format contains a pickle, and a pickle is a program. This reader accepts only
ordered dictionaries and a few functions of this file that make arrays. Everything else
is refused before it is called. There are two layouts. The writer in torch's
``torch/serialization.py`` documents both. A storage is the array of numbers that one
or several tensors use.

- Since torch 1.6, a zip archive: ``NAME/data.pkl``, and a file ``NAME/data/KEY`` with
  the bytes of each storage.
- Before torch 1.6 (for example pytorch-fid's 2015-12-05 Inception), a sequence of
  pickles: a magic number, a version, facts about the machine, the tensors, the keys of
  the storages; then the length and the bytes of each storage.
"""

import collections
import io
import math
import pickle
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np

from ganjax.errors import BadInput, one_line

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
# The most bytes of all tensors, as a factor of the file's size. Tensors may share them.
MOST_SHARED = 16
STORAGES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype(ml_dtypes.bfloat16),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}


class Refused(Exception):
    """The reason why a file is refused, in a few words."""


def read_torch(path: Path, field: str) -> dict[str, np.ndarray]:
    """Read the tensors of a torch file (a state dict) by name. They keep their types.

    Args:
      path: a file that ``torch.save`` wrote, with named tensors only.
      field: the name of the file in errors, ``evaluation.weights='…'``.

    Raises:
      BadInput: the file is damaged or of another kind, or it asks for more than
        tensors. No code of the file is run.
    """
    try:
        with open(path, "rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
        read = _read_zip if zipped else _read_legacy
        return _named(read(path), path.stat().st_size)
    except Refused as refused:
        # The names in it are from the file.
        raise BadInput(f"{field}: {one_line(refused)}") from None
    except Exception as error:  # a damaged pickle may fail in any way
        problem = one_line(f"{type(error).__name__}: {error}")
        raise BadInput(f"{field}: not a torch file, or damaged ({problem})") from None


def _read_zip(path):
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: member for member in archive.infolist()}
        pickles = [name for name in members if name.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise Refused("a zip archive without one NAME/data.pkl: not from torch")
        size, length = sum(x.file_size for x in members.values()), path.stat().st_size
        if size > length:
            raise Refused(
                f"would unpack to {size:,} bytes from {length:,}: torch does not pack "
                "its tensors"
            )
        folder = pickles[0].split("/")[0]
        order = f"{folder}/byteorder"
        if order in members and archive.read(order) != b"little":
            raise Refused("its numbers are big-endian, which is not supported")

        def storage(dtype, key, count):
            name = f"{folder}/data/{key}"
            if members[name].file_size != count * dtype.itemsize:
                raise Refused(
                    f"damaged: storage '{key}' does not hold {count} values of {dtype}"
                )
            return np.frombuffer(archive.read(name), dtype)

        return _load(io.BytesIO(archive.read(pickles[0])), storage)


def _read_legacy(path):
    storages: dict[str, np.ndarray] = {}
    left = path.stat().st_size

    def storage(dtype, key, count):
        # The bytes come after all tensors. They then fill this array.
        nonlocal left
        left -= count * dtype.itemsize
        if left < 0:
            raise Refused(f"damaged: storage '{key}' is longer than the file")
        return np.zeros(count, dtype)

    with open(path, "rb") as file:
        if _load(file) != MAGIC or _load(file) != VERSION:
            raise Refused("not a file of torch.save")
        if _load(file).get("little_endian") is not True:
            raise Refused("its numbers are big-endian, which is not supported")
        tensors = _load(file, storage, storages)
        keys = _load(file)
        if sorted(keys) != sorted(storages):
            raise Refused("damaged: its tensors and its list of storages do not agree")
        for key in keys:
            count = int.from_bytes(file.read(8), "little")
            array = storages[key]
            if count != len(array) or file.readinto(array.view("u1")) != array.nbytes:
                raise Refused(f"cut short: the values of storage '{key}' are missing")
    return tensors


def _load(file, storage: Callable | None = None, storages=None):
    """Return the content of one pickle, and leave the file behind it."""
    start = file.tell()
    # The unpickler makes room for the largest index of its memo. A pickle of ten bytes
    # can state an index of four billion. A pickler numbers its entries from 0.
    for number, (code, argument, _) in enumerate(pickletools.genops(file)):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and argument > number:
            raise Refused("damaged: its pickle skips entries of its memo")
    file.seek(start)
    return _Tensors(file, storage, storages).load()


class _Tensors(pickle.Unpickler):
    """An unpickler that accepts only dictionaries and tensors.

    ``storage(dtype, key, count)`` returns the values ``[count]`` of a storage. It runs
    once per key, and ``storages`` keeps the results. Without it, storages are refused.
    """

    def __init__(self, file, storage: Callable | None = None, storages=None):
        super().__init__(file)
        self._storage = storage
        self._storages = {} if storages is None else storages
        # New for every file, because a pickle may set attributes of the named objects.
        self._names = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda *args: _view(*args[:4]),
            ("torch._utils", "_rebuild_parameter"): lambda data, *_: data,
            **{("torch", name): name for name in STORAGES},
        }

    def find_class(self, module, name):
        if (module, name) not in self._names:
            raise Refused(
                f"the file asks for {module}.{name}, which no file of tensors needs; "
                "the file is refused, and no code of it was run"
            )
        return self._names[module, name]

    def persistent_load(self, identity):
        if self._storage is None:
            raise Refused("damaged: it has a tensor before its header ends")
        kind, name, key, _, count, *view = identity
        if kind != "storage" or name not in STORAGES or view not in ([], [None]):
            raise Refused(f"its tensors have an unsupported type, {kind} {name}")
        dtype = STORAGES[name]
        if key not in self._storages:
            self._storages[key] = self._storage(dtype, key, count)
        values = self._storages[key]
        if values.dtype != dtype or len(values) != count:
            raise Refused(
                f"damaged: its tensors disagree about the type or the length of "
                f"storage '{key}'"
            )
        return values


def _view(storage, offset, shape, strides):
    """Return a tensor as a view of its storage."""
    last = sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    negative = min([offset, *shape, *strides]) < 0
    if negative or (0 not in shape and offset + last >= len(storage)):
        raise Refused(
            f"damaged: a tensor of shape {tuple(shape)} reads outside "
            "of its stored values"
        )
    if math.prod(shape) > len(storage):
        raise Refused(
            f"a tensor of shape {tuple(shape)} uses a stored element more than once, "
            "expected a separate stored element for each of its elements"
        )
    return np.lib.stride_tricks.as_strided(
        storage[offset:], shape, [step * storage.itemsize for step in strides]
    )


def _named(tensors, length):
    if not isinstance(tensors, dict):
        raise Refused(
            f"the file holds a {type(tensors).__name__}: expected named tensors"
        )
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, np.ndarray):
            raise Refused(f"entry {name!r} is not a tensor: expected named tensors")
    size = sum(tensor.nbytes for tensor in tensors.values())
    if size > MOST_SHARED * length:
        raise Refused(
            f"its tensors have {size:,} bytes, far more than the {length:,} of the file"
        )
    return {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
