"""JSON of data sets that is malformed in any way, and disks that become full."""

import json
import os
import resource

import numpy as np
import pytest
from PIL import Image

from ganjax.commands import prepare
from ganjax.data import open_source
from ganjax.data.prepared import find, verify_manifest
from ganjax.data.prepared_images import MANIFEST, verify
from ganjax.data.tree import Tree
from ganjax.errors import BadInput
from ganjax.metrics.features.weights import read

MALFORMED = {
    "empty": b"",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "cut": b'{"kind": ',
    "no UTF-8": b'{"kind": "\xff"}',
    "zeros": bytes(20),
    "deep": b'{"kind": ' * 100_000,
    "long": b'{"kind": ' + b"9" * 5000 + b"}",
}


@pytest.fixture
def photos(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(name)).integers(0, 255, (40, 40, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photos" / name)
    return tmp_path / "photos"


@pytest.fixture
def prepared(photos, tmp_path, capsys):
    out = tmp_path / "my data"
    arguments = [str(photos), "--size=8", f"--dir={out}", "--holdout=1"]
    assert prepare.main(arguments) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.endswith(f"--config.data.dir='{out}/photos-8x8'")
    return out / "photos-8x8"


def refused(call, *arguments):
    with pytest.raises(BadInput) as caught:
        call(*arguments)
    said = str(caught.value)
    named = sum(len(str(argument)) for argument in arguments)  # paths of any length
    assert "\n" not in said and len(said) - named < 500
    return said


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_manifest_is_one_line(tmp_path, kind):
    (tmp_path / MANIFEST).write_bytes(MALFORMED[kind])
    assert f"{MANIFEST}: damaged" in refused(verify, tmp_path)
    assert f"{MANIFEST}: damaged" in refused(verify_manifest, tmp_path)


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_list_of_labels_is_one_line(photos, kind):
    (photos / "dataset.json").write_bytes(MALFORMED[kind])
    assert "dataset.json: " in refused(open_source, "image_folder", str(photos))


def test_a_manifest_with_other_content_is_one_line(prepared):
    """Each entry is removed, and replaced by values of other types."""
    source = open_source("image_folder", str(prepared))
    assert source.spec.shape == (8, 8, 3) and len(source.train) == 3
    path = prepared / MANIFEST
    whole = json.loads(path.read_text())
    places = [(whole, name) for name in ("splits", "shape", "classes", "name")]
    places += [(whole["splits"], "train")]
    places += [(whole["splits"]["train"], x) for x in ("shards", "labels")]
    places += [(whole["splits"]["test"]["labels"], x) for x in ("file", "bytes")]
    for section, name in places:
        held = section.pop(name)
        path.write_text(json.dumps(whole))
        refused(open_source, "image_folder", str(prepared))
        for value in (None, 7, [[]], {"x": 1}):
            if (name, value) == ("name", None) or name in ("name", "classes"):
                continue
            section[name] = value
            path.write_text(json.dumps(whole))
            refused(open_source, "image_folder", str(prepared))
        section[name] = held


def test_labels_that_are_longer_than_their_file(prepared):
    manifest = json.loads((prepared / MANIFEST).read_text())
    entry = manifest["splits"]["train"]["labels"]
    with (prepared / entry["file"]).open("wb") as file:
        facts = {"descr": "<i4", "fortran_order": False, "shape": (10**12,)}
        np.lib.format.write_array_header_1_0(file, facts)
    entry["bytes"] = (prepared / entry["file"]).stat().st_size
    (prepared / MANIFEST).write_text(json.dumps(manifest))
    said = refused(open_source, "image_folder", str(prepared))
    assert "train: damaged (has 0 bytes of values, expected 4,000,0" in said


def test_folders_with_odd_versions(tmp_path):
    for name in ("1..2", "²", "1.0.0", "."):
        (tmp_path / name).mkdir(exist_ok=True)
    (tmp_path / "1.0.0/dataset_info.json").write_text("{}")
    assert find(tmp_path) == tmp_path / "1.0.0"


def test_a_full_disk_keeps_no_part_of_a_file_and_the_command_goes_on(
    photos, tmp_path, capsys
):
    """A limit on the size of files acts like a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    arguments = [str(photos), "--size=64", f"--dir={tmp_path}", "--holdout=1"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError) as caught:
            prepare.main(arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value.filename).endswith(".unfinished")
    assert not list(tmp_path.rglob("*.unfinished"))
    assert prepare.main(arguments) == 0


@pytest.mark.parametrize(
    "header",
    [b"{", b"[]", b'{"x": 1}', b'{"x": {"dtype": "F9", "shape": [1], "data_offsets":'
     b" [0, 4]}}", b'{"x": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}',
     b'{"x": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 4]}}'],
)  # fmt: skip
def test_malformed_safetensors_are_one_line(tmp_path, header):
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert "x.safetensors': not a safetensors file (" in refused(read, path)
    path.write_bytes((2**62).to_bytes(8, "little") + header)
    refused(read, path)


@pytest.mark.parametrize("name", ["images.zip", "images.tar", "images"])
def test_a_named_pipe_is_no_archive(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(BadInput, match=f"{name}: is a named pipe or a device"):
        Tree(tmp_path / name)
