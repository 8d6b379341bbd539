"""FID's Inception compared with pytorch-fid's, with the same random weights."""

import jax
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.metrics.features import inception, layout, open_extractor, weights
from ganjax.metrics.features.resize import resize
from tests.metrics.features import torch_files

TAPS = {"64": (73, 73), "192": (35, 35), "768": (17, 17)}


@pytest.fixture(scope="module")
def expected():
    return layout.shapes(inception.InceptionV3(), (299, 299, 3))


def test_parameters_are_those_of_the_published_network(expected):
    # torchvision states 27,161,264 parameters for its Inception-v3, of which 3,326,696
    # belong to the auxiliary head. FID's network has 8 more classes on 2048 features.
    count = sum(np.prod(x.shape) for x in jax.tree.leaves(expected["params"]))
    assert count == 27_161_264 - 3_326_696 + 8 * (2048 + 1)
    # 94 convolutions with a kernel, a scale, a shift, a mean and a variance each, and
    # the head. The file also has a counter for each convolution: 566 tensors.
    assert len(jax.tree.leaves(expected)) + 94 == 566


def test_shapes_of_what_it_sees():
    network = inception.InceptionV3()
    images = jax.ShapeDtypeStruct((2, 299, 299, 3), np.float32)
    variables = layout.shapes(network, (299, 299, 3))
    found = jax.eval_shape(network.apply, variables, images)
    for name, sides in TAPS.items():
        assert found[name].shape == (2, *sides, int(name))
    assert found["2048"].shape == (2, 2048)
    assert found["logits"].shape == found["logits_unbiased"].shape == (2, 1008)


def test_pixels_enter_as_the_tool_that_resizes_has_them():
    x = np.array([0.0, 127.5, 255.0])
    np.testing.assert_allclose(inception.scaled(x, "bilinear_half_pixel"), [-1, 0, 1])
    np.testing.assert_allclose(
        inception.scaled(x, "bilinear_tf1"), [-1, -0.5 / 128, 127 / 128]
    )


def test_other_weights_are_refused(tmp_path):
    path = torch_files.write(tmp_path / "x.pth", {"fc.bias": np.zeros(1008)})
    with pytest.raises(BadInput, match=inception.DIGEST):
        open_extractor("inception", str(path))


@pytest.fixture(scope="module")
def theirs():
    """pytorch-fid's own network, built without its download."""
    torch = pytest.importorskip("torch")
    published = pytest.importorskip("pytorch_fid.inception")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(torch.nn.Module, "load_state_dict", lambda *_: None)
        return torch_files.randomise(published.fid_inception_v3())


@pytest.mark.full
def test_every_tap_is_pytorch_fids(tmp_path, monkeypatch, theirs, expected):
    torch = pytest.importorskip("torch")
    published = pytest.importorskip("pytorch_fid.inception")
    path = tmp_path / inception.FILE
    torch.save(theirs.state_dict(), path, _use_new_zipfile_serialization=False)
    monkeypatch.setattr(published, "fid_inception_v3", lambda: theirs)
    wrapped = published.InceptionV3([0, 1, 2, 3]).eval()
    images = np.random.default_rng(0).integers(0, 256, (2, 40, 50, 3), np.uint8)
    with torch.no_grad():
        taps = wrapped(torch.tensor(images.transpose(0, 3, 1, 2)) / 255)
        logits = theirs.fc(taps[3].flatten(1)).numpy()

    variables = layout.from_torch(expected, weights.read(path), "x")
    x = resize(images, 299, "bilinear_half_pixel")
    x = inception.scaled(x, "bilinear_half_pixel")
    ours = jax.jit(inception.InceptionV3().apply)(variables, x)
    for name, tap in zip(("64", "192", "768"), taps, strict=False):
        difference = torch_files.relative(ours[name], tap.permute(0, 2, 3, 1))
        print(f"{name}: {difference:.2e}")
        assert difference <= 1e-4
    for name, tap in (("2048", taps[3].flatten(1)), ("logits", logits)):
        difference = torch_files.relative(ours[name], tap)
        print(f"{name}: {difference:.2e}")
        assert difference <= 1e-4

    # The whole extractor, from the user's file to features and probabilities.
    monkeypatch.setattr(inception, "DIGEST", weights.sha256(path))
    monkeypatch.setattr(inception, "BATCH", 2)
    extractor = open_extractor("inception", str(path), "bilinear_half_pixel")
    features, probabilities = extractor.see(images)
    assert torch_files.relative(features, taps[3].flatten(1)) <= 1e-4
    unbiased = torch.tensor(features) @ theirs.fc.weight.detach().T
    np.testing.assert_allclose(
        probabilities, unbiased.softmax(1).numpy(), rtol=1e-3, atol=1e-6
    )
