"""A weight file must match its published digest; otherwise an error names the fix."""

import hashlib

import flax.linen as nn
import numpy as np
import pytest
import safetensors.numpy

from ganjax.errors import BadInput
from ganjax.metrics.features import layout, weights
from ganjax.metrics.features.weights import cache_folder, find, read, sha256

CONTENT = b"some weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def refused(*arguments):
    with pytest.raises(BadInput) as caught:
        find("x.pth", *arguments)
    message = str(caught.value)
    assert "\n" not in message
    return message


def published(tmp_path, content=CONTENT):
    path = tmp_path / "published.pth"
    path.write_bytes(content)
    return path


def test_digest_of_nothing_is_the_known_one(tmp_path):
    path = published(tmp_path, b"")
    # The SHA-256 of the empty message (FIPS 180-4).
    assert sha256(path).startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_a_given_file_is_verified(tmp_path):
    path = published(tmp_path)
    assert find("x.pth", str(path), "", DIGEST) == path
    path.write_bytes(b"other weights")
    message = refused(str(path), "", DIGEST)
    assert message.startswith(f"evaluation.weights='{path}': SHA-256 is ")
    assert DIGEST in message and "expected x.pth" in message
    message = refused(str(tmp_path / "absent"), "", DIGEST)
    assert "no such file; expected x.pth" in message


def test_fetched_once_and_kept(tmp_path):
    url = published(tmp_path).as_uri()
    found = find("x.pth", "", url, DIGEST)
    assert found == cache_folder() / "x.pth" and found.read_bytes() == CONTENT
    (tmp_path / "published.pth").unlink()
    assert find("x.pth", "", url, DIGEST) == found


def test_another_file_is_not_kept(tmp_path):
    url = published(tmp_path, b"other").as_uri()
    message = refused("", url, DIGEST)
    assert "give x.pth by evaluation.weights=PATH" in message
    assert list(cache_folder().iterdir()) == []


@pytest.mark.parametrize("url", ["", "file:///no/such/file", "http://127.0.0.1:9/x"])
def test_no_network(url):
    message = refused("", url, DIGEST)
    assert message.startswith("evaluation.weights='': x.pth is not in ")
    assert message.endswith("give x.pth by evaluation.weights=PATH")
    assert list(cache_folder().iterdir()) == []


def test_a_damaged_cache_says_what_to_do():
    cache_folder().mkdir(parents=True)
    (cache_folder() / "x.pth").write_bytes(b"damaged")
    assert "delete it, or give x.pth by evaluation.weights" in refused("", "", DIGEST)


def test_safetensors(tmp_path):
    tensors = {"a": np.ones((2, 3), np.float16), "b": np.arange(3)}
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file(tensors, path)
    found = read(path)
    assert found["a"].dtype == np.float16 and found["b"].dtype == np.int64
    np.testing.assert_array_equal(found["b"], tensors["b"])
    path.write_bytes(b"no such thing")
    with pytest.raises(BadInput, match="not a safetensors file"):
        read(path)


class Network(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.Conv(4, (1, 2), use_bias=False, name="conv")(x)
        x = nn.BatchNorm(use_running_average=True, name="bn")(x)
        return nn.Dense(5, name="fc")(x.mean((1, 2)))


SHAPES = {
    "conv.weight": (4, 3, 1, 2),
    "bn.weight": (4,),
    "bn.bias": (4,),
    "bn.running_mean": (4,),
    "bn.running_var": (4,),
    "bn.num_batches_tracked": (),
    "fc.weight": (5, 4),
    "fc.bias": (5,),
}


def fitted(tensors, ignored=()):
    expected = layout.shapes(Network(), (4, 4, 3))
    return layout.from_torch(expected, tensors, "evaluation.weights='x'", ignored)


def test_torch_kernels_are_turned():
    rng = np.random.default_rng(0)
    tensors = {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}
    found = fitted(tensors)
    kernel = found["params"]["conv"]["kernel"]
    assert kernel.shape == (1, 2, 3, 4) and kernel.dtype == np.float32
    # Flax: [height, width, in, out]; torch: [out, in, height, width].
    assert kernel[0, 1, 2, 3] == np.float32(tensors["conv.weight"][3, 2, 0, 1])
    np.testing.assert_array_equal(
        found["params"]["fc"]["kernel"], tensors["fc.weight"].T.astype(np.float32)
    )
    np.testing.assert_array_equal(
        found["batch_stats"]["bn"]["var"], np.float32(tensors["bn.running_var"])
    )
    again = layout.from_flat(found, layout.flat(found), "x")
    np.testing.assert_array_equal(again["params"]["conv"]["kernel"], kernel)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"fc.bias": None}, "lacks tensor 'fc.bias', so"),
        ({"fc.bias": None, "bn.bias": None}, "lacks tensor 'bn.bias' and 1 more"),
        ({"aux.bias": (3,)}, "has an unknown tensor 'aux.bias'"),
        ({"fc.weight": (4, 5)}, r"tensor 'fc.weight' has shape \(4, 5\)"),
        ({"conv.weight": (4, 3)}, r"tensor 'conv.weight' has shape \(4, 3\)"),
    ],
)
def test_another_layout_is_refused(change, says):
    shapes = {**SHAPES, **change}
    tensors = {name: np.zeros(s) for name, s in shapes.items() if s is not None}
    with pytest.raises(BadInput, match=says) as caught:
        fitted(tensors)
    assert "give the right file by evaluation.weights=PATH" in str(caught.value)


def test_what_has_no_part_in_features_may_be_there():
    tensors = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    fitted({**tensors, "mask_token": np.zeros(3)}, ignored=("mask_token",))


def test_reading_names_the_file(tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(b"no such thing")
    with pytest.raises(BadInput, match=f"evaluation.weights='{path}'"):
        weights.read(path)
