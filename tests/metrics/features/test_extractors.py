"""Properties that all extractors share."""

import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.metrics.features import EXTRACTORS, extractor, open_extractor
from ganjax.metrics.features.extractor import batched, coloured

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 4, 5, 3), np.uint8)


def test_names():
    assert set(EXTRACTORS) == {
        "inception",
        "dinov2_vitb14",
        "effnet_lite0",
        "small_cnn_mnist",
        "small_cnn_fashion_mnist",
    }


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(BadInput, match="evaluation.extractor=.*'inception'"):
        open_extractor("inceptoin")


@pytest.mark.parametrize("name", ["inception", "dinov2_vitb14", "effnet_lite0"])
def test_an_unknown_filter_is_met_with_the_nearest(name):
    with pytest.raises(BadInput, match="evaluation.resize=.*'bilinear_tf1'"):
        open_extractor(name, resize="bilinear_tf2")


@pytest.mark.parametrize("name", ["inception", "dinov2_vitb14", "effnet_lite0"])
def test_a_missing_file_is_named(name, tmp_path):
    path = tmp_path / "absent.pth"
    with pytest.raises(BadInput, match=f"evaluation.weights='{path}': no such file"):
        open_extractor(name, str(path))


@pytest.mark.parametrize("batch", [1, 3, 7, 10])
def test_batches_are_of_one_length_and_traced_once(batch):
    traced = []

    def look(variables, images):
        traced.append(images.shape)
        features = images.reshape(batch, -1).astype(jnp.float32) * variables["factor"]
        return features, features[:, :2] / 255

    see = batched(look, {"factor": jnp.float32(2)}, batch)
    for _ in range(2):
        features, probabilities = see(IMAGES)
        np.testing.assert_array_equal(features, 2.0 * IMAGES.reshape(7, -1))
        np.testing.assert_allclose(probabilities, features[:, :2] / 255, rtol=1e-6)
        assert isinstance(features, np.ndarray) and features.dtype == np.float32
    assert traced == [(batch, 4, 5, 3)]


def test_a_network_without_classes():
    see = batched(lambda _, x: (x.reshape(2, -1).astype(jnp.float32), None), {}, 2)
    features, probabilities = see(IMAGES)
    assert features.shape == (7, 60) and probabilities is None


def test_grey_is_repeated():
    grey = coloured(IMAGES[..., :1])
    assert grey.shape == IMAGES.shape
    np.testing.assert_array_equal(grey, np.repeat(IMAGES[..., :1], 3, axis=-1))
    np.testing.assert_array_equal(coloured(IMAGES), IMAGES)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (IMAGES[0], "shape"),
        (IMAGES[..., :2], "1 or 3 channels"),
        (IMAGES[:0], "at least 1"),
        (IMAGES.astype(np.float64), "float64: expected uint8"),
    ],
)
def test_what_is_refused(images, says):
    with pytest.raises(BadInput, match=says):
        extractor.checked(images)
