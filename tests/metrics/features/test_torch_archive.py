"""Files of torch are read without torch, and no code in them runs."""

import collections
import os
import tracemalloc
import zipfile

import ml_dtypes
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.metrics.features.torch_archive import read_torch
from tests.metrics.features import torch_files
from tests.metrics.features.torch_files import Tensor, write

BOTH = pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])


def refused(path):
    with pytest.raises(BadInput) as caught:
        read_torch(path, "evaluation.weights='x.pth'")
    message = str(caught.value)
    assert message.startswith("evaluation.weights='x.pth': ")
    assert message.isprintable() and len(message) < 500
    return message


@BOTH
@pytest.mark.parametrize("dtype", torch_files.STORAGE_NAMES)
def test_tensors_come_back_in_their_own_types(tmp_path, legacy, dtype):
    kind = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    tensors = collections.OrderedDict(
        [
            ("layer.weight", np.arange(24).reshape(2, 3, 4).astype(kind)),
            ("layer.bias", np.array([0.5, -2.0, 7.0]).astype(kind)),
            ("count", np.array(3).astype(kind)),
        ]
    )
    found = read_torch(write(tmp_path / "x.pth", tensors, legacy), "x")
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == kind
        np.testing.assert_array_equal(found[name], tensor)


@BOTH
def test_views_share_a_storage(tmp_path, legacy):
    values = np.arange(12, dtype=np.float32)
    content = {
        "turned": Tensor(values, (4, 3), strides=(1, 4)),
        "part": Tensor(values, (2, 2), offset=5, strides=(3, 1)),
        "none": Tensor(values, (0, 3)),
    }
    found = read_torch(write(tmp_path / "x.pth", content, legacy), "x")
    np.testing.assert_array_equal(found["turned"], values.reshape(3, 4).T)
    np.testing.assert_array_equal(found["part"], [[5, 6], [8, 9]])
    assert found["none"].shape == (0, 3)


class Malice:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@BOTH
def test_a_program_is_refused_and_not_run(tmp_path, legacy):
    trace = tmp_path / "trace"
    content = {"weight": np.ones(3, np.float32), "x": Malice(os.mkdir, str(trace))}
    message = refused(write(tmp_path / "x.pth", content, legacy))
    assert "mkdir" in message and "refused" in message
    assert not trace.exists()


@pytest.mark.parametrize(
    "call", [(eval, "1 + 1"), (getattr, "x", "upper"), (np.zeros, 3), (os.system, "ls")]
)
def test_whatever_it_names_is_refused_unless_it_makes_tensors(tmp_path, call):
    message = refused(write(tmp_path / "x.pth", {"x": Malice(*call)}))
    assert call[0].__name__ in message


@BOTH
@pytest.mark.parametrize(
    "tensor",
    [
        Tensor(np.zeros(6, np.float32), (7,)),
        Tensor(np.zeros(6, np.float32), (2, 3), offset=1),
        Tensor(np.zeros(6, np.float32), (2,), strides=(-1,)),
        Tensor(np.zeros(6, np.float32), (10**9,), strides=(0,)),
        Tensor(np.zeros(6, np.float32), (2,), offset=-8),
    ],
)
def test_no_tensor_reaches_outside_its_storage(tmp_path, tensor, legacy):
    message = refused(write(tmp_path / "x.pth", {"x": tensor}, legacy))
    assert "a tensor of shape" in message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([np.ones(2)], "holds a list"),
        ({"epoch": 3}, "entry 'epoch' is not a tensor"),
        ({"model": {"weight": 1}}, "entry 'model' is not a tensor"),
        ({7: np.ones(2)}, "entry 7 is not a tensor"),
    ],
)
def test_only_named_tensors(tmp_path, content, says):
    if isinstance(content, list):
        content = [Tensor(x) for x in content]
    assert says in refused(write(tmp_path / "x.pth", content))


@BOTH
def test_a_file_cut_short(tmp_path, legacy):
    path = write(tmp_path / "x.pth", {"x": np.ones(1000, np.float32)}, legacy)
    path.write_bytes(path.read_bytes()[:-50])
    refused(path)


def test_a_storage_of_another_length(tmp_path):
    path = write(tmp_path / "x.pth", {"x": np.ones(4, np.float32)})
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value[:-4] if "/data/" in name else value)
    assert "does not hold 4 values of float32" in refused(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello", b"\x80\x02K\x01."])
def test_other_files(tmp_path, content):
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    refused(path)
    refused(tmp_path / "absent.pth")


def test_names_in_a_file_do_not_fill_the_screen(tmp_path):
    path = tmp_path / "x.pth"
    # A call of ``a\nb.ESC[31m``, and of a module whose name has 5000 letters.
    path.write_bytes(b"\x80\x04\x8c\x03a\nb\x8c\x05\x1b[31m\x93.")
    assert "asks for a b. [31m" in refused(path)
    path.write_bytes(b"\x80\x02c" + b"a" * 5000 + b"\nb\n.")
    assert "asks for aaaa" in refused(path)


def test_a_name_in_a_header_that_is_too_long(tmp_path):
    """The name of an entry in its header has two bytes for its length, at byte 26."""
    path = write(tmp_path / "x.pth", {"x": np.ones(1000, np.float32)})
    content = bytearray(path.read_bytes())
    content[26:28] = (2000).to_bytes(2, "little")
    path.write_bytes(content)
    assert "BadZipFile: File name in directory" in refused(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_what_torch_itself_writes(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 2), torch.nn.BatchNorm2d(4))
    state = torch_files.randomise(module).state_dict()
    state["half"] = state["0.weight"].half().transpose(0, 1)
    state["brain"] = state["0.weight"].bfloat16()
    state["parameter"] = torch.nn.Parameter(torch.arange(3.0))
    path = tmp_path / "x.pth"
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    found = read_torch(path, "x")
    assert list(found) == list(state)
    for name, tensor in state.items():
        expected = tensor.detach().float().numpy()
        np.testing.assert_array_equal(found[name].astype(np.float32), expected)


def packed_again(path):
    """Pack the entries of a zip archive by deflate."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in content.items():
            archive.writestr(name, value)


def peak(path):
    tracemalloc.start()
    message = refused(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * 10**7
    return message


def test_packed_tensors_are_not_unpacked(tmp_path):
    path = write(tmp_path / "x.pth", {"x": np.zeros(10**7, np.float32)})
    packed_again(path)
    assert path.stat().st_size < 10**5
    assert "would unpack to 40,000," in peak(path)


def test_one_storage_in_many_tensors(tmp_path):
    values = np.zeros(10**6, np.float32)
    turned = {f"x{i}": Tensor(values, (1000, 1000), strides=(1, 1000))
              for i in range(40)}  # fmt: skip
    path = write(tmp_path / "x.pth", turned)
    assert "its tensors have 160,000,000 bytes" in peak(path)


@BOTH
def test_a_memo_of_many_entries(tmp_path, legacy):
    """``r`` and four bytes put the value on top of the stack into the memo."""
    path = write(tmp_path / "x.pth", {"x": np.zeros(3, np.float32)}, legacy)
    content, bomb = path.read_bytes(), b"\x80\x02}r\x00\x00\x00\x01."  # 2^24
    if legacy:
        path.write_bytes(bomb + content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x/data.pkl", bomb)
    assert "skips entries of its memo" in peak(path)


@BOTH
def test_many_storages_that_are_not_there(tmp_path, legacy):
    path = write(
        tmp_path / "x.pth",
        {f"x{i}": np.zeros(1000, np.float32) for i in range(20)},
        legacy,
    )
    path.write_bytes(path.read_bytes()[:-40_000])
    peak(path)
