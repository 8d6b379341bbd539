"""Progressive growing: its schedule, its fades, and its layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import compile_step, init_state, make_train_step
from ganjax.errors import BadInput
from ganjax.networks.minibatch_deviation import with_deviation
from ganjax.networks.progressive import (
    Discriminator,
    Generator,
    level,
    pixel_norm,
)
from tests import tiny
from tests.parameters import count, initial, initialised, output

KEY = jax.random.key(0)
# 12 channels at 4 and 8 pixels, 8 channels at 16 pixels.
SMALL = {"channel_base": 64, "channel_max": 12, "updates_per_phase": 4}
ABOUT = 10**6  # one update of so long a phase changes almost nothing


def at(variables, updates):
    """Return ``variables`` as after the given number of updates."""
    return {**variables, "curriculum": {"updates": jnp.asarray(updates, jnp.int32)}}


def images(size, n=4):
    return jax.random.normal(jax.random.key(1), (n, size, size, 2))


def generator(size, **options):
    """Return ``(function updates -> images, variables)``."""
    module = Generator((size, size, 2), **(SMALL | options))
    z = jax.random.normal(KEY, (4, 6))
    variables = initialised(module, jax.random.key(2), z)
    made = jax.jit(lambda v: module.apply(v, z, train=False))
    return lambda updates, v=variables: np.asarray(made(at(v, updates))), variables


def discriminator(size, **options):
    """Return ``(function (updates, x) -> logits, variables)``."""
    module = Discriminator(**(SMALL | options))
    variables = initialised(module, jax.random.key(2), images(size))
    made = jax.jit(lambda v, x: module.apply(v, x, train=False))
    return lambda updates, x, v=variables: np.asarray(made(at(v, updates), x)), (
        variables
    )


def test_the_level_by_hand():
    # phases of 4 updates: 4×4, fade to 8×8, 8×8, fade to 16×16, then 16×16 for ever
    expected = [0] * 4 + [0, 0.25, 0.5, 0.75] + [1] * 4 + [1, 1.25, 1.5, 1.75] + [2] * 9
    found = jax.vmap(lambda n: level(n, 4, 2))(jnp.arange(25))
    assert found.dtype == jnp.float32
    np.testing.assert_array_equal(found, expected)
    assert level(jnp.asarray(2**31 - 1), 1, 8) == 8
    assert level(jnp.asarray(7), 1, 8) == 3  # phases: 0, 0 to 1, 1, 1 to 2, 2, …


def test_the_level_never_jumps():
    found = jax.vmap(lambda n: level(n, 50, 3))(jnp.arange(500))
    steps = np.diff(np.asarray(found, np.float64))
    assert steps.min() == 0
    assert abs(steps.max() - 1 / 50) < 1e-6
    assert abs(steps.sum() - 3) < 1e-6


@pytest.mark.parametrize("updates, side", [(0, 4), (4, 4), (8, 8), (12, 8), (16, 16)])
def test_images_of_a_level_are_enlarged_pixels(updates, side):
    make, _ = generator(16)
    made = make(updates)
    cell = 16 // side
    small = made[:, ::cell, ::cell]
    np.testing.assert_array_equal(made, small.repeat(cell, 1).repeat(cell, 2))
    if side > 4:  # the images are not constant within larger cells
        half = small[:, ::2, ::2].repeat(2, 1).repeat(2, 2)
        assert np.abs(half - small).max() > 1e-3


def convolutions(params, first):
    """Return ``params`` with the convolutions from ``first`` on, numbered from 0."""
    kept = {k: v for k, v in params.items() if not k.startswith("Conv_")}
    n = len(params) - len(kept)
    return kept | {f"Conv_{i - first}": params[f"Conv_{i}"] for i in range(first, n)}


def test_a_generator_at_a_lower_level_is_the_smaller_network():
    make, variables = generator(16)
    small, of_small = generator(8)
    # The smaller network has the first layers. Its top level is 1, after 8 updates.
    params = {k: v for k, v in variables["params"].items() if k in of_small["params"]}
    assert len(params) == len(variables["params"]) - 3  # two layers, one map
    expected = small(8, {"params": params})
    np.testing.assert_allclose(make(8)[:, ::2, ::2], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.full
def test_a_discriminator_at_a_lower_level_is_the_smaller_network():
    judge, variables = discriminator(16)
    small, _ = discriminator(8)
    x = images(16)
    halved = np.asarray(x).reshape(4, 8, 2, 8, 2, 2).mean((2, 4))
    expected = small(8, halved, {"params": convolutions(variables["params"], 3)})
    np.testing.assert_allclose(judge(8, x), expected, rtol=1e-4, atol=1e-5)
    # a pattern that averages to zero has no effect at the lower level
    fine = jnp.asarray(np.indices((16, 16)).sum(0) % 2 * 2.0 - 1).reshape(1, 16, 16, 1)
    np.testing.assert_allclose(judge(8, x + fine), judge(8, x), rtol=1e-4, atol=1e-5)
    assert np.abs(judge(16, x + fine) - judge(16, x)).max() > 1e-3


def test_a_generator_fades_evenly():
    """Before tanh, an image moves linearly from one level to the next."""
    make, _ = generator(16)
    begin, *between, end = (np.arctanh(make(n).astype(np.float64)) for n in range(4, 9))
    assert np.abs(end - begin).max() > 0.1
    for i, image in enumerate(between, 1):
        expected = begin + i / 4 * (end - begin)
        np.testing.assert_allclose(image, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("phase", [1, 2, 3, 4])
def test_nothing_jumps_where_a_fade_begins_or_ends(phase):
    make, _ = generator(16, updates_per_phase=ABOUT)
    judge, _ = discriminator(16, updates_per_phase=ABOUT)
    x = images(16)
    for function in (make, lambda n: judge(n, x)):
        before, here, after = (function(phase * ABOUT + i) for i in (-1, 0, 1))
        assert np.abs(here - before).max() < 1e-4
        assert np.abs(after - here).max() < 1e-4
    fading = phase % 2
    moved = np.abs(judge((phase + 1) * ABOUT, x) - judge(phase * ABOUT, x)).max()
    assert (moved > 1e-3) == fading


def test_layers_above_the_level_do_not_learn():
    """Only the layers in use at a level have nonzero gradients."""
    module = Generator((16, 16, 2), **SMALL)
    z = jax.random.normal(KEY, (4, 6))
    variables = initialised(module, KEY, z)

    @jax.jit
    def gradient(updates):
        def loss(params):
            v = at({"params": params}, updates)
            return jnp.sum(module.apply(v, z, train=False) ** 3)

        return jax.grad(loss)(variables["params"])

    # a 4×4 layer and its map to an image; then two layers and a map per level
    for updates, learning in ((0, [0, 1]), (6, range(5)), (8, [0, 2, 3, 4])):
        found = gradient(updates)
        moved = {i for i in range(8) if np.any(found[f"Conv_{i}"]["kernel"])}
        assert moved == set(learning)


@pytest.mark.full
def test_only_updates_that_are_kept_count():
    for module, x in (
        (Generator((8, 8, 2), **SMALL), jnp.ones((4, 6))),
        (Discriminator(**SMALL), images(8)),
    ):
        variables = initialised(module, KEY, x)
        assert variables["curriculum"] == {"updates": 0}
        assert variables["curriculum"]["updates"].dtype == jnp.int32
        kept = {"mutable": ["curriculum"]}
        _, written = module.apply(variables, x, train=True, **kept)
        assert written["curriculum"]["updates"] == 1
        _, written = module.apply({**variables, **written}, x, train=True, **kept)
        assert written["curriculum"]["updates"] == 2
        _, written = module.apply(variables, x, train=False, **kept)
        assert written["curriculum"]["updates"] == 0
        module.apply(variables, x, train=True)  # nothing is mutable


@pytest.mark.full
def test_players_count_their_turns():
    networks = {
        f"networks__{player}__{option}": value
        for player in ("generator", "discriminator")
        for option, value in {"name": "progressive", "channel_max": 4}.items()
    }
    setup = tiny.setup(
        "convolutional",
        **networks,
        optimizers__discriminator__updates_per_step=2,
        regularizers__r1__weight=1.0,
    )
    state = init_state(setup.game, KEY, setup.knobs)
    step = compile_step(make_train_step(setup.game, batch=setup.feed.batch))
    for i in (1, 2):
        state, metrics = step(state, setup.feed.data)
        assert state.variables["generator"]["curriculum"]["updates"] == i
        assert state.variables["discriminator"]["curriculum"]["updates"] == 2 * i
        # the average is at the same level as the trained network
        assert state.ema["generator"]["curriculum"]["updates"] == i
    assert all(np.isfinite(value).all() for value in metrics.values())


def conv(inputs, outputs, k=3):
    return k * k * inputs * outputs + outputs


def test_parameters_of_the_published_networks():
    # 4 to 1024 pixels: 512 channels up to 32 pixels, then half as many at each size
    channels = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    pairs = list(zip(channels, channels[1:], strict=False))
    expected = (
        512 * 16 * 512 + 512 + conv(512, 512)
        + sum(conv(a, b) + conv(b, b) for a, b in pairs)
        + sum(conv(c, 3, 1) for c in channels)
    )  # fmt: skip
    # the paper's table 2 gives 23.1 million for each network
    assert count(Generator((1024, 1024, 3)), 512) == expected == 23_079_115
    expected = (
        sum(conv(3, c, 1) for c in channels)
        + sum(conv(b, b) + conv(b, a) for a, b in pairs)
        + conv(513, 512) + (16 * 512 * 512 + 512) + (512 + 1)
    )  # fmt: skip
    assert count(Discriminator(), 1024, 1024, 3) == expected == 23_087_249


def test_parameters_of_a_small_network():
    # 64 / 2, 4, 8, at most 12: 12, 12, 8 channels; 5 latents to 2 image channels
    expected = (
        5 * 16 * 12 + 12 + conv(12, 12)
        + conv(12, 12) + conv(12, 12) + conv(12, 8) + conv(8, 8)
        + 2 * (conv(12, 2, 1)) + conv(8, 2, 1)
    )  # fmt: skip
    assert count(Generator((16, 16, 2), **SMALL), 5) == expected
    expected = (
        2 * conv(2, 12, 1) + conv(2, 8, 1)
        + conv(8, 8) + conv(8, 12) + conv(12, 12) + conv(12, 12)
        + conv(13, 12) + 16 * 12 * 12 + 12 + 12 + 1
    )  # fmt: skip
    assert count(Discriminator(**SMALL), 16, 16, 2) == expected


@pytest.mark.parametrize("size", [8, 16, 32, 64, 128])
def test_shapes(size):
    image = (size, size, 3)
    assert output(Generator(image, **SMALL), 7).shape == (5, *image)
    assert output(Discriminator(**SMALL), *image).shape == (5,)


@pytest.mark.parametrize("shape", [(4, 4, 3), (50, 50, 1), (8, 15, 1), (2048, 2048, 3)])
def test_sizes_that_there_are_not(shape):
    said = "×".join(map(str, shape))
    with pytest.raises(BadInput, match=f"from 8 to 1024.* not {said}"):
        initial(Generator(shape, **SMALL), 3)
    with pytest.raises(BadInput, match=f"not {said}"):
        initial(Discriminator(**SMALL), *shape)


@pytest.mark.full
def test_the_learning_rate_is_equalised():
    """Both weights and outputs have deviation 1, because the scale of a layer is not
    part of its weights."""
    module = Generator((8, 8, 1000), channel_base=128, channel_max=64)
    z = jax.random.normal(KEY, (2, 20))
    variables = initialised(module, jax.random.key(2), z)
    for name, layer in variables["params"].items():
        if name != "bias":
            kernel = np.asarray(layer["kernel"], np.float64)
            assert abs(kernel.std() - 1) < 5 / np.sqrt(2 * kernel.size), name
    # The features before the image have mean square 1, so the 1000 channels are drawn
    # from a normal distribution of variance 1 (before tanh).
    image = np.asarray(module.apply(variables, z, train=False), np.float64)
    drawn = np.arctanh(image[0, 0, 0])
    assert abs(drawn.var() - 1) < 5 * np.sqrt(2 / 1000)


def test_pixel_norm_by_hand():
    found = pixel_norm(jnp.array([[3.0, 4.0], [-1.0, 1.0]]))
    root = np.sqrt(12.5)
    np.testing.assert_allclose(found, [[3 / root, 4 / root], [-1, 1]], rtol=1e-6)


@pytest.mark.parametrize(
    "n, deviations",
    [
        # sample i has the value i²; a group is a run of consecutive samples
        (1, [0]),
        (2, [0.5, 0.5]),
        (3, [np.std([0, 1, 4])] * 3),
        (4, [3.5] * 4),  # 0, 1, 4, 9: mean 3.5, variance 24.5 − 12.25
        (5, [0] * 5),
        (6, [np.std([0, 1, 4])] * 3 + [np.std([9, 16, 25])] * 3),
        (8, [3.5] * 4 + [np.std([16, 25, 36, 49])] * 4),
    ],
)
def test_the_deviation_within_a_group(n, deviations):
    x = jnp.broadcast_to(
        (jnp.arange(n, dtype=jnp.float32) ** 2).reshape(n, 1, 1, 1), (n, 2, 3, 2)
    )
    found = with_deviation(x, 4)
    assert found.shape == (n, 2, 3, 3)
    np.testing.assert_array_equal(found[..., :2], x)
    expected = np.broadcast_to(np.reshape(deviations, (n, 1, 1)), (n, 2, 3))
    # 1e-4 is the root of the constant that is added to the variance
    np.testing.assert_allclose(found[..., 2], expected, rtol=1e-6, atol=1.01e-4)


def test_the_deviation_is_averaged_over_pixels_and_channels():
    x = np.zeros((2, 1, 2, 2), np.float32)
    x[0, 0, 0, 0], x[1, 0, 1, 1] = 4, 8  # deviations 2, 0, 0, 4
    np.testing.assert_allclose(
        with_deviation(x, 4)[..., 2], np.full((2, 1, 2), 1.5), 1e-4
    )


@pytest.mark.parametrize(
    "updates",
    [6, *(pytest.param(n, marks=pytest.mark.full) for n in (0, 16))],
)
def test_images_in_range_and_second_order_gradients(updates):
    make, _ = generator(16)
    assert np.abs(make(updates)).max() <= 1
    module = Discriminator(**SMALL)
    x = images(16)
    variables = at(initialised(module, KEY, x), updates)

    @jax.jit
    @jax.grad
    def gradient(params):
        def logits(x):
            v = {**variables, "params": params}
            return module.apply(v, x, train=False).sum()

        return jnp.sum(jax.grad(logits)(x) ** 2)

    leaves = jax.tree.leaves(gradient(variables["params"]))
    assert all(np.isfinite(leaf).all() for leaf in leaves)
    assert any(np.any(leaf) for leaf in leaves)
