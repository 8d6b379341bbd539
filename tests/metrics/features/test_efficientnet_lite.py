"""EfficientNet-Lite0 compared with the package's torch module, published weights."""

import jax
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.metrics.features import efficientnet_lite, layout, open_extractor
from ganjax.metrics.features.extractor import sown
from ganjax.metrics.features.resize import resize
from tests.metrics.features import torch_files


def test_parameters_are_those_of_the_published_network():
    expected = layout.shapes(efficientnet_lite.EfficientNetLite0(), (224, 224, 3))
    count = sum(np.prod(x.shape) for x in jax.tree.leaves(expected["params"]))
    # The TPU repository's table says 4.7 M.
    assert round(count / 1e5) == 47


@pytest.mark.full
def test_a_map_of_each_stage():
    """Sides and channels of the paper's table 1, with the Lite widths."""
    network = efficientnet_lite.EfficientNetLite0()
    variables = layout.shapes(network, (224, 224, 3))
    images = jax.ShapeDtypeStruct((2, 224, 224, 3), np.float32)
    found = jax.eval_shape(lambda v, x: sown(network, v, x), variables, images)
    sides = [112, 56, 28, 14, 14, 7, 7]
    channels = [16, 24, 40, 80, 112, 192, 320]
    expected = [(2, n, n, c) for n, c in zip(sides, channels, strict=True)]
    assert [x.shape for x in found] == expected


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(efficientnet_lite, "packaged", lambda: None)
    with pytest.raises(BadInput, match=r"pip install ganjax\[features\], or give"):
        open_extractor("effnet_lite0")


@pytest.mark.full
def test_features_and_classes_are_the_packages(monkeypatch):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("efficientnet_lite_pytorch")
    path = efficientnet_lite.packaged()
    if path is None:
        pytest.skip(f"{efficientnet_lite.PACKAGE} is not installed")
    monkeypatch.setattr(efficientnet_lite, "BATCH", 3)
    extractor = open_extractor("effnet_lite0")
    assert extractor.width == 1280
    # Smooth images, because white noise saturates the network.
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 9, 9, 3)).astype(np.uint8)
    features, probabilities = extractor.see(images)

    network = package.EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=str(path)
    ).eval()
    x = resize(images, 224, "bicubic_antialiased")
    x = torch.tensor(np.array(x).transpose(0, 3, 1, 2))
    with torch.no_grad():
        theirs = network.extract_features((x - 127) / 128).mean((2, 3))
        classes = network((x - 127) / 128).softmax(1).numpy()
    difference = torch_files.relative(features, theirs)
    print(f"features: {difference:.2e}")
    assert difference <= 1e-4
    difference = torch_files.relative(probabilities, classes)
    print(f"probabilities: {difference:.2e}")
    assert difference <= 1e-3
