"""Self-attention compared with numpy, and SAGAN's networks."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from ganjax.errors import BadInput
from ganjax.networks import residual, sagan
from ganjax.networks.attention import SelfAttention
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)


def with_gamma(variables, gamma):
    params = {**variables["params"], "gamma": jnp.asarray(gamma)}
    return {**variables, "params": params}


@pytest.fixture
def attention():
    """Return ``(layer, variables, x)`` with 16 channels: 2 for queries and keys, 8 for
    values. Without spectral norm, whose vectors the numpy code does not have."""
    layer = SelfAttention(spectral=False)
    x = jax.random.normal(KEY, (2, 4, 6, 16))
    return layer, layer.init(jax.random.key(1), x), x


def test_attention_against_a_sum_over_pixels(attention):
    layer, variables, x = attention
    found = layer.apply(with_gamma(variables, 0.5), x)
    kernels = {
        name: np.asarray(leaf["kernel"], np.float64)[0, 0]
        for name, leaf in variables["params"].items()
        if name != "gamma"
    }
    assert {name: k.shape for name, k in kernels.items()} == {
        "query": (16, 2), "key": (16, 2), "value": (16, 8), "output": (8, 16),
    }  # fmt: skip
    images = np.asarray(x, np.float64)
    for image, made in zip(images, found, strict=True):
        keys, values = [], []
        for i in range(0, 4, 2):
            for j in range(0, 6, 2):
                square = image[i : i + 2, j : j + 2].reshape(4, 16)
                keys.append((square @ kernels["key"]).max(0))
                values.append((square @ kernels["value"]).max(0))
        for i in range(4):
            for j in range(6):
                query = image[i, j] @ kernels["query"]
                weights = np.exp([query @ key for key in keys])
                seen = weights @ np.stack(values) / weights.sum()
                expected = image[i, j] + 0.5 * seen @ kernels["output"]
                np.testing.assert_allclose(made[i, j], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("spectral", [True, False])
def test_attention_starts_as_the_identity(spectral):
    layer = SelfAttention(spectral=spectral)
    x = jax.random.normal(KEY, (2, 4, 4, 8))
    variables = layer.init(jax.random.key(1), x)
    assert variables["params"]["gamma"].shape == ()
    np.testing.assert_array_equal(layer.apply(variables, x), x)
    moved = layer.apply(with_gamma(variables, 1.0), x)
    assert np.abs(moved - x).max() > 1e-3


@pytest.mark.full
def test_attention_has_gradients_of_second_order(attention):
    layer, variables, x = attention
    variables = with_gamma(variables, 0.5)
    check_grads(
        lambda x: layer.apply(variables, x).sum() ** 2 / 100,
        (x[:1, :2, :4],),
        order=2,
        modes=["rev"],
        rtol=2e-2,
        atol=2e-2,
    )


def conv(inputs, outputs, k=3):
    return k * k * inputs * outputs + outputs


def up(inputs, outputs, classes):
    """Count parameters: two 3×3, shortcut, scale and shift per class and channel."""
    two = conv(inputs, outputs) + conv(outputs, outputs)
    return two + conv(inputs, outputs, 1) + 2 * classes * (inputs + outputs)


def down(inputs, outputs, shortcut=True):
    two = conv(inputs, outputs) + conv(outputs, outputs)
    return two + (conv(inputs, outputs, 1) if shortcut else 0)


def attends(channels):
    """Count parameters: queries, keys C·C/8 each; values, output C·C/2 each; γ."""
    return 2 * channels * channels // 8 + 2 * channels * channels // 2 + 1


def networks(size, classes, **options):
    generator = sagan.Generator(
        (size, size, 3),
        conditioning="conditional_batch_norm",
        classes=classes,
        **options,
    )
    discriminator = sagan.Discriminator(
        conditioning="projection", classes=classes, **options
    )
    return generator, discriminator


def test_parameters_of_the_published_networks():
    generator, discriminator = networks(128, 1000)
    # 1024 -> 1024 -> 512 -> 256, with attention there, -> 128 -> 64
    expected = (
        129 * 16 * 1024
        + up(1024, 1024, 1000) + up(1024, 512, 1000) + up(512, 256, 1000)
        + attends(256)
        + up(256, 128, 1000) + up(128, 64, 1000)
        + 2 * 64 + conv(64, 3)
    )  # fmt: skip
    assert count(generator, 128, labels=True) == expected == 42_078_852
    # 3 -> 64 -> 128, with attention there, -> 256 -> 512 -> 1024 -> 1024
    expected = (
        down(3, 64) + down(64, 128) + attends(128) + down(128, 256) + down(256, 512)
        + down(512, 1024) + down(1024, 1024, shortcut=False)
        + 1025 + 1000 * 1024
    )  # fmt: skip
    found = count(discriminator, 128, 128, 3, labels=True)
    assert found == expected == 39_463_618


def test_parameters_of_mimicrys_networks_for_cifar_10():
    generator, discriminator = networks(32, 10)
    expected = (
        129 * 16 * 256 + 3 * up(256, 256, 10) + attends(256) + 2 * 256 + conv(256, 3)
    )
    assert count(generator, 128, labels=True) == expected == 4_386_308
    expected = (
        down(3, 128) + down(128, 128) + 2 * down(128, 128, shortcut=False)
        + attends(128) + 129 + 10 * 128
    )  # fmt: skip
    assert count(discriminator, 32, 32, 3, labels=True) == expected == 1_075_586


@pytest.mark.parametrize(
    "player, size, side, channels",
    [
        # the channels of a network of width 2
        ("generator", 128, 8, 32),
        ("generator", 128, 32, 8),
        ("generator", 128, -1, 8),
        ("generator", 64, -1, 4),
        ("generator", 128, 64, 4),
        ("generator", 48, -1, 4),
        ("generator", 32, -1, 8),
        ("discriminator", 128, 64, 2),
        ("discriminator", 128, 32, 4),
        ("discriminator", 128, -1, 4),
        ("discriminator", 128, 8, 16),
        ("discriminator", 128, 4, 32),
        ("discriminator", 64, -1, 2),
        ("discriminator", 48, -1, 2),
        ("discriminator", 32, -1, 4),
    ],
)
def test_where_attention_is(player, size, side, channels):
    if player == "generator":
        module, inputs = sagan.Generator((size, size, 1), width=2, attention=side), (3,)
    else:
        module = sagan.Discriminator(width=2, attention=side)
        inputs = (size, size, 1)
    params = initial(module, *inputs)["params"]
    assert [name for name in params if "Attention" in name] == ["SelfAttention_0"]
    output = params["SelfAttention_0"]["output"]["kernel"]
    assert output.shape[-1] == channels


def test_there_may_be_no_attention():
    for module, inputs in (
        (sagan.Generator((32, 32, 1), width=2, attention=0), (3,)),
        (sagan.Discriminator(width=2, attention=0), (32, 32, 1)),
    ):
        assert "SelfAttention_0" not in initial(module, *inputs)["params"]


def test_attention_needs_feature_maps():
    with pytest.raises(BadInput, match="attention=20: .*, 8, 16, 32, or 0 for none"):
        initial(sagan.Generator((32, 32, 1), width=2, attention=20), 3)
    # at 48 pixels there is a 3×3 feature map, and it cannot be pooled
    with pytest.raises(BadInput, match="attention=3: .*, 24, 12, 6, or 0 for none"):
        initial(sagan.Discriminator(width=2, attention=3), 48, 48, 1)


@pytest.mark.parametrize(
    "size", [32, *(pytest.param(n, marks=pytest.mark.full) for n in (48, 64, 128))]
)
def test_shapes(size):
    image = (size, size, 3)
    generator, discriminator = networks(size, 3, width=2)
    assert output(generator, 7, labels=True).shape == (5, *image)
    assert output(discriminator, *image, labels=True).shape == (5,)
    modulated = generator.clone(conditioning="self_modulation")
    assert output(modulated, 7).shape == (5, *image)


def paths(tree, last):
    return {
        path[:-1]
        for path, _ in jax.tree_util.tree_leaves_with_path(tree)
        if path[-1].key == last
    }


def test_both_players_are_spectrally_normalised():
    for module, inputs in (
        (sagan.Generator((32, 32, 1), width=2), (3,)),
        (sagan.Discriminator(width=2), (32, 32, 1)),
    ):
        variables = initial(module, *inputs)
        kernels = paths(variables["params"], "kernel")
        # 32 pixels: 10 in blocks (or 9 and a linear map), 4 of attention, the last
        assert len(kernels) == 15
        assert paths(variables["spectral"], "u") == kernels
    plain = initial(sagan.Generator((32, 32, 1), width=2, spectral=False), 3)
    assert "spectral" not in plain


@pytest.mark.full
def test_images_and_second_order_gradients_with_attention_at_work():
    generator, critic = networks(32, 2, width=2)
    z, label = jax.random.normal(KEY, (2, 8)), jnp.array([0, 1])
    made = initialised(generator, KEY, z, label)
    images = np.asarray(generator.apply(made, 1e3 * z, label, train=False))
    assert np.abs(images).max() <= 1
    assert np.abs(images[0] - images[1]).max() > 1e-3

    variables = initialised(critic, KEY, images, label)
    attention = {**variables["params"]["SelfAttention_0"], "gamma": jnp.asarray(1.0)}
    params = {**variables["params"], "SelfAttention_0": attention}

    def penalty(params):
        def logits(x):
            return critic.apply(
                {**variables, "params": params}, x, label, train=False
            ).sum()

        return jnp.sum(jax.grad(logits)(images) ** 2)

    gradients = jax.jit(jax.grad(penalty))(params)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
    assert abs(gradients["SelfAttention_0"]["gamma"]) > 0


@pytest.mark.parametrize(
    "normalization, image, expected",
    [
        ("spectral", False, [0.0, 2.0]),
        ("none", False, [0.0, 2.0]),
        # The ReLU reads the output of the normalisation, and an image gets no ReLU.
        ("batch", False, [-1.0, 2.0]),
        ("spectral", True, [-1.0, 2.0]),
    ],
)
def test_a_rectified_shortcut(normalization, image, expected):
    """With kernels that are zero, a block of equal shapes returns its shortcut."""
    style = residual.Style(
        normalization,
        False,
        jnp.float32,
        nn.initializers.zeros,
        rectified_shortcut=True,
    )
    block = residual.Residual(2, 2, style, image=image)
    x = jnp.tile(jnp.array([-1.0, 2.0]), (1, 2, 2, 1))
    variables = block.init(KEY, x, train=True)
    y = block.apply(variables, x, train=False)
    np.testing.assert_array_equal(y[0, 0, 0], expected)


@pytest.mark.parametrize("spectral", [True, False])
def test_maps_from_labels_to_scale_and_shift(spectral):
    """With spectral norm they start orthogonal, so labels differ from the start.
    Otherwise they start at zero."""
    generator, _ = networks(32, 10, width=1, initialiser="orthogonal", attention=0)
    generator = generator.clone(spectral_conditions=spectral)
    z, label = jnp.ones((2, 4)), jnp.array([0, 1])
    variables = initialised(generator, KEY, z, label)
    norm = variables["spectral"]["Residual_0"].get("ConditionalBatchNorm_0", {})
    assert set(norm) == ({"scale", "shift"} if spectral else set())
    one, other = generator.apply(variables, z, label, train=False)
    assert (np.abs(one - other).max() > 1e-3) == spectral


def test_kernels_may_start_orthogonal():
    generator = sagan.Generator((32, 32, 3), width=1, initialiser="orthogonal")
    params = initialised(generator, KEY, jnp.ones((2, 4)))["params"]
    kernel = np.asarray(params["Residual_0"]["Conv_0"]["kernel"]).reshape(-1, 4)
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(4), atol=1e-5)


@pytest.mark.parametrize("conditioning", ["contrastive", "data_to_data"])
def test_the_length_of_compared_vectors(conditioning):
    critic = sagan.Discriminator(
        conditioning=conditioning, classes=3, width=1, attention=0, embedding=7
    )
    x = jax.ShapeDtypeStruct((2, 8, 8, 1), jnp.float32)
    label = jax.ShapeDtypeStruct((2,), jnp.int32)

    def outputs(x, label):
        variables = critic.init(KEY, x, label, train=True)
        how = {"train": False, "method": "full_output"}
        return critic.apply(variables, x, label, **how).outputs

    found = jax.eval_shape(outputs, x, label)
    assert {name: y.shape for name, y in found.items()} == {
        "embedding": (2, 7),
        "proxy": (2, 7),
    }
