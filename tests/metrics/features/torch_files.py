"""Files as ``torch.save`` writes them, made without torch, and random torch modules.

The tests in this folder import this module.
"""

import io
import pickle
import struct
import sys
import types
import zipfile
from unittest import mock

import numpy as np

STORAGE_NAMES = {
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "int64": "LongStorage",
}


class Tensor:
    """A view of the one-dimensional ``storage``, pickled as a torch tensor."""

    def __init__(self, storage, shape=None, offset=0, strides=None):
        self.storage, self.offset = storage, offset
        self.shape = storage.shape if shape is None else shape
        if strides is None:
            strides = np.cumprod([1, *self.shape[:0:-1]])[::-1][: len(self.shape)]
        self.strides = tuple(int(step) for step in strides)

    def __reduce__(self):
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        view = (Storage(self.storage), self.offset, self.shape, self.strides)
        return rebuild, (*view, False, None)


class Storage:
    def __init__(self, values):
        self.values = values


class _Pickler(pickle.Pickler):
    def __init__(self, file, legacy):
        super().__init__(file, protocol=2)
        self.legacy, self.storages = legacy, {}

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        values = value.values
        key = str(id(values))
        self.storages[key] = values
        kind = getattr(sys.modules["torch"], STORAGE_NAMES[values.dtype.name])
        last = (None,) if self.legacy else ()
        return ("storage", kind, key, "cpu", len(values), *last)


def _stand_ins():
    torch, inner = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in STORAGE_NAMES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2():
        pass

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    inner._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = inner
    return {"torch": torch, "torch._utils": inner}


def write(path, content, legacy=False):
    """Write ``content`` as ``torch.save`` does, with arrays as tensors."""
    if isinstance(content, dict):
        content = type(content)(
            (name, Tensor(x.ravel(), x.shape) if isinstance(x, np.ndarray) else x)
            for name, x in content.items()
        )
    body = io.BytesIO()
    pickler = _Pickler(body, legacy)
    with mock.patch.dict(sys.modules, _stand_ins()):
        pickler.dump(content)
    if not legacy:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", body.getvalue())
            archive.writestr("archive/byteorder", b"little")
            for key, values in pickler.storages.items():
                archive.writestr(f"archive/data/{key}", values.tobytes())
        return path
    with open(path, "wb") as file:
        pickle.dump(0x1950A86A20F9469CFC6C, file, protocol=2)
        pickle.dump(1001, file, protocol=2)
        pickle.dump({"little_endian": True}, file, protocol=2)
        file.write(body.getvalue())
        pickle.dump(list(pickler.storages), file, protocol=2)
        for values in pickler.storages.values():
            file.write(struct.pack("<q", len(values)) + values.tobytes())
    return path


def randomise(module, seed=0):
    """Give a torch module random weights and batch normalisation statistics.

    Signals keep the order of one, and the statistics are not the initial 0 and 1."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def normal(x):
        return torch.randn(x.shape, generator=generator)

    def about_one(x):
        return 0.5 + torch.rand(x.shape, generator=generator)

    with torch.no_grad():
        for name, x in module.state_dict().items():
            if name.endswith("running_var"):
                x.copy_(about_one(x))
            elif x.ndim > 1 and name.endswith("weight"):
                x.copy_(normal(x) * (2 / x[0].numel()) ** 0.5)
            elif name.endswith(("weight", "gamma")):
                x.copy_(about_one(x))
            elif x.is_floating_point():
                x.copy_(0.2 * normal(x))
    return module.eval()


def relative(ours, theirs) -> float:
    """Return the largest difference, divided by the largest value."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())
