"""Attention over tokens compared with numpy, and the transformer's networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from ganjax.errors import BadInput
from ganjax.networks.self_attention import MultiHeadAttention
from ganjax.networks.transformer import Block, Discriminator, Generator
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)
TOKENS, CHANNELS, HEADS = 5, 6, 2


def perturbed(variables):
    """Return ``variables`` plus noise, so biases are not 0 and scales are not 1."""
    leaves, structure = jax.tree.flatten(variables)
    keys = jax.random.split(jax.random.key(3), len(leaves))
    moved = [
        leaf + 0.1 * jax.random.normal(key, leaf.shape)
        for leaf, key in zip(leaves, keys, strict=True)
    ]
    return jax.tree.unflatten(structure, moved)


@pytest.fixture
def attention():
    layer = MultiHeadAttention(HEADS)
    x = jax.random.normal(KEY, (2, TOKENS, CHANNELS))
    return layer, perturbed(layer.init(jax.random.key(1), x)), x


def test_attention_against_a_sum_over_tokens(attention):
    layer, variables, x = attention
    found = layer.apply(variables, x)
    params = jax.tree.map(lambda a: np.asarray(a, np.float64), variables["params"])
    width = CHANNELS // HEADS

    def mapped(token, name):
        return token @ params[name]["kernel"] + params[name]["bias"]

    for sequence, made in zip(np.asarray(x, np.float64), found, strict=True):
        for i, token in enumerate(sequence):
            heads = []
            for h in range(HEADS):
                own = slice(h * width, (h + 1) * width)
                query = mapped(token, "query")[own]
                keys = [mapped(other, "key")[own] for other in sequence]
                weights = np.exp([query @ key / np.sqrt(width) for key in keys])
                values = [mapped(other, "value")[own] for other in sequence]
                heads.append(weights @ np.stack(values) / weights.sum())
            expected = mapped(np.concatenate(heads), "output")
            np.testing.assert_allclose(made[i], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.full
def test_attention_has_gradients_of_second_order(attention):
    layer, variables, x = attention
    check_grads(
        lambda x: layer.apply(variables, x).sum() ** 2 / 100,
        (x[:1, :3],),
        order=2,
        modes=["rev"],
        rtol=2e-2,
        atol=2e-2,
    )


def test_heads_share_the_channels():
    with pytest.raises(BadInput, match="heads=4: expected a divisor of the 6 channe"):
        MultiHeadAttention(4).init(KEY, jnp.ones((1, TOKENS, CHANNELS)))


def test_a_block_is_equivariant_to_permutations_of_tokens():
    block = Block(HEADS)
    x = jax.random.normal(KEY, (2, TOKENS, CHANNELS))
    variables = perturbed(block.init(jax.random.key(1), x))
    order = np.array([3, 0, 4, 1, 2])
    found = block.apply(variables, x[:, order])
    expected = block.apply(variables, x)[:, order]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert np.abs(expected - x[:, order]).max() > 0.1


@pytest.mark.full
def test_places_are_told_by_positions_alone():
    """Swapping two patches together with their positions changes nothing."""
    module = Discriminator(width=8, depth=2, patch=4)
    x = np.array(jax.random.normal(KEY, (3, 8, 12, 1)))  # 2×3 patches
    variables = initialised(module, jax.random.key(1), x)
    positions = variables["params"]["positions"]
    assert positions.shape == (6, 8)
    swapped = x.copy()
    swapped[:, :4, 8:], swapped[:, 4:, 4:8] = x[:, 4:, 4:8], x[:, :4, 8:]  # 2 and 4
    params = {
        **variables["params"],
        "positions": 50 * positions[np.array([0, 1, 4, 3, 2, 5])],
    }
    given_label = {"params": {**params, "positions": 50 * positions}}
    first = module.apply(given_label, x, train=False)
    again = module.apply({"params": params}, swapped, train=False)
    np.testing.assert_allclose(again, first, rtol=1e-4, atol=1e-5)
    assert np.abs(module.apply(given_label, swapped, train=False) - first).max() > 1e-3


@pytest.mark.parametrize("stage, side", [(0, 8), (1, 4), (2, 2)])
def test_a_token_becomes_a_square_of_pixels(stage, side):
    """Without attention, the position embedding of a token changes only its square."""
    module = Generator((32, 32, 1), width=4, depth=0, patch=2)
    z = jax.random.normal(KEY, (1, 3))
    variables = initialised(module, jax.random.key(1), z)
    name, tokens = f"positions_{stage}", 32 // side
    positions = variables["params"][name]
    assert positions.shape == (tokens**2, 16 >> stage)
    row, column = 1, 2
    moved = {
        **variables["params"],
        name: positions.at[row * tokens + column].add(
            jnp.arange(positions.shape[1], dtype=jnp.float32) ** 2
        ),
    }
    changed = np.abs(
        module.apply({"params": moved}, z, train=False)
        - module.apply(variables, z, train=False)
    )[0, :, :, 0]
    square = np.zeros((32, 32), bool)
    square[row * side : (row + 1) * side, column * side : (column + 1) * side] = True
    assert np.all(changed[~square] == 0)
    assert np.mean(changed[square] > 1e-6) > 0.9


def block(c):
    """Count parameters: two scales and shifts; queries, keys, values, output; 4·c
    hidden units."""
    return 4 * c + 4 * (c * c + c) + (4 * c * c + 4 * c) + (4 * c * c + c)


def test_parameters():
    # 100 -> 4×4·256 -> 8×8·128 -> 16×16·64, two blocks each, -> 2×2·3
    expected = (
        (100 + 1) * 16 * 256 + 16 * 256 + 2 * block(256)
        + (256 + 1) * 4 * 128 + 64 * 128 + 2 * block(128)
        + (128 + 1) * 4 * 64 + 256 * 64 + 2 * block(64)
        + 2 * 64 + (64 + 1) * 12
    )  # fmt: skip
    assert count(Generator((32, 32, 3)), 100) == expected == 2_683_916
    expected = (12 + 1) * 128 + 256 * 128 + 4 * block(128) + 2 * 128 + 128 + 1
    assert count(Discriminator(), 32, 32, 3) == expected == 827_905
    # 8 pixels in patches of 2: one stage; 14 in patches of 1: two
    expected = (3 + 1) * 16 * 4 + 16 * 4 + block(4) + 2 * 4 + (4 + 1) * 4
    assert count(Generator((8, 8, 1), width=4, depth=1), 3) == expected
    expected = (
        (3 + 1) * 49 * 8 + 49 * 8 + block(8) + (8 + 1) * 16 + 196 * 4 + block(4)
        + 2 * 4 + (4 + 1) * 1
    )  # fmt: skip
    assert count(Generator((14, 14, 1), width=4, depth=1, patch=1), 3) == expected


@pytest.mark.parametrize("size", [8, 10, 16, 28, 32, 48, 64])
@pytest.mark.parametrize("patch", [1, 2])
def test_shapes(size, patch):
    options = {"width": 4, "depth": 1, "patch": patch}
    image = (size, size, 3)
    assert output(Generator(image, **options), 7).shape == (5, *image)
    assert output(Discriminator(**options), *image).shape == (5,)


def test_sizes_that_there_are_not():
    with pytest.raises(BadInput, match="not 9×9×1"):
        initial(Generator((9, 9, 1), width=4), 3)
    for size, patch in ((8, 3), (8, 4), (28, 8)):
        with pytest.raises(BadInput, match=f"patch={patch}: expected a power of two"):
            initial(Generator((size, size, 1), width=4, patch=patch), 3)
    with pytest.raises(BadInput, match="multiples of patch=4, not 28×30×1"):
        initial(Discriminator(width=4, patch=4), 28, 30, 1)


@pytest.mark.full
def test_images_in_range_and_second_order_gradients():
    generator = Generator((16, 16, 2), width=4, depth=1)
    z = jax.random.normal(KEY, (3, 5))
    variables = initialised(generator, KEY, z)
    images = np.asarray(generator.apply(variables, 1e3 * z, train=False))
    assert np.abs(images).max() <= 1
    assert np.abs(images[0] - images[1]).max() > 1e-2

    critic = Discriminator(width=8, depth=2)
    variables = initialised(critic, KEY, images)

    @jax.jit
    @jax.grad
    def gradient(params):
        def logits(x):
            return critic.apply({"params": params}, x, train=False).sum()

        return jnp.sum(jax.grad(logits)(images) ** 2)

    found = gradient(variables["params"])
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    query = found["Block_0"]["MultiHeadAttention_0"]["query"]["kernel"]
    assert np.abs(query).max() > 0
