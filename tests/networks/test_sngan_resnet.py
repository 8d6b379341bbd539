"""SNGAN's residual networks: parameters, shapes, initialisation, gradients."""

import dataclasses
import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import residual, sngan_resnet
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)
SIZES = (32, 48, 64, 128)


def conv(inputs, outputs, k=3):
    return k * k * inputs * outputs + outputs


def up(inputs, outputs):
    """Count parameters of an upsampling block: two 3×3, shortcut, two batch norms."""
    two = conv(inputs, outputs) + conv(outputs, outputs)
    return two + conv(inputs, outputs, 1) + 2 * inputs + 2 * outputs


def down(inputs, hidden, outputs, shortcut=True):
    two = conv(inputs, hidden) + conv(hidden, outputs)
    return two + (conv(inputs, outputs, 1) if shortcut else 0)


@pytest.mark.parametrize(
    "size, expected, total",
    [
        # 128 -> 4·4·256, three blocks of 256, batch norm, image
        (32, 128 * 4096 + 4096 + 3 * up(256, 256) + 512 + conv(256, 3), 4_276_739),
        # 128 -> 6·6·512 -> 256 -> 128 -> 64
        (
            48,
            129 * 36 * 512 + up(512, 256) + up(256, 128) + up(128, 64)
            + 128 + conv(64, 3),
            4_878_083,
        ),
        # 128 -> 4·4·1024 -> 512 -> 256 -> 128 -> 64
        (
            64,
            129 * 16 * 1024 + up(1024, 512) + up(512, 256) + up(256, 128)
            + up(128, 64) + 128 + conv(64, 3),
            12_220_675,
        ),
        # one more block of 1024 channels
        (
            128,
            129 * 16 * 1024 + up(1024, 1024) + up(1024, 512) + up(512, 256)
            + up(256, 128) + up(128, 64) + 128 + conv(64, 3),
            32_150_787,
        ),
    ],
)  # fmt: skip
def test_parameters_of_the_published_generators(size, expected, total):
    generator = sngan_resnet.Generator((size, size, 3))
    assert count(generator, 128) == expected == total


# 3 -> 64 -> 128 -> 256 -> 512 -> 1024; hidden channels equal input channels
FIVE = (
    down(3, 64, 64) + down(64, 64, 128) + down(128, 128, 256) + down(256, 256, 512)
    + down(512, 512, 1024)
)  # fmt: skip


@pytest.mark.parametrize(
    "size, expected, total",
    [
        (
            32,
            down(3, 128, 128) + down(128, 128, 128)
            + 2 * down(128, 128, 128, shortcut=False) + 129,
            1_053_825,
        ),
        # the last block halves the size at 64 pixels, not at 48; it widens at both
        (48, FIVE + 1025, 10_141_441),
        (64, FIVE + 1025, 10_141_441),
        (128, FIVE + down(1024, 1024, 1024, shortcut=False) + 1025, 29_017_857),
    ],
)  # fmt: skip
def test_parameters_of_the_published_discriminators(size, expected, total):
    for normalization in ("spectral", "none"):
        discriminator = sngan_resnet.Discriminator(normalization=normalization)
        assert count(discriminator, size, size, 3) == expected == total


@pytest.mark.parametrize(
    "size",
    # The parameters of all sizes are counted above.
    [pytest.param(n, marks=() if n == 48 else pytest.mark.full) for n in SIZES],
)
@pytest.mark.parametrize("conditioning", ["none", "conditional_batch_norm"])
def test_shapes(size, conditioning):
    image = (size, size, 1)
    given_label = {"conditioning": conditioning, "classes": 3}
    labels = conditioning != "none"
    generator = sngan_resnet.Generator(image, width=2, **given_label)
    assert output(generator, 7, labels=labels).shape == (5, *image)
    given_label["conditioning"] = "projection" if labels else "none"
    discriminator = sngan_resnet.Discriminator(width=2, **given_label)
    logits = output(discriminator, *image, labels=labels)
    assert (logits.shape, logits.dtype) == ((5,), jnp.float32)


@pytest.mark.parametrize("shape", [(18, 18, 3), (1280, 1280, 3), (32, 60, 3), (2,)])
def test_other_sizes_are_refused(shape):
    given = "×".join(map(str, shape))
    message = f"expected images with .* from 8 to 1024.* not {given}"
    with pytest.raises(BadInput, match=message):
        initial(sngan_resnet.Generator(shape), 3)
    with pytest.raises(BadInput, match=message):
        initial(sngan_resnet.Discriminator(), *shape)


@pytest.mark.full
def test_kernels_start_uniform_with_a_larger_gain_in_blocks():
    # Glorot: uniform within gain · √(6 / (k²·inputs + k²·outputs))
    discriminator = sngan_resnet.Discriminator(width=8)
    params = initialised(discriminator, KEY, jnp.zeros((1, 32, 32, 3)))["params"]
    block = params["Residual_1"]  # 16 channels throughout
    for name, gain, taps in (("Conv_0", 2, 9), ("Conv_1", 2, 9), ("Conv_2", 1, 1)):
        kernel = np.asarray(block[name]["kernel"])
        assert kernel.shape[0] ** 2 == taps
        bound = math.sqrt(gain * 6 / (taps * (16 + 16)))
        assert 0.97 * bound < np.abs(kernel).max() <= bound
        # the variance of a uniform distribution, known to about 1/√(samples)
        expected = pytest.approx(bound**2 / 3, rel=3 / math.sqrt(kernel.size))
        assert kernel.var() == expected


def test_a_flat_image_meets_flat_blocks():
    """Far from the border a constant image gives constant features. The discriminator's
    first block is compared with its formula on kernels summed over taps."""
    discriminator = sngan_resnet.Discriminator(width=2, normalization="none")
    x = jnp.full((1, 32, 32, 1), 0.7)
    variables = initialised(discriminator, KEY, x)
    _, kept = discriminator.apply(
        variables,
        x,
        train=True,
        capture_intermediates=lambda module, _: module.name == "Residual_0",
        mutable=["intermediates"],
    )
    found = kept["intermediates"]["Residual_0"]["__call__"][0][0, 8, 8]
    first, second, shortcut = (
        np.asarray(variables["params"]["Residual_0"][name]["kernel"], np.float64)
        for name in ("Conv_0", "Conv_1", "Conv_2")
    )
    hidden = np.maximum(0.7 * first.sum((0, 1)), 0)
    expected = hidden @ second.sum((0, 1)) + 0.7 * shortcut[0, 0]
    np.testing.assert_allclose(found, expected[0], rtol=1e-5, atol=1e-6)


def test_features_are_summed_or_averaged_over_pixels():
    """There are 8×8 pixels, and without the bias a logit is linear in the features."""
    x = jax.random.normal(KEY, (3, 32, 32, 3))
    summed, mean = (
        sngan_resnet.Discriminator(width=2, normalization="none", pooling=pooling)
        for pooling in ("sum", "mean")
    )
    variables = initialised(summed, KEY, x)
    expected = summed.apply(variables, x, train=False) / 64
    np.testing.assert_allclose(
        mean.apply(variables, x, train=False), expected, rtol=1e-4, atol=1e-6
    )


def test_images_are_in_range_and_depend_on_the_latent():
    generator = sngan_resnet.Generator((32, 32, 3), width=2)
    z = jax.random.normal(KEY, (3, 8))
    variables = initialised(generator, KEY, z)
    make = jax.jit(lambda z: generator.apply(variables, z, train=False))
    images = np.asarray(make(1e3 * z))
    assert np.abs(images).max() <= 1
    assert images.min() < -0.9 and images.max() > 0.9
    assert np.abs(images[0] - images[1]).max() > 0.1


@pytest.mark.full
def test_the_label_changes_the_output_once_its_scales_are_learned():
    given_label = {"classes": 3, "width": 2}
    generator = sngan_resnet.Generator(
        (32, 32, 1), conditioning="conditional_batch_norm", **given_label
    )
    z, label = jax.random.normal(KEY, (2, 8)), jnp.array([0, 1])
    variables = initialised(generator, KEY, z, label)
    images = generator.apply(variables, z, label, train=False)
    swapped = generator.apply(variables, z, label[::-1], train=False)
    np.testing.assert_array_equal(images, swapped)  # the gain is 1 for every label

    def learned(path, leaf):
        is_scale = any(getattr(key, "key", "") == "scale" for key in path)
        if is_scale and path[-1].key == "kernel":
            return leaf + jnp.arange(leaf.size).reshape(leaf.shape) / leaf.size
        return leaf

    variables = jax.tree_util.tree_map_with_path(learned, variables)
    images = generator.apply(variables, z, label, train=False)
    swapped = generator.apply(variables, z, label[::-1], train=False)
    assert np.abs(images - swapped).max() > 1e-3

    critic = sngan_resnet.Discriminator(conditioning="projection", **given_label)
    variables = initialised(critic, KEY, images, label)
    logits = critic.apply(variables, images, label, train=False)
    swapped = critic.apply(variables, images, label[::-1], train=False)
    assert np.abs(logits - swapped).min() > 1e-6


@pytest.mark.parametrize(
    "normalization", ["spectral", pytest.param("none", marks=pytest.mark.full)]
)
def test_the_gradient_of_a_gradient_penalty(normalization):
    critic = sngan_resnet.Discriminator(width=2, normalization=normalization)
    x = jax.random.normal(KEY, (2, 32, 32, 1))
    variables = initialised(critic, KEY, x)

    def penalty(params):
        def logits(x):
            return critic.apply({**variables, "params": params}, x, train=False).sum()

        return jnp.sum(jax.grad(logits)(x) ** 2)

    gradients = jax.jit(jax.grad(penalty))(variables["params"])
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert np.isfinite(leaf).all()
        # the last bias adds a constant to the logits
        if path[-1].key == "kernel":
            assert np.abs(leaf).max() > 0, path


def test_a_rectified_shortcut_reads_the_output_of_the_relu():
    """With zero residual kernels a block is its shortcut, here the identity."""
    style = residual.Style("none", False, jnp.float32, nn.initializers.zeros)
    x = jax.random.normal(KEY, (1, 4, 4, 2))
    for rectified in (False, True):
        made = dataclasses.replace(style, rectified_shortcut=rectified)
        block = residual.Residual(2, 2, made)
        found = block.apply(block.init(KEY, x, train=True), x, train=True)
        np.testing.assert_array_equal(found, jnp.maximum(x, 0) if rectified else x)


def test_a_bilinear_block_smooths_its_shortcut():
    """With a shortcut of ones and no residual, a step from 0 to 4 passes 1 and 3."""
    style = residual.Style("none", False, jnp.float32, nn.initializers.ones)
    style = dataclasses.replace(
        style, residual_init=nn.initializers.zeros, upsampling="bilinear"
    )
    x = jnp.broadcast_to(jnp.array([0.0, 4.0])[:, None], (1, 2, 2, 1))
    block = residual.Residual(1, 1, style, "up")
    found = block.apply(block.init(KEY, x, train=True), x, train=True)
    np.testing.assert_allclose(found[0, 0, :, 0], [0, 1, 3, 4], atol=1e-6)


def test_conditional_gains_start_near_one_and_shifts_at_zero():
    generator = sngan_resnet.Generator(
        (32, 32, 1), width=8, gain_deviation=0.02, classes=10,
        conditioning="conditional_batch_norm",
    )  # fmt: skip
    z, label = jnp.zeros((1, 8)), jnp.zeros(1, jnp.int32)
    params = initialised(generator, KEY, z, label)["params"]
    maps = params["Residual_1"]["ConditionalBatchNorm_0"]
    gains = np.asarray(maps["scale"]["kernel"])  # 10 classes, 32 channels
    assert gains.std() == pytest.approx(0.02, rel=3 / math.sqrt(2 * gains.size))
    assert not np.asarray(maps["shift"]["kernel"]).any()
