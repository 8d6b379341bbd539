"""Properties that all extractors share."""

import dataclasses

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
        "clip",
        "effnet_lite0",
        "small_cnn_mnist",
        "small_cnn_fashion_mnist",
        "scene_reader",
    }


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(BadInput, match="evaluation.extractor=.*'inception'"):
        open_extractor("inceptoin")


@pytest.mark.parametrize("name", ["inception", "dinov2_vitb14", "clip", "effnet_lite0"])
def test_an_unknown_filter_is_met_with_the_nearest(name):
    with pytest.raises(BadInput, match="evaluation.resize=.*'bilinear_tf1'"):
        open_extractor(name, resize="bilinear_tf2")


@pytest.mark.parametrize("name", ["inception", "dinov2_vitb14", "clip", "effnet_lite0"])
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
        (np.float32(IMAGES), "float32: expected uint8; ganjax.data.as_bytes conver"),
        (np.float32(IMAGES / 127.5 - 1), "float32: expected uint8; ganjax.data.as_b"),
        (np.float32(IMAGES / 255), "float32: expected uint8"),
        (np.full_like(IMAGES, np.nan, np.float32), "float32: expected uint8"),
        (IMAGES > 127, "bool: expected uint8"),
        (IMAGES.astype(int), "int64: expected uint8"),
    ],
)
def test_what_is_refused(images, says):
    with pytest.raises(BadInput, match=says):
        extractor.checked(images)


def means():
    """An extractor of an outside function, whose feature is the mean in [0, 255]."""

    def see(images):
        return np.float32(images).mean((1, 2, 3))[:, None], None

    return extractor.Extractor("means", 1, "0", "none", see)


def test_every_extractor_takes_bytes_alone():
    """An outside extractor checks nothing itself. Without a check, its features of
    the same images as floats would differ."""
    np.testing.assert_allclose(means().see(IMAGES)[0][:, 0], IMAGES.mean((1, 2, 3)))
    copied = dataclasses.replace(means(), name="other")
    for made in (means(), copied):
        for images in (IMAGES / 127.5 - 1, IMAGES / 255, IMAGES.astype(np.float32)):
            with pytest.raises(BadInput, match="expected uint8; ganjax.data.as_bytes"):
                made.see(images.astype(np.float32))


def test_unrounded_images_are_in_the_range_of_the_networks():
    """A pixel of -1 is 0, and 0.002 (a quarter of one of 256 values) is not lost."""
    x = np.zeros((2, 4, 4, 1), np.float32) - 1
    x[1] += 0.002
    features, _ = means().see_unrounded(x)
    np.testing.assert_allclose(features[:, 0], [0, 0.255], atol=1e-4)
    np.testing.assert_allclose(
        means().see_unrounded(np.float32(IMAGES / 127.5 - 1))[0],
        means().see(IMAGES)[0],
        rtol=1e-5,
    )
    wrong = {"NaN or infinity": x * np.nan, "uint8": IMAGES, "shape": x[0]}
    for said, images in wrong.items():
        with pytest.raises(BadInput, match=f"images of {said}"):
            means().see_unrounded(images)
