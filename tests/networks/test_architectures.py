"""Every architecture: numbers of parameters, shapes and ranges."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import ARCHITECTURES, dcgan, deep_conv, mlp, sn_dcgan
from tests.parameters import initialised

KEY = jax.random.key(0)
# base · 2^k with a base from 4 to 7; at most 64.
POSSIBLE = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64)
CRITICS = [n for n, a in ARCHITECTURES.items() if hasattr(a, "Discriminator")]
BOTH = [name for name in CRITICS if hasattr(ARCHITECTURES[name], "Generator")]
NORMALISED = [
    name
    for name in CRITICS
    if hasattr(ARCHITECTURES[name].Discriminator, "normalization")
]
# The fastest to compile of NORMALISED. The others use the same layers.
QUICK = ("mlp", "dcgan", "sngan_resnet")
LARGE = ("sngan_resnet", "sagan", "biggan")
SOON = (28, 1)
# Options for a small network, for architectures with other options than ``width``.
SMALL = {
    "mlp": {"widths": (4,)},
    "progressive": {"channel_max": 4},
    "transformer": {"width": 4, "depth": 1},
    "stylegan2": {"channel_max": 4, "intermediate": 4},
    "r3gan": {"width": 8, "group": 4},
}


def shapes(module, *shape):
    """Return the shapes of the variables of ``module`` for inputs ``[2, *shape]``."""
    x = jax.ShapeDtypeStruct((2, *shape), jnp.float32)
    return jax.eval_shape(lambda x: module.init(KEY, x, train=True), x)


def count(module, *shape):
    leaves = jax.tree.leaves(shapes(module, *shape)["params"])
    return sum(math.prod(leaf.shape) for leaf in leaves)


def output(module, *shape, n=5):
    x = jax.ShapeDtypeStruct((n, *shape), jnp.float32)
    variables = shapes(module, *shape)
    return jax.eval_shape(lambda v, x: module.apply(v, x, train=False), variables, x)


def test_parameters_of_dcgan_in_pytorchs_example():
    # torch's DCGAN tutorial (64 px, width 64) has 3,576,704 and 2,765,568 parameters.
    # Its output layers and its first discriminator layer have no bias. Ours have: 3
    # more, and 64 + 1 more.
    generator = dcgan.Generator((64, 64, 3), width=64)
    discriminator = dcgan.Discriminator(width=64, normalization="batch")
    assert count(generator, 100) == 3_576_704 + 3
    assert count(discriminator, 64, 64, 3) == 2_765_568 + 65


@pytest.mark.parametrize(
    "normalization, expected",
    [
        # z 10 -> 4·4·8 -> 8·8·4 -> 16·16·3; kernels 10·16·8, 16·8·4, 16·4·3
        ("batch", 1280 + 2 * 8 + 512 + 2 * 4 + 192 + 3),
        ("none", 1280 + 16 * 8 + 512 + 4 + 192 + 3),
        ("spectral", 1280 + 16 * 8 + 512 + 4 + 192 + 3),
    ],
)
def test_parameters_of_the_dcgan_generator(normalization, expected):
    generator = dcgan.Generator((16, 16, 3), width=4, normalization=normalization)
    assert count(generator, 10) == expected


@pytest.mark.parametrize(
    "normalization, expected",
    [
        # 16·16·3 -> 8·8·4 -> 4·4·8 -> 1; kernels 16·3·4, 16·4·8, 4·4·8
        ("batch", 192 + 4 + 512 + 2 * 8 + 128 + 1),
        ("none", 192 + 4 + 512 + 8 + 128 + 1),
        ("spectral", 192 + 4 + 512 + 8 + 128 + 1),
    ],
)
def test_parameters_of_the_dcgan_discriminator(normalization, expected):
    discriminator = dcgan.Discriminator(width=4, normalization=normalization)
    assert count(discriminator, 16, 16, 3) == expected


def test_parameters_of_dcgan_on_a_base_of_seven():
    # 28 px: z 64 -> 7·7·128 -> 14·14·64 -> 28·28·1
    expected = 64 * 49 * 128 + 256 + 16 * 128 * 64 + 128 + 16 * 64 * 1 + 1
    assert count(dcgan.Generator((28, 28, 1), width=64), 64) == expected == 533_889


def test_parameters_of_the_published_sn_dcgan():
    # 3×3 and 4×4 kernels alternate: 3-64-64-128-128-256-256-512, with biases; 16·512+1
    expected = (
        9 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512)
        + 16 * (64 * 64 + 128 * 128 + 256 * 256)
        + (64 + 64 + 128 + 128 + 256 + 256 + 512)
        + 16 * 512 + 1
    )  # fmt: skip
    for normalization in ("spectral", "none"):
        discriminator = sn_dcgan.Discriminator(normalization=normalization)
        assert count(discriminator, 32, 32, 3) == expected == 2_935_873
    # 128 -> 4·4·512, 4×4 kernels 512-256-128-64, 3×3 to the image; scales and shifts
    expected = (
        128 * 16 * 512
        + 16 * (512 * 256 + 256 * 128 + 128 * 64)
        + 2 * (512 + 256 + 128 + 64)
        + 9 * 64 * 3 + 3
    )  # fmt: skip
    assert count(sn_dcgan.Generator((32, 32, 3)), 128) == expected == 3_804_739


def test_parameters_of_studiogans_deep_conv():
    # 128 -> 4·4·512, 4×4 kernels 512-256-128-64, 3×3 to the image, all with biases;
    # scales and shifts of the hidden convolutions
    expected = (
        129 * 16 * 512
        + 16 * (512 * 256 + 256 * 128 + 128 * 64) + (256 + 128 + 64)
        + 2 * (256 + 128 + 64)
        + 9 * 64 * 3 + 3
    )  # fmt: skip
    assert count(deep_conv.Generator((32, 32, 3)), 128) == expected == 3_812_355
    # 3×3 and 4×4 kernels alternate: 3-64-64-128-128-256-256-512; the sum over pixels
    channels = (64, 64, 128, 128, 256, 256, 512)
    expected = (
        9 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512)
        + 16 * (64 * 64 + 128 * 128 + 256 * 256)
        + 3 * sum(channels)
        + 512 + 1
    )  # fmt: skip
    assert count(deep_conv.Discriminator(), 32, 32, 3) == expected == 2_931_009


def test_deep_conv_starts_orthogonal():
    """A 4×4 transposed kernel is orthogonal as a matrix [inputs, 16·outputs], another
    kernel as a matrix [inputs, outputs], in the shorter direction."""
    params = initialised(
        deep_conv.Generator((16, 16, 3), width=2), KEY, jnp.zeros((2, 5))
    )["params"]
    for name in ("Conv_0", "Conv_1"):
        kernel = np.moveaxis(np.asarray(params[name]["kernel"]), 2, 0)
        matrix = kernel.reshape(len(kernel), -1)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(len(kernel)), atol=1e-5)
    for name, axis in (("Linear_0", 0), ("Conv_2", 1)):
        kernel = np.asarray(params[name]["kernel"])
        matrix = kernel.reshape(-1, kernel.shape[-1])
        gram = matrix @ matrix.T if axis == 0 else matrix.T @ matrix
        np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


def test_parameters_of_mlp():
    # 4 -> 16 -> 8 -> 2: (64 + 16) + (128 + 8) + (16 + 2)
    assert count(mlp.Generator((2,), widths=(16, 8)), 4) == 234
    # batch norm has two parameters per unit instead of one bias
    batch = mlp.Generator((2,), widths=(16, 8), normalization="batch")
    assert count(batch, 4) == 234 + 16 + 8
    # 8·8 -> 16 -> 1: (1024 + 16) + (16 + 1)
    for normalization in ("none", "spectral"):
        discriminator = mlp.Discriminator(widths=(16,), normalization=normalization)
        assert count(discriminator, 8, 8, 1) == 1057
    # no hidden layer: a linear map
    assert count(mlp.Discriminator(widths=()), 3) == 3 + 1


@pytest.mark.parametrize(
    "size, channels",
    [
        pytest.param(*case, marks=() if case == SOON else pytest.mark.full)
        for case in itertools.product((8, 16, 28, 32, 64), (1, 3))
    ],
)
@pytest.mark.parametrize("name", BOTH)
def test_shapes(name, size, channels):
    image = (size, size, channels)
    made = output(ARCHITECTURES[name].Generator(shape=image), 12)
    assert (made.shape, made.dtype) == ((5, *image), jnp.float32)
    logits = output(ARCHITECTURES[name].Discriminator(), *image)
    assert (logits.shape, logits.dtype) == ((5,), jnp.float32)


@pytest.mark.parametrize(
    "name, size", [("dcgan", 8), ("dcgan", 14), ("sn_dcgan", 8), ("mlp", 8)]
)
@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_images_are_in_range_and_use_it(name, size, normalization):
    generator = ARCHITECTURES[name].Generator(
        shape=(size, size, 3), normalization=normalization
    )
    z = jax.random.normal(KEY, (3, 4))
    variables = initialised(generator, KEY, z)
    images = np.asarray(generator.apply(variables, 1e6 * z, train=False))
    assert np.abs(images).max() <= 1
    assert images.min() < -0.9 and images.max() > 0.9
    assert not np.array_equal(images[0], images[1])


def test_points_are_unbounded():
    generator = mlp.Generator((2,), widths=(8,))
    z = jax.random.normal(KEY, (3, 4))
    variables = initialised(generator, KEY, z)
    assert np.abs(generator.apply(variables, 1e3 * z, train=False)).max() > 10


def test_mlp_takes_images_as_the_row_of_their_pixels():
    # the encoder of an autoencoder takes images
    encoder = mlp.Generator((2,), widths=(8,))
    images = jax.random.normal(KEY, (3, 4, 4, 1))
    variables = initialised(encoder, KEY, images)
    codes = encoder.apply(variables, images, train=False)
    rows = encoder.apply(variables, images.reshape(3, 16), train=False)
    assert codes.shape == (3, 2)
    np.testing.assert_array_equal(codes, rows)


@pytest.mark.parametrize("size", range(1, 65))
def test_sizes_that_dcgan_can_make(size):
    generator = dcgan.Generator((size, size, 1), width=1)
    discriminator = dcgan.Discriminator(width=1)
    if size in POSSIBLE:
        assert output(generator, 3).shape == (5, size, size, 1)
        assert output(discriminator, size, size, 1).shape == (5,)
        return
    for module, inputs in ((generator, (3,)), (discriminator, (size, size, 1))):
        with pytest.raises(BadInput, match=f"not {size}×{size}×1"):
            shapes(module, *inputs)


@pytest.mark.parametrize("name", [name for name in BOTH if name != "mlp"])
def test_generators_from_latents_take_no_images(name):
    with pytest.raises(BadInput, match="expected latents to generate .* not 32×32×3"):
        shapes(ARCHITECTURES[name].Generator((32, 32, 3)), 32, 32, 3)


@pytest.mark.parametrize("shape", [(8, 15, 1), (2,), (8,)])
def test_dcgan_refuses_what_is_no_image_of_its_sizes(shape):
    with pytest.raises(BadInput, match="expected images with"):
        shapes(dcgan.Generator(shape), 3)
    with pytest.raises(BadInput, match="expected images with"):
        shapes(dcgan.Discriminator(), *shape)


def layers(params, prefix=()):
    """Return ``{path of a layer: names of its parameters}``."""
    if not any(isinstance(value, dict) for value in params.values()):
        return {"/".join(prefix): set(params)}
    return {
        path: names
        for name, value in params.items()
        for path, names in layers(value, (*prefix, name)).items()
    }


def test_no_bias_before_batch_norm():
    norm = {"scale", "bias"}
    free, biased = {"kernel"}, {"kernel", "bias"}
    generator = dcgan.Generator((16, 16, 1), width=2, normalization="batch")
    assert layers(shapes(generator, 3)["params"]) == {
        "Linear_0": free, "BatchNorm_0/norm": norm,
        "Conv_0": free, "BatchNorm_1/norm": norm,
        "Conv_1": biased,
    }  # fmt: skip
    discriminator = dcgan.Discriminator(width=2, normalization="batch")
    assert layers(shapes(discriminator, 16, 16, 1)["params"]) == {
        "Conv_0": biased,
        "Conv_1": free, "BatchNorm_0/norm": norm,
        "Linear_0": biased,
    }  # fmt: skip
    perceptron = mlp.Generator((2,), widths=(4, 4), normalization="batch")
    assert layers(shapes(perceptron, 3)["params"]) == {
        "Linear_0": free, "BatchNorm_0/norm": norm,
        "Linear_1": free, "BatchNorm_1/norm": norm,
        "Linear_2": biased,
    }  # fmt: skip


def test_dcgan_starts_with_a_deviation_of_two_hundredths():
    generator = dcgan.Generator((16, 16, 3), width=16)
    params = initialised(generator, KEY, jnp.zeros((2, 50)))["params"]
    for layer in ("Linear_0", "Conv_0", "Conv_1"):
        kernel = np.asarray(params[layer]["kernel"])
        deviation = 0.02 / math.sqrt(2 * kernel.size)
        assert abs(kernel.std() - 0.02) < 5 * deviation
        assert abs(kernel.mean()) < 5 * 0.02 / math.sqrt(kernel.size)


@pytest.mark.parametrize(
    "name, normalization",
    [
        pytest.param(name, n, marks=() if name in QUICK else pytest.mark.full)
        for name in NORMALISED
        for n in ("none", "spectral", "batch")
    ]
    + [("patchgan", "instance"), ("progressive", None), ("transformer", None)],
)
def test_a_discriminator_knows_whether_it_mixes_samples(name, normalization):
    """``mixes_samples`` is true if a logit depends on other samples of the batch."""
    options = SMALL.get(name, {"width": 2})
    if normalization is not None:
        options = options | {"normalization": normalization}
    module = ARCHITECTURES[name].Discriminator(**options)
    size = 32 if name in LARGE else 16
    x = jax.random.normal(KEY, (4, size, size, 1))
    variables = initialised(module, KEY, x)
    apply = jax.jit(
        jax.vmap(
            lambda x: module.apply(
                variables, x, train=True, mutable=["batch_stats", "spectral"]
            )[0],
            axis_name="data",
        )
    )
    first, again = apply(x[None]), apply(x.at[1:].multiply(3)[None])
    moved = np.abs(first[0, 0] - again[0, 0]).max()
    assert (moved > 1e-4) == module.mixes_samples


@pytest.mark.parametrize("name", NORMALISED)
def test_spectral_networks_are_normalised_in_every_layer(name):
    module = ARCHITECTURES[name].Discriminator(normalization="spectral")
    size = 32 if name in LARGE else 16
    variables = shapes(module, size, size, 1)
    assert set(variables["spectral"]) == set(variables["params"])
    assert "batch_stats" not in variables
