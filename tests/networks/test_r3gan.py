"""R3GAN: parameters, initial outputs, grouped convolutions, second-order gradients."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks import r3gan, resample
from ganjax.networks.sizes import growth
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)


def block(c, group=16):
    """Count parameters: 1×1 to 2c with bias, 3×3 in groups with bias, 1×1 back."""
    return 2 * c * c + 2 * c + 9 * group * 2 * c + 2 * c + 2 * c * c


@pytest.mark.parametrize(
    "size, channels, group, generator, discriminator",
    [
        (32, (768,) * 4, 16, 20_732_160, 20_683_776),
        pytest.param(
            64,
            (768,) * 4 + (384,),
            16,
            *(22_429_824, 22_381_440),
            marks=pytest.mark.full,
        ),
        (256, (768,) * 4 + (384, 192, 96), 16, 23_057_952, 23_009_568),
        # ImageNet
        (32, (1536,) * 4, 32, 82_752_000, 82_655_232),
        (64, (1536,) * 5, 32, 103_408_128, 103_311_360),
        # not published: the pattern of 256 goes on
        (
            1024,
            (768,) * 4 + (384, 192, 96, 48, 24),
            16,
            *(23_128_584, 23_080_200),
        ),
    ],
)
def test_parameters_of_the_published_networks(
    size, channels, group, generator, discriminator
):
    """The numbers equal the counts of the presets of the authors' code."""
    options = {"width": channels[0], "group": group}
    if size == 64 and channels[-1] == channels[0]:
        options["widest"] = 64
    blocks = sum(2 * block(c, group) for c in channels)
    changes = sum(
        a * b for a, b in zip(channels[:-1], channels[1:], strict=True) if a != b
    )
    ends = 16 * channels[0] + 3 * channels[-1]
    found = count(r3gan.Generator((size, size, 3), **options), 64)
    assert found == blocks + changes + ends + 64 * channels[0] == generator
    found = count(r3gan.Discriminator(**options), size, size, 3)
    assert found == blocks + changes + ends + channels[0] == discriminator


def test_parameters_by_hand():
    # 8 pixels, 4 channels, 8 channels in a block, two groups:
    # four blocks of 1×1 4·8 + 8, 3×3 9·4·8 + 8, 1×1 8·4 = 368; then 4·4·4; 5·4; 4·1
    generator = r3gan.Generator((8, 8, 1), width=4, group=4)
    assert count(generator, 5) == 4 * 368 + 64 + 20 + 4
    # the last map takes 4 features to a logit, without a bias
    discriminator = r3gan.Discriminator(width=4, group=4)
    assert count(discriminator, 8, 8, 1) == 4 * 368 + 64 + 4 + 4
    shapes = initial(generator, 5)["params"]["Block_0"]
    assert shapes["Conv_1"]["kernel"].shape == (3, 3, 4, 8)


def test_parameters_of_the_labelled_networks():
    """CIFAR-10 as in the authors' code. The generator embeds a label as 64 numbers and
    joins them to the latent. The discriminator embeds it as 768 numbers and multiplies
    them with a linear map of the features."""
    generator = r3gan.Generator((32, 32, 3), conditioning="embedding", classes=10)
    assert count(generator, 64, labels=True) == 20_732_160 + 10 * 64 + 64 * 768
    discriminator = r3gan.Discriminator(conditioning="projection", classes=10)
    found = count(discriminator, 32, 32, 3, labels=True)
    assert found == 20_683_776 - 768 + 768 * 768 + 10 * 768


def test_a_labelled_logit_starts_as_small_as_one_number():
    """The embedding has ``width`` entries of variance 1/(10·width). Its product with
    ``width`` numbers of the size f of the features has the variance f²/10."""
    given_label = {"conditioning": "projection", "classes": 10}
    discriminator = r3gan.Discriminator(width=64, blocks=1, **given_label)
    x = jax.random.normal(KEY, (64, 8, 8, 3))
    label = jnp.arange(64) % 10

    def seen(key):
        variables = discriminator.init(key, x, label, train=True)
        judged = discriminator.apply(
            variables, x, label, train=False, method="full_output"
        )
        return judged.logits, judged.features

    keys = jax.random.split(KEY, 20)
    logits, features = jax.jit(jax.vmap(seen))(keys)
    expected = np.sqrt(np.mean(np.square(features)) / 10)
    assert np.sqrt(np.mean(np.square(logits))) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    "size", [32, *(pytest.param(n, marks=pytest.mark.full) for n in (64, 128, 256))]
)
def test_shapes(size):
    image = (size, size, 1)
    made = output(r3gan.Generator(image, width=64), 7)
    assert (made.shape, made.dtype) == ((5, *image), jnp.float32)
    given_label = {"conditioning": "projection", "classes": 3}
    logits = output(r3gan.Discriminator(width=64, **given_label), *image, labels=True)
    assert (logits.shape, logits.dtype) == ((5,), jnp.float32)


@pytest.mark.parametrize("shape", [(4, 4, 3), (50, 50, 3), (1280, 1280, 3), (2,)])
def test_other_sizes_are_refused(shape):
    given = "×".join(map(str, shape))
    message = f"expected images with sides of .* from 8 to 1024, not {given}"
    with pytest.raises(BadInput, match=message):
        initial(r3gan.Generator(shape), 3)
    with pytest.raises(BadInput, match=message):
        initial(r3gan.Discriminator(), *shape)


def test_the_narrowest_layers_have_a_channel():
    assert r3gan.stages(growth((256, 256, 3)), 4, 32) == [4, 4, 4, 4, 2, 1, 1]
    assert r3gan.stages(growth((192, 192, 3)), 4, 64) == [4, 4, 4, 4, 4, 2]


def test_groups_that_do_not_divide_are_refused():
    with pytest.raises(BadInput, match="group=16: expected a divisor of 20"):
        initial(r3gan.Generator((8, 8, 3), width=10), 3)


def test_the_generator_starts_as_its_shortcuts():
    """An initial image is the basis, weighted by the latent and enlarged bilinearly."""
    generator = r3gan.Generator((16, 16, 3), width=8)
    z = jax.random.normal(KEY, (3, 5))
    params = initialised(generator, KEY, z)["params"]
    make = jax.jit(functools.partial(generator.apply, {"params": params}, train=False))
    images = make(z)
    amounts = np.asarray(z) @ np.asarray(params["Linear_0"]["kernel"])
    x = amounts.reshape(3, 1, 1, 8) * np.asarray(params["basis"])[None]
    x = resample.upsample(resample.upsample(jnp.asarray(x)))
    expected = np.asarray(x) @ np.asarray(params["Conv_0"]["kernel"])[0, 0]
    np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-5)
    # without conditioning a label has no effect
    given_label = make(z, jnp.arange(3))
    np.testing.assert_array_equal(given_label, images)


def test_the_discriminator_starts_as_its_shortcuts():
    critic = r3gan.Discriminator(width=8)
    x = jax.random.normal(KEY, (3, 16, 16, 2))
    params = initialised(critic, KEY, x)["params"]
    judge = jax.jit(functools.partial(critic.apply, train=False))
    logits = judge({"params": params}, x)
    assert not critic.mixes_samples
    y = x @ params["Conv_0"]["kernel"][0, 0]
    y = np.asarray(resample.downsample(resample.downsample(y)))
    features = np.einsum("nhwc,hwc->nc", y, params["basis"])
    expected = features @ np.asarray(params["Linear_0"]["kernel"])
    np.testing.assert_allclose(logits, expected[:, 0], rtol=1e-4, atol=1e-5)


def test_kernels_start_with_the_published_deviations():
    # two blocks at three resolutions, so L = 6; the third layer is zero
    module = r3gan.Generator((16, 16, 3), width=64)
    params = initialised(module, KEY, jnp.zeros((1, 64)))["params"]
    gain = math.sqrt(2 / 1.04) * 6**-0.25
    inside = params["Block_3"]
    expected = {
        "Conv_0": gain / math.sqrt(64),
        "Conv_1": gain / math.sqrt(9 * 16),
    }
    for name, deviation in expected.items():
        kernel = np.asarray(inside[name]["kernel"])
        slack = 5 / math.sqrt(2 * kernel.size)
        assert kernel.std() == pytest.approx(deviation, rel=slack)
        np.testing.assert_array_equal(inside[name]["bias"], 0)
    assert set(inside["Conv_2"]) == {"kernel"}
    np.testing.assert_array_equal(inside["Conv_2"]["kernel"], 0)
    assert np.asarray(params["basis"]).std() == pytest.approx(1, rel=0.12)
    linear = np.asarray(params["Linear_0"]["kernel"])
    assert linear.std() == pytest.approx(1 / 8, rel=0.06)


def test_a_block_of_a_flat_image():
    """Far from the border a block equals its three maps: each output group sees one
    input group."""
    module = r3gan.Block(depth=2, expansion=2, group=2, dtype=jnp.float32)
    x = jnp.broadcast_to(jnp.array([0.5, -1.0]), (1, 5, 5, 2))
    keys = iter(jax.random.split(KEY, 9))
    params = jax.tree.map(
        lambda leaf: jax.random.normal(next(keys), leaf.shape),
        module.init(KEY, x)["params"],
    )
    found = module.apply({"params": params}, x)[0, 2, 2]

    def leaky(x):
        return np.where(x > 0, x, 0.2 * x)

    first, second, third = (
        {name: np.asarray(leaf) for name, leaf in params[f"Conv_{i}"].items()}
        for i in range(3)
    )
    y = leaky(np.array([0.5, -1.0]) @ first["kernel"][0, 0] + first["bias"])
    taps = second["kernel"].sum((0, 1))  # [2, 4]
    y = np.concatenate([y[:2] @ taps[:, :2], y[2:] @ taps[:, 2:]]) + second["bias"]
    expected = np.array([0.5, -1.0]) + leaky(y) @ third["kernel"][0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_gradient_of_a_gradient_penalty():
    critic = r3gan.Discriminator(width=8, group=8)
    x = jax.random.normal(KEY, (2, 8, 8, 1))
    params = initialised(critic, KEY, x)["params"]
    # not at the initial parameters, where a block's inner layers have no effect
    params = jax.tree.map(lambda leaf: leaf + 0.1 * jnp.cos(leaf + 1), params)

    def penalty(params):
        def logits(x):
            return critic.apply({"params": params}, x, train=False).sum()

        return jnp.sum(jax.grad(logits)(x) ** 2)

    gradients = jax.jit(jax.grad(penalty))(params)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert np.isfinite(leaf).all()
        if path[-1].key == "kernel":
            assert np.abs(leaf).max() > 0, path
