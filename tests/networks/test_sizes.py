"""Image sizes of every architecture: the rule, its refusals, and any channels."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import samples
from ganjax.data.made_up import made_up
from ganjax.errors import BadInput
from ganjax.networks import ARCHITECTURES, module_of, residual, sizes, sngan_resnet
from tests.networks.test_architectures import SMALL
from tests.parameters import initial, output
from tests.test_matrix import QUICK, moved_and_finite, step_of

GROWING = (
    "dcgan", "deep_conv", "sn_dcgan", "sngan_resnet", "sagan", "biggan", "progressive",
    "stylegan2", "r3gan", "transformer",
)  # fmt: skip
WIDTHS = ("width", "channel_max", "group", "depth")  # options of both players


def options(name, both=False):
    small = SMALL.get(name, {"width": 2})
    return {x: small[x] for x in small if x in WIDTHS or not both}


@pytest.mark.parametrize(
    "shape, expected",
    [
        # The shorter side decides the number of doublings; by hand.
        ((8, 8), (4, 4, 1)),
        ((14, 14), (7, 7, 1)),
        ((24, 24), (6, 6, 2)),
        ((48, 48), (6, 6, 3)),
        ((80, 80), (5, 5, 4)),
        ((96, 96), (6, 6, 4)),
        ((112, 112), (7, 7, 4)),
        ((160, 160), (5, 5, 5)),
        ((192, 192), (6, 6, 5)),
        ((1024, 1024), (4, 4, 8)),
        ((48, 64), (6, 8, 3)),
        ((64, 128), (4, 8, 4)),
        ((128, 96), (8, 6, 4)),
        ((64, 72 + 8), (4, 5, 4)),
        ((8, 1024), (4, 512, 1)),
    ],
)
def test_how_an_image_grows(shape, expected):
    found = sizes.growth((*shape, 3), 1024)
    assert (found.height, found.width, found.doublings) == expected
    assert found.powers[0] == 4 and len(found.powers) == expected[2] + 1


def test_all_sides_of_the_rule_and_their_pairs():
    """Every (3 to 7)·2^k from 8 pixels on is a side, and every two sides fit."""
    every = sorted({s << k for s in range(3, 8) for k in range(9)})
    sides = [n for n in every if 8 <= n <= 256]
    for n in range(1, 257):
        if n in sides:
            for other in sides:
                sizes.growth((n, other, 1))
        else:
            with pytest.raises(sizes.WrongSize):
                sizes.growth((n, n, 1))


@pytest.mark.parametrize(
    "shape, largest, said",
    [
        ((50, 50, 3), None, "not 50×50×3; nearest 48×48 or 56×56; .*--size=48 res"),
        ((55, 55, 3), None, "nearest 56×56 or 48×48; .*--size=56 "),
        ((64, 72, 3), None, "multiple of 2.k, not 64×72×3; nearest 64×64 or 64×80;"),
        ((64, 50, 1), None, "nearest 64×48 or 64×56; .*--size=64x48 "),
        ((4, 4, 3), None, "at least 8, not 4×4×3; nearest 8×8; "),
        ((1030, 1030, 3), 1024, "from 8 to 1024, .*; nearest 1024×1024; "),
        ((3000, 1025, 1), 1024, "nearest 1024×1024; "),
        ((7,), None, "not 7$"),
    ],
)
def test_a_refusal_names_the_nearest_sizes(shape, largest, said):
    with pytest.raises(sizes.WrongSize, match=said) as error:
        sizes.growth(shape, largest)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "name, field",
    [("r3gan", "r3gan"), ("biggan", "biggan"), ("unet", "unet")],
)
def test_the_refusal_names_the_field(name, field):
    inputs = (51, 51, 3) if name == "unet" else (7,)
    given = [jax.ShapeDtypeStruct((2, *inputs), jnp.float32)]
    section = {"name": name}
    with pytest.raises(BadInput, match=f"^a.b.name='{field}': expected .*--size="):
        module_of("a.b", section, "generator", given, shape=(51, 51, 3))


@pytest.mark.parametrize("name", GROWING)
def test_shapes_of_images_that_are_not_square_with_alpha(name):
    shapes(name, (48, 64, 4))


def test_shapes_of_96_pixels():
    shapes("r3gan", (96, 96, 3))


def shapes(name, image):
    """Check the outputs of both players."""
    made = output(ARCHITECTURES[name].Generator(image, **options(name)), 12)
    assert (made.shape, made.dtype) == ((5, *image), jnp.float32)
    critic = ARCHITECTURES[name].Discriminator(**options(name, both=True))
    assert output(critic, *image).shape == (5,)


@pytest.mark.full
@pytest.mark.parametrize("size", [8, 10, 24, 28, 40, 80, 112, 160, 192, 224, 512])
@pytest.mark.parametrize("name", GROWING)
def test_shapes_of_more_sizes(name, size):
    shapes(name, (size, size, 1))
    shapes(name, (size + size, size, 3))


@pytest.mark.parametrize(
    "channels", [5, *(pytest.param(n, marks=pytest.mark.full) for n in (1, 2, 3, 4))]
)
@pytest.mark.parametrize("name", GROWING)
def test_any_number_of_channels(name, channels):
    shapes(name, (8, 8, channels))


@pytest.mark.parametrize(
    "channels", [4, *(pytest.param(n, marks=pytest.mark.full) for n in (1, 2, 5))]
)
@pytest.mark.parametrize("name", ["unet", "cyclegan_resnet"])
def test_translations_of_any_shape(name, channels):
    image = (24, 40, channels)
    generator = ARCHITECTURES[name].Generator(image, width=2)
    assert output(generator, *image).shape == (5, *image)
    # patches of 8 pixels: 3×5
    critic = ARCHITECTURES["patchgan"].Discriminator(width=2)
    assert output(critic, *image).shape == (5, 15)


@pytest.mark.parametrize(
    "name, size, channels",
    [
        # Where attention is, by the channels of a network of width 2: at 24 pixels for
        # images of 96, at 32×64 for 64×128, at 48 for 192, at 64 for 256.
        ("sagan", (96, 96), 8),
        ("sagan", (14, 14), None),
        ("sagan", (64, 128), 4),
        ("biggan", (48, 48), None),
        ("biggan", (96, 96), 16),
        ("biggan", (192, 192), 8),
        ("biggan", (256, 256), 8),
    ],
)
def test_where_attention_is(name, size, channels):
    generator = ARCHITECTURES[name].Generator((*size, 1), width=2)
    params = initial(generator, 12)["params"]
    if channels is None:
        assert "SelfAttention_0" not in params
    else:
        found = params["SelfAttention_0"]["output"]["kernel"].shape[-1]
        assert found == channels


@pytest.mark.parametrize("width, halvings", [(64, 4), (56, 3)])
def test_a_longer_side_is_not_halved_beyond_a_whole_pixel(width, halvings):
    """SNGAN's discriminator for 48 pixels halves four times. 56 pixels can be halved
    three times, so it halves images of 48×56 three times."""
    plans = sngan_resnet.PLANS, sngan_resnet.plan_for
    assert residual.plan_of(*plans, (48, width, 3)).halvings == halvings
    discriminator = sngan_resnet.Discriminator(width=2)
    assert output(discriminator, 48, width, 3).shape == (5,)


@pytest.mark.full
@pytest.mark.parametrize("name", ["dcgan", "stylegan2", "r3gan"])
def test_a_step_on_images_that_are_not_square_with_alpha(name):
    """A whole step changes both networks, and everything is finite."""
    small = {**SMALL.get(name, {"width": 4}), "name": name}
    critic = {x: small[x] for x in small if x in ("name", *WIDTHS)}
    stated = {
        "batch_size": 4,
        "latents": {"size": 4},
        "networks": {"generator": small, "discriminator": critic},
        "augmentation": {"names": ("blit", "colour_transform")},
    }
    step, before, data = step_of(stated, made_up((8, 12, 4), count=8))
    after, metrics = jax.jit(step).lower(before, data).compile(QUICK)(before, data)
    moved_and_finite(before, after, metrics)


def test_made_up_data():
    """Random bytes and equally frequent labels; pairs for translations."""
    source = made_up((8, 12, 4), 3, count=9)
    assert source.spec.classes == ("0", "1", "2")
    assert source.train.data.shape == (9, 8, 12, 4)
    assert source.train.data.dtype == np.uint8
    np.testing.assert_array_equal(np.bincount(source.train.label), [3, 3, 3])
    points = made_up((2,), count=4)
    assert (points.train.data.dtype, points.spec.classes) == (np.float32, ())
    pairs = made_up((8, 8, 1), count=4, pairs=True)
    assert pairs.spec.paired and pairs.spec.domains == ("a", "b")
    batch = samples(pairs.train, jax.random.split(jax.random.key(0)))
    assert batch["a"].shape == batch["b"].shape == (2, 8, 8, 1)
