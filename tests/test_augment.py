"""Each augmentation compared with its known properties."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax import augment
from ganjax.augment import AUGMENTATIONS, augmented
from ganjax.errors import BadInput
from ganjax.objectives import CriticInputs
from tests.compilations import count_compilations

KEYS = jax.random.split(jax.random.key(1), 4000)
NAMES = list(AUGMENTATIONS)
N, SIZE = 16, 16
# Compiled once for each shape, because the probability is traced.
BATCHED = {name: jax.vmap(entry, (0, 0, None)) for name, entry in AUGMENTATIONS.items()}
COMPILED = {name: jax.jit(entry) for name, entry in BATCHED.items()}


def some(n=N, size=SIZE, channels=3, seed=0):
    return jax.random.uniform(
        jax.random.key(seed), (n, size, size, channels), minval=-1
    )


def p(probability):
    return jnp.float32(probability)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_never_and_always(name, channels):
    images = some(channels=channels)
    same = COMPILED[name](KEYS[:N], images, p(0))
    np.testing.assert_array_equal(same, images)
    changed = COMPILED[name](KEYS[:N], images, p(1))
    assert (changed.shape, changed.dtype) == (images.shape, jnp.float32)
    assert np.isfinite(changed).all()
    moved = (np.asarray(changed) != images).any((1, 2, 3))
    assert moved.mean() > (0 if name == "flip" else 0.8)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_depends_on_its_own_key_alone(name):
    images = some()
    together = COMPILED[name](KEYS[:N], images, p(0.8))
    alone = jax.jit(BATCHED[name])
    for i in (0, 5, N - 1):
        one = alone(KEYS[i : i + 1], images[i : i + 1], p(0.8))
        np.testing.assert_allclose(one[0], together[i], rtol=0, atol=1e-5)


def identical(name, probability, n=4000, size=8):
    """Return the fraction of images that do not change."""
    images = some(n, size)
    seen = np.asarray(COMPILED[name](KEYS[:n], images, p(probability)))
    return (seen == images).all((1, 2, 3)).mean()


@pytest.mark.parametrize(
    "name, unchanged",
    [
        ("flip", lambda p: 1 - p / 2),
        ("colour", lambda p: 1 - p),
        # A shift by -1, 0 or 1 pixel (an eighth of 8) in each direction.
        ("translation", lambda p: 1 - 8 / 9 * p),
        ("cutout", lambda p: 1 - p),
        # Half of the flips and a quarter of the turns change nothing. At 8 pixels the
        # two shifts are rounded numbers from -1 to 1, so a quarter changes nothing.
        ("blit", lambda p: (1 - p / 2) * (1 - 3 / 4 * p) ** 2),
        # Scale, stretch, shift, and one of two turns, with equal probabilities.
        ("geometric", lambda p: (1 - p) ** 4),
        # Half of the luma flips change nothing.
        ("colour_transform", lambda p: (1 - p) ** 4 * (1 - p / 2)),
    ],
)
def test_how_often_an_image_is_changed(name, unchanged):
    expected = unchanged(0.4)
    error = math.sqrt(expected * (1 - expected) / 4000)
    assert abs(identical(name, 0.4) - expected) < 4 * error


def test_flip_exchanges_left_and_right():
    images = some()
    seen = np.asarray(COMPILED["flip"](KEYS[:N], images, p(1)))
    mirrored = np.asarray(images)[:, :, ::-1]
    either = [(seen == a).all((1, 2, 3)) for a in (np.asarray(images), mirrored)]
    assert np.logical_xor(*either).all() and either[0].any() and either[1].any()


def test_saturation_keeps_the_mean_of_channels_and_contrast_that_of_the_image():
    image = some()[0]
    pixels = np.asarray(image, np.float64)
    grey = augment.saturated(image, 0.0)
    np.testing.assert_allclose(
        grey, np.repeat(pixels.mean(-1)[..., None], 3, -1), atol=1e-6
    )
    double = np.asarray(augment.saturated(image, 2.0))
    np.testing.assert_allclose(double.mean(-1), pixels.mean(-1), atol=1e-6)
    np.testing.assert_allclose(
        np.diff(double, axis=-1), 2 * np.diff(pixels, axis=-1), atol=1e-6
    )
    half = np.asarray(augment.contrasted(image, 0.5))
    assert abs(half.mean() - pixels.mean()) < 1e-6
    np.testing.assert_allclose(half.std(), pixels.std() / 2, rtol=1e-5)


def test_colour_draws_from_the_published_ranges():
    """Compute brightness, contrast and saturation from y = a + b·m + c·(x - m)."""
    n = 4000
    # Two pixels with means 0 and 0.5, so the image mean is 0.25.
    image = jnp.array([[[0.3, 0.0, -0.3], [0.5, 0.5, 0.5]]])
    images = jnp.broadcast_to(image, (n, *image.shape))
    seen = np.asarray(COMPILED["colour"](KEYS, images, p(1)))
    contrast = (seen[:, 0, 1, 1] - seen[:, 0, 0, 1]) / 0.5
    brightness = seen.mean((1, 2, 3)) - 0.25
    saturation = (seen[:, 0, 0, 0] - seen[:, 0, 0, 2]) / 0.6 / contrast
    ranges = {(-0.5, 0.5): brightness, (0.5, 1.5): contrast, (0, 2): saturation}
    for (low, high), drawn in ranges.items():
        assert low - 1e-5 <= drawn.min() and drawn.max() <= high + 1e-5
        deviation = (high - low) / math.sqrt(12)
        assert abs(drawn.mean() - (low + high) / 2) < 4 * deviation / math.sqrt(n)
        assert abs(drawn.std() / deviation - 1) < 0.05


def test_translation_is_of_an_eighth_to_the_nearest_pixel():
    """An eighth of 28 pixels is 3.5, and the authors' code rounds it up to 4. 8 and 32
    pixels give 1 and 4. A bright dot in the middle moves this far and no further."""
    for size, most in ((8, 1), (28, 4), (32, 4)):
        middle = size // 2
        image = jnp.zeros((size, size, 1)).at[middle, middle].set(1.0)
        many = jnp.broadcast_to(image, (400, *image.shape))
        seen = augmented(("translation",), KEYS[:400], many, p(1))
        _, rows, columns, _ = np.nonzero(np.asarray(seen))
        for places in (rows, columns):
            assert set(places) == set(range(middle - most, middle + most + 1))


def test_translation_moves_pixels_and_lets_zeros_in():
    n = 200
    images = 2 + some(n)  # images without zeros
    seen = np.asarray(COMPILED["translation"](KEYS[:n], images, p(1)))
    found = set()
    for image, moved in zip(np.asarray(images), seen, strict=True):
        wide = np.pad(image, ((2, 2), (2, 2), (0, 0)))
        possible = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if (moved == wide[2 - dy : 18 - dy, 2 - dx : 18 - dx]).all()
        ]
        assert len(possible) == 1
        found.update(possible)
    assert len(found) == 25  # an eighth of 16 is 2


# Half is even, or odd, or rounded up to an odd or to an even number.
@pytest.mark.parametrize("size", [8, 10, 9, 7])
def test_cutout_zeroes_half_the_height_and_width(size):
    n = 400
    images = 2 + some(n, size, 1)
    seen = np.asarray(COMPILED["cutout"](KEYS[:n], images, p(1)))[..., 0]
    half = {8: 4, 10: 5, 9: 5, 7: 4}[size]
    centres = set()
    for image, before in zip(seen, np.asarray(images)[..., 0], strict=True):
        rows, columns = (np.flatnonzero((image == 0).any(axis)) for axis in (1, 0))
        hole = np.zeros((size, size), bool)
        hole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
        np.testing.assert_array_equal(image == 0, hole)
        np.testing.assert_array_equal(image[~hole], before[~hole])
        for ends in (rows, columns):
            inside = ends[0] > 0 and ends[-1] < size - 1
            assert len(ends) == half if inside else half // 2 <= len(ends) <= half
        centres.add((rows[0], rows[-1]))
    assert len(centres) == size + 1 - half % 2


def test_blit_makes_every_flip_turn_and_shift():
    n, size = 4000, 8
    image = np.asarray(some(1, size, 1)[0])
    images = jnp.broadcast_to(jnp.asarray(image), (n, size, size, 1))
    seen = np.asarray(COMPILED["blit"](KEYS, images, p(1)))
    # The 8 symmetries of the square, each moved by at most a pixel and reflected.
    possible = set()
    for start in (image, image[:, ::-1]):
        for turns in range(4):
            wide = np.pad(np.rot90(start, turns), ((1, 1), (1, 1), (0, 0)), "reflect")
            for dy in range(3):
                for dx in range(3):
                    possible.add(wide[dy : dy + size, dx : dx + size].tobytes())
    assert len(possible) == 72
    assert {one.tobytes() for one in seen} == possible


def test_blit_turns_images_that_are_not_square_by_half_a_turn():
    """There are 4 flips and half turns, and shifts by at most an eighth: 1 and 2."""
    height, width = 8, 16
    image = np.asarray(jax.random.uniform(jax.random.key(0), (height, width, 1)))
    images = jnp.broadcast_to(jnp.asarray(image), (4000, *image.shape))
    seen = np.asarray(COMPILED["blit"](KEYS, images, p(1)))
    possible = set()
    for start in (image, image[:, ::-1], image[::-1], image[::-1, ::-1]):
        wide = np.pad(start, ((1, 1), (2, 2), (0, 0)), "reflect")
        for dy in range(3):
            for dx in range(5):
                possible.add(wide[dy : dy + height, dx : dx + width].tobytes())
    assert len(possible) == 60
    assert {one.tobytes() for one in seen} == possible


@pytest.mark.parametrize("name", ["colour", "colour_transform"])
def test_changes_of_colour_keep_alpha(name):
    """The colours of RGBA change as the colours of RGB do."""
    images = some(channels=4)
    seen = COMPILED[name](KEYS[:N], images, p(1))
    np.testing.assert_array_equal(seen[..., 3], images[..., 3])
    expected = COMPILED[name](KEYS[:N], images[..., :3], p(1))
    np.testing.assert_allclose(seen[..., :3], expected, atol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "blit",
        *(
            pytest.param(name, marks=pytest.mark.full)
            for name in ("flip", "translation", "cutout", "geometric")
        ),
    ],
)
def test_changes_of_place_move_all_channels(name):
    """Each of five channels moves like the first."""
    images = some(channels=5)
    seen = COMPILED[name](KEYS[:N], images, p(1))
    for i in range(5):
        alone = COMPILED[name](KEYS[:N], images[..., i : i + 1], p(1))
        np.testing.assert_allclose(seen[..., i], alone[..., 0], atol=1e-5)


@pytest.mark.parametrize("channels", [2, 5, 6])
def test_channels_without_a_hue_are_refused_when_the_game_is_built(channels):
    critic_inputs = CriticInputs(augment=partial(augmented, ("colour_transform",)))
    message = "augmentation.names='colour_transform': expected images of 1 channel"
    with pytest.raises(BadInput, match=f"{message} .* not {channels}"):
        critic_inputs.shape((8, 8, channels))
    assert critic_inputs.shape((8, 12, 4)) == (8, 12, 4)


@pytest.mark.parametrize("size", [8, 9])
def test_warp_knows_the_symmetries_of_the_square(size):
    image = some(1, size)[0]
    for inverse, expected in [
        ([[1, 0, 0], [0, 1, 0]], image),
        ([[-1, 0, 0], [0, 1, 0]], image[:, ::-1]),
        ([[0, -1, 0], [1, 0, 0]], np.rot90(image)),
        ([[0, 1, 0], [-1, 0, 0]], np.rot90(image, 3)),
    ]:
        seen = augment.warp(image, jnp.array(inverse, jnp.float32))
        np.testing.assert_array_equal(seen, expected)
    # The same turn from its angle, whose sine and cosine are rounded.
    zero = jnp.zeros(2)
    turned = augment.warp(
        image, augment.inverse_affine(0.0, math.pi / 2, 0.0, 0.0, zero)
    )
    np.testing.assert_allclose(turned, np.rot90(image), atol=1e-5)
    unturned = augment.inverse_affine(0.0, 0.7, 0.0, -0.7, zero)
    np.testing.assert_allclose(augment.warp(image, unturned), image, atol=1e-5)


def test_warp_between_pixels_and_beyond_the_border():
    row = np.array([0.0, 1.0, 4.0, 9.0], np.float32)
    image = jnp.broadcast_to(row[None, :, None], (2, 4, 1))

    def shifted(by):
        inverse = augment.inverse_affine(0.0, 0.0, 0.0, 0.0, jnp.array([by, 0.0]))
        return np.asarray(augment.warp(image, inverse))[1, :, 0]

    # A shift to the left by a quarter: 3/4 of a pixel plus 1/4 of the next pixel.
    np.testing.assert_allclose(shifted(-0.25), [0.25, 1.75, 5.25, 8.75 - 1.0])
    np.testing.assert_array_equal(shifted(-2), [4, 9, 4, 1])
    np.testing.assert_array_equal(shifted(3), [9, 4, 1, 0])
    np.testing.assert_array_equal(shifted(6), row)  # the period of the reflection


def test_warp_of_a_ramp():
    """Scale, stretch and shift of a linear image, whose bilinear samples are exact."""
    size = 33
    x = np.arange(size) - 16.0
    ramp = jnp.asarray(np.stack(np.broadcast_arrays(x[None], x[:, None]), -1))
    ramp = ramp.astype(jnp.float32)
    shift = jnp.array([2.0, -1.5])
    inverse = augment.inverse_affine(1.0, 0.0, 0.5, 0.0, shift)
    seen = np.asarray(augment.warp(ramp, inverse))
    # Enlarged by 2, stretched by √2 in width and 1/√2 in height, then moved.
    inner = slice(10, 23)  # samples inside the image
    expected = (x - 2) / 2**1.5
    np.testing.assert_allclose(seen[16, inner, 0], expected[inner], atol=1e-5)
    expected = (x + 1.5) / 2**0.5
    np.testing.assert_allclose(seen[inner, 16, 1], expected[inner], atol=1e-5)


def test_recolouring_is_the_product_of_its_matrices():
    """Multiply the homogeneous 4×4 matrices of the five transformations."""
    brightness, contrast, hue, saturation = 0.3, -0.4, 1.1, 0.7
    v = np.array([1, 1, 1]) / math.sqrt(3)
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    along = np.outer(v, v)
    turn = np.eye(3) + math.sin(hue) * cross + (1 - math.cos(hue)) * cross @ cross
    for flipped in (0, 1):
        matrix = np.eye(4)
        for linear, offset in [
            (np.eye(3), brightness),
            (2**contrast * np.eye(3), 0),
            (np.eye(3) - 2 * flipped * along, 0),
            (turn, 0),
            (along + (np.eye(3) - along) * 2**saturation, 0),
        ]:
            step = np.eye(4)
            step[:3, :3], step[:3, 3] = linear, offset
            matrix = step @ matrix
        image = some()[0]
        expected = np.asarray(image) @ matrix[:3, :3].T + matrix[:3, 3]
        seen = augment.recolour(image, brightness, contrast, flipped, hue, saturation)
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-6)


def test_hue_of_a_third_of_a_turn_permutes_the_channels():
    image = some()[0]
    seen = augment.recolour(image, 0.0, 0.0, 0, 2 * math.pi / 3, 0.0)
    np.testing.assert_allclose(seen, np.roll(image, 1, -1), atol=1e-6)


def test_grey_images_have_no_hue():
    image = some(channels=1)[0]
    seen = augment.recolour(image, 0.25, 1.0, 1, 2.0, 3.0)
    np.testing.assert_allclose(seen, -2 * (image + 0.25), atol=1e-6)
    # A grey image with three channels becomes the same grey.
    three = augment.recolour(jnp.repeat(image, 3, -1), 0.25, 1.0, 1, 2.0, 3.0)
    np.testing.assert_allclose(three, jnp.repeat(seen, 3, -1), atol=1e-5)
    # Only brightness, contrast and half of the luma flips change a grey image.
    images = some(4000, 2, 1)
    seen = np.asarray(COMPILED["colour_transform"](KEYS, images, p(0.4)))
    expected = 0.6**2 * 0.8
    error = math.sqrt(expected * (1 - expected) / 4000)
    assert abs((seen == images).all((1, 2, 3)).mean() - expected) < 4 * error
    with pytest.raises(BadInput, match="1 channel .*, 3 .* or 4 .*, not 2"):
        augment.recolour(image[..., [0, 0]], 0.0, 0.0, 0, 0.0, 0.0)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_transpose_of_the_map(name):
    """The map is affine: f(x + d) - f(x) = L·d, and ⟨w, L·d⟩ = ⟨Lᵀ·w, d⟩."""
    x, d = some(4, 8), some(4, 8, seed=1)
    w = d + some(4, 8, seed=2)  # not orthogonal to L·d

    @jax.jit
    def both(x, d, w):
        def of(x):
            return BATCHED[name](KEYS[:4], x, p(1))

        y, back = jax.vjp(of, x)
        # The map's derivative does not depend on x, so this gradient is zero.
        second = jax.grad(lambda x: jnp.sum(jax.vjp(of, x)[1](w)[0] ** 2))(x)
        # The gradient penalty of a cubic critic depends on x.
        critic = jax.grad(lambda x: jnp.sum(of(x) ** 3))
        penalty = jax.grad(lambda x: jnp.sum(critic(x) ** 2))(x)
        return of(x + d) - y, back(w)[0], second, penalty

    change, transposed, second, penalty = map(np.asarray, both(x, d, w))
    forward, backward = np.sum(w * change), np.sum(transposed * np.asarray(d))
    np.testing.assert_allclose(forward, backward, rtol=1e-4, atol=1e-4)
    assert abs(backward) > 1 and not second.any()
    assert np.isfinite(penalty).all() and penalty.any()


def test_one_program_for_all_probabilities():
    images = some(4, 8)
    see = jax.jit(lambda p: augmented(NAMES, KEYS[:4], images, p))
    with count_compilations() as compiled:
        seen = [see(p(probability)) for probability in (0.0, 0.3, 1.0)]
    assert len([name for name in compiled if "lambda" in name]) == 1
    np.testing.assert_array_equal(seen[0], images)
    assert np.abs(seen[1] - seen[2]).max() > 0.1


def test_entries_draw_from_keys_of_their_own():
    images = some()
    keys = KEYS[:N]
    both = augmented(("translation", "cutout"), keys, images, p(1))
    moved = augmented(("translation",), keys, images, p(1))
    holes = augmented(("cutout",), keys, moved, p(1))
    np.testing.assert_array_equal(both, holes)
    # In the other order the holes are moved as well: same draws, other result.
    other = augmented(("cutout", "translation"), keys, images, p(1))
    assert (np.asarray(other) != both).any()
    np.testing.assert_array_equal(augmented((), keys, images, p(1)), images)
    # No entry uses the given keys directly.
    bare = COMPILED["translation"](keys, images, p(1))
    assert (np.asarray(bare) != moved).any()


@pytest.mark.parametrize("name", NAMES)
def test_real_and_fake_under_one_key_are_changed_alike(name):
    """The draws depend on the keys, not on the images. So the map is affine in the
    images, with the same linear part for real and fake."""
    real, fake = some(seed=0), some(seed=1)
    see = lambda x: COMPILED[name](KEYS[:N], x, p(0.5))  # noqa: E731
    middle = see((real + fake) / 2)
    np.testing.assert_allclose(middle, (see(real) + see(fake)) / 2, atol=2e-5)


def test_adaptation_rises_while_the_discriminator_is_too_sure():
    adapt = jax.jit(lambda probability, sign: augment.adapt(
        probability, sign, target=0.6, images=64, speed=500))  # fmt: skip
    once = adapt(0.0, 0.9)
    np.testing.assert_allclose(once, 64 / 500_000, rtol=1e-6)
    np.testing.assert_allclose(adapt(0.5, 0.6), 0.5)  # on target
    np.testing.assert_allclose(adapt(0.5, 0.1), 0.5 - 64 / 500_000, rtol=1e-6)
    probability = jax.lax.fori_loop(0, 8000, lambda i, p: adapt(p, 0.9), 0.0)
    # There is no upper limit, as in the authors' code.
    np.testing.assert_allclose(probability, 8000 * 64 / 500_000, rtol=1e-3)
    probability = jax.lax.fori_loop(0, 9000, lambda i, p: adapt(p, 0.0), probability)
    assert probability == 0


def test_a_probability_above_one_means_one():
    images = some()
    for name in ("flip", "colour_transform", "geometric"):
        change = partial(augmented, (name,), KEYS[:N], images)
        np.testing.assert_array_equal(change(p(1.5)), change(p(1)))


def test_factors_of_the_probability():
    images = some()
    names, keys = ("flip", "cutout"), KEYS[:N]
    both = augmented(names, keys, images, p(0.8), (0.5, 0.0))
    np.testing.assert_array_equal(both, augmented(names[:1], keys, images, p(0.4)))
    with pytest.raises(BadInput, match="a number for each of augmentation.names"):
        augment.AugmentationOptions(names=names, factors=(0.5,))


@pytest.mark.parametrize("shape", [(), (2,), (4, 4, 3)])
def test_pseudo_real(shape):
    n = 4000
    real, fake = jnp.zeros((n, *shape)), jnp.ones((n, *shape))
    np.testing.assert_array_equal(augment.pseudo_real(KEYS, real, fake, p(0)), real)
    np.testing.assert_array_equal(augment.pseudo_real(KEYS, real, fake, p(1)), fake)
    seen = np.asarray(augment.pseudo_real(KEYS, real, fake, p(0.3))).reshape(n, -1)
    assert (seen == seen[:, :1]).all()  # no sample is mixed
    assert abs(seen[:, 0].mean() - 0.3) < 4 * math.sqrt(0.3 * 0.7 / n)
