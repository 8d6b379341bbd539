"""Augmentations of the images that the discriminator sees, by name.

An augmentation is ``(key, image [H, W, C], probability) -> image``. The image is in
[-1, 1]. Four channels are red, green, blue and alpha: changes of colour keep the alpha,
changes of place move it too. The probability is a scalar and may be traced; at 0 the
image does not change at all, and above 1 it means 1. For a given key the map is affine
in the image, so gradients of any order pass. ``augmented`` maps augmentations over a
batch with one key per sample, so the result does not depend on how the batch is split.

``colour``, ``translation`` and ``cutout`` are DiffAugment (Zhao et al. 2020, arXiv
2006.10738), which always applies them. ``blit``, ``geometric`` and ``colour_transform``
are the pipeline of ADA (Karras et al. 2020, arXiv 2006.06676, appendix B). Each of them
has several transformations, which are drawn independently. ``adapt`` changes the
probability of ADA. ``pseudo_real`` puts generated images among the real ones.
"""

import dataclasses
import math
import zlib
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ganjax.errors import BadInput
from ganjax.names import Table
from ganjax.options import option


def _happens(key, probability):
    return jax.random.bernoulli(key, jnp.asarray(probability, jnp.float32))


def _signed(key, shape=()):
    return jax.random.uniform(key, shape, minval=-1.0)


def flip(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Mirror the image left to right, with half of ``probability``."""
    chance = jnp.minimum(probability, 1) / 2
    return jnp.where(_happens(key, chance), image[:, ::-1], image)


# DiffAugment


def colour(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Add U(-½, ½) to the brightness, then multiply the saturation by U(0, 2) about
    each pixel's mean, then the contrast by U(½, 3/2) about the image's mean. An image
    may have any number of channels. Of four channels the last is alpha and does not
    change."""
    gate, *keys = jax.random.split(key, 4)
    brightness, saturation, contrast = (jax.random.uniform(k) for k in keys)
    changed, alpha = _without_alpha(image)
    changed = saturated(changed + (brightness - 0.5), 2 * saturation)
    changed = contrasted(changed, contrast + 0.5)
    changed = jnp.concatenate([changed, *alpha], -1)
    return jnp.where(_happens(gate, probability), changed, image)


def _without_alpha(image):
    """Return the colours of an image, and a list of its alpha channel, if any."""
    if image.shape[-1] != 4:
        return image, []
    return image[..., :3], [image[..., 3:]]


def saturated(image: jax.Array, gain) -> jax.Array:
    """Multiply the distance of each pixel from the mean of its channels by ``gain``, in
    ``image [H, W, C]``."""
    mean = image.mean(-1, keepdims=True)
    return mean + gain * (image - mean)


def contrasted(image: jax.Array, gain) -> jax.Array:
    """Multiply the distance of every entry of ``image [H, W, C]`` from the mean of the
    whole image by ``gain``."""
    mean = image.mean()
    return mean + gain * (image - mean)


def translation(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Shift by whole pixels, at most an eighth of the size (rounded), and fill with
    zeros."""
    gate, *keys = jax.random.split(key, 3)
    most = [(size + 4) // 8 for size in image.shape[:2]]
    shift = [
        jax.random.randint(k, (), -m, m + 1) for k, m in zip(keys, most, strict=True)
    ]
    happens = _happens(gate, probability)
    return _shifted(image, [jnp.where(happens, s, 0) for s in shift], most, "constant")


def _shifted(image, shift, most, padding):
    """Shift ``image`` down and right by ``shift`` pixels, at most ``most``."""
    wide = jnp.pad(image, [(m, m) for m in most] + [(0, 0)], mode=padding)
    start = [m - s for m, s in zip(most, shift, strict=True)]
    return jax.lax.dynamic_slice(wide, (*start, 0), image.shape)


def cutout(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Set a rectangle of half the height and half the width to zero. Half of an odd
    number is rounded up. The centre is anywhere in the image, so a part of the
    rectangle may lie outside."""
    gate, *keys = jax.random.split(key, 3)
    inside = []
    for k, size in zip(keys, image.shape[:2], strict=True):
        length = (size + 1) // 2
        # The centre of an even length is between two pixels, or at an image border.
        centre = jax.random.randint(k, (), 0, size + 1 - length % 2)
        offset = jnp.arange(size) - (centre - length // 2)
        inside.append((offset >= 0) & (offset < length))
    rows, columns = inside
    hole = rows[:, None, None] & columns[None, :, None] & _happens(gate, probability)
    return jnp.where(hole, 0.0, image)


# ADA


def blit(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Flip, rotate by a multiple of 90°, and shift by whole pixels (at most an eighth
    of the size, with reflection at the borders). Half of the drawn flips and a quarter
    of the drawn rotations change nothing. An image that is not square turns by 180° at
    most: a quarter turn would change its shape, so it changes nothing.
    """
    size = image.shape[:2]
    gates, values = jax.random.split(key, (2, 3))
    flipped, turned, moved = (_happens(gate, probability) for gate in gates)
    flipped &= jax.random.bernoulli(values[0])
    turns = jnp.where(turned, jax.random.randint(values[1], (), 0, 4), 0)
    eighths = jnp.array([side / 8 for side in size], jnp.float32)
    shift = jnp.round(_signed(values[2], (2,)) * eighths).astype(jnp.int32)
    shift = jnp.where(moved, shift, 0)
    image = jnp.where(flipped, image[:, ::-1], image)
    if size[0] == size[1]:
        image = jnp.where(turns % 2 == 1, jnp.rot90(image), image)
        image = jnp.where(turns >= 2, image[::-1, ::-1], image)
    else:
        image = jnp.where(turns == 2, image[::-1, ::-1], image)
    return _shifted(image, shift, [math.ceil(side / 8) for side in size], "reflect")


def geometric(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Scale by 2^N(0, 0.2), rotate, stretch anisotropically by 2^N(0, 0.2), rotate, and
    shift by N(0, 0.125) of the size, all in one ``warp``.

    Scaling, stretching and shifting each happen with ``probability``. The two rotations
    are by U(-π, π), and at least one of them happens with ``probability``. The
    published warp uses wavelet filters against aliasing; this warp is bilinear.
    """
    gates, values = jax.random.split(key, (2, 5))
    either = 1 - jnp.sqrt(jnp.clip(1.0 - probability, 0, 1))
    chances = (probability, either, probability, either, probability)
    happen = [_happens(g, p) for g, p in zip(gates, chances, strict=True)]
    size = jnp.array(image.shape[1::-1], jnp.float32)
    drawn = (
        0.2 * jax.random.normal(values[0]),
        math.pi * _signed(values[1]),
        0.2 * jax.random.normal(values[2]),
        math.pi * _signed(values[3]),
        0.125 * size * jax.random.normal(values[4], (2,)),
    )
    drawn = [jnp.where(h, value, 0.0) for h, value in zip(happen, drawn, strict=True)]
    warped = warp(image, inverse_affine(*drawn))
    return jnp.where(jnp.stack(happen).any(), warped, image)


def inverse_affine(scale, turn, stretch, turn_after, shift) -> jax.Array:
    """Return the matrix for a ``warp`` that enlarges by ``2^scale``, rotates counter-
    clockwise by ``turn``, stretches x by ``2^stretch`` and y by its inverse, rotates by
    ``turn_after`` and shifts by ``shift`` pixels ``[2]`` (x right, y down)."""

    def turned(angle):
        c, s = jnp.cos(angle), jnp.sin(angle)
        return jnp.array([[c, -s], [s, c]])

    # Scalings multiply rows. The matrix product needs full precision: accelerators
    # would round to shorter formats.
    stretched = jnp.exp2(jnp.stack([-stretch, stretch]))[:, None]
    after = stretched * turned(turn_after)
    linear = jnp.exp2(-scale) * jnp.matmul(turned(turn), after, precision="highest")
    moved = -(linear * shift[None]).sum(1, keepdims=True)
    return jnp.concatenate([linear, moved], 1)


def warp(image: jax.Array, inverse: jax.Array) -> jax.Array:
    """Transform ``image [H, W, C]`` by the affine map with inverse ``inverse [2, 3]``.
    The output at (x, y) is the input at ``inverse · (x, y, 1)``, both in pixels from
    the centre, x to the right and y down. Sampling is bilinear, and the image is
    reflected at its borders."""
    height, width, channels = image.shape
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    x = jnp.arange(width)[None] - middle_x
    y = jnp.arange(height)[:, None] - middle_y
    column, row = (a * x + b * y + c for a, b, c in inverse)
    column, row = column + middle_x, row + middle_y
    left, top = jnp.floor(column), jnp.floor(row)
    right, below = column - left, row - top  # weight of the next pixel
    places, weights = [], []
    for down, of_row in ((0, 1 - below), (1, below)):
        for along, of_column in ((0, 1 - right), (1, right)):
            at_row = _reflected(top.astype(jnp.int32) + down, height)
            at_column = _reflected(left.astype(jnp.int32) + along, width)
            places.append(at_row * width + at_column)
            weights.append(of_row * of_column)
    pixels = image.reshape(height * width, channels)
    seen = pixels.at[jnp.stack(places)].get(mode="promise_in_bounds")
    return (jnp.stack(weights)[..., None] * seen).sum(0)


def _reflected(index, size):
    """Reflect ``index`` into the image. Border pixels are not repeated."""
    index = jnp.abs(index) % max(2 * (size - 1), 1)
    return jnp.minimum(index, 2 * (size - 1) - index)


def colour_transform(key: jax.Array, image: jax.Array, probability) -> jax.Array:
    """Recolour: add N(0, 0.2) to the brightness, multiply the contrast by 2^N(0, ½),
    flip the luma, rotate the hue by U(-π, π), multiply the saturation by 2^N(0, 1)."""
    gates, values = jax.random.split(key, (2, 5))
    happen = [_happens(gate, probability) for gate in gates]
    happen[2] &= jax.random.bernoulli(values[2])  # half of the luma flips do nothing
    if image.shape[-1] == 1:
        happen[3:] = 2 * [jnp.array(False)]
    drawn = (
        0.2 * jax.random.normal(values[0]),
        0.5 * jax.random.normal(values[1]),
        1.0,
        math.pi * _signed(values[3]),
        jax.random.normal(values[4]),
    )
    drawn = [jnp.where(h, value, 0.0) for h, value in zip(happen, drawn, strict=True)]
    return jnp.where(jnp.stack(happen).any(), recolour(image, *drawn), image)


def recolour(image: jax.Array, brightness, contrast, flipped, hue, saturation):
    """Return ``image [H, W, C]`` after five steps: add ``brightness``, multiply by
    ``2^contrast``, negate the luma if ``flipped`` is 1 (not if 0), rotate by ``hue``
    about the luma axis v = (1, 1, 1)/√3, and multiply the distance from this axis by
    ``2^saturation``.

    Each step acts separately on the mean m of the colours and on the rest d. So the
    product of the five 4×4 matrices is (1 - 2·flipped)·2^contrast·(m + brightness) +
    2^(contrast + saturation)·(cos(hue)·d + sin(hue)·v×d). Grey images have d = 0.

    Alpha does not change.

    Raises:
      BadInput: for a number of channels without a luma axis.
    """
    if image.shape[-1] not in (1, 3, 4):
        raise BadInput(
            f"expected images of 1 channel (grey), 3 (colour) or 4 (colour and alpha), "
            f"not {image.shape[-1]}"
        )
    image, alpha = _without_alpha(image)
    mean = image.mean(-1, keepdims=True)
    luma = (1 - 2 * flipped) * jnp.exp2(contrast) * (mean + brightness)
    if image.shape[-1] == 1:
        return luma
    rest = image - mean
    across = (jnp.roll(rest, 1, -1) - jnp.roll(rest, -1, -1)) / math.sqrt(3)
    rest = jnp.cos(hue) * rest + jnp.sin(hue) * across
    recoloured = luma + jnp.exp2(contrast + saturation) * rest
    return jnp.concatenate([recoloured, *alpha], -1)


_ENTRIES = flip, colour, translation, cutout, blit, geometric, colour_transform
AUGMENTATIONS = Table(
    "an augmentation, (key, image, probability) -> image",
    {entry.__name__: entry for entry in _ENTRIES},
    takes=3,
)


@dataclasses.dataclass(frozen=True)
class AugmentationOptions:
    """The section ``augmentation`` of a config."""

    names: tuple[str, ...] = option(
        (), "augmentations in order", item=str, choices=AUGMENTATIONS,
        needs=("a critic that sees data", "images"),
    )  # fmt: skip
    probability: float = option(
        1.0, "probability of each augmentation", least=0, most=1, knob=True
    )
    factors: tuple[float, ...] = option(
        (), "a factor of the probability for each augmentation; none: 1", item=float,
        least=0, most=1, needs=("augmentation.names",),
    )  # fmt: skip
    pseudo: bool = option(False, "put generated samples among the real ones (APA)")
    adaptive: bool = option(
        False, "adapt the probability to the critic (ADA)",
        needs=("augmentation.names or pseudo",),
    )  # fmt: skip
    target: float = option(
        0.6, "mean sign of real logits, target of ADA", above=-1, below=1, knob=True
    )
    speed: float = option(
        500.0, "thousands of real samples from probability 0 to 1", above=0, knob=True
    )
    interval: int = option(
        4, "updates of the critic from one change of the probability to the next",
        least=1,
    )  # fmt: skip
    noise: float = option(
        0.0, "standard deviation of noise on the critics' inputs", least=0, knob=True
    )

    def __post_init__(self):
        if self.factors and len(self.factors) != len(self.names):
            raise BadInput(
                f"augmentation.factors={self.factors}: expected a number for each of "
                f"augmentation.names={self.names}"
            )


def augmented(
    names: Sequence[str], keys, images: jax.Array, probability,
    factors: Sequence[float] = (),
) -> jax.Array:  # fmt: skip
    """Return ``images [n, H, W, C]`` after the augmentations ``names``, in order. Each
    augmentation folds its name into ``keys [n]``, so its draws do not depend on the
    other augmentations.

    Args:
      factors: factors of the probability, one for each name, or none.

    Raises:
      BadInput: if an augmentation cannot change images of this shape.
    """
    for name, factor in zip(names, factors or (1,) * len(names), strict=True):
        change = AUGMENTATIONS.find("augmentation.names", name)
        number = zlib.crc32(name.encode())
        own = jax.vmap(lambda key, number=number: jax.random.fold_in(key, number))(keys)
        try:
            images = jax.vmap(change, (0, 0, None))(own, images, factor * probability)
        except BadInput as error:
            raise BadInput(f"augmentation.names='{name}': {error}") from error
    return images


def adapt(probability, sign, *, target, images, speed) -> jax.Array:
    """Return the next probability of ADA (Karras et al. 2020, section 3).

    Args:
      sign: the mean sign r_t of the logits of real images, near 1 if the discriminator
        overfits.
      target: the desired ``sign``, 0.6 in the paper.
      images: number of real images since the last change.
      speed: thousands of images for the way from 0 to 1, 500 in the paper.

    As in the paper and in the authors' code, the probability is limited only from
    below. An augmentation reads a probability above 1 as 1.
    """
    step = jnp.sign(sign - target) * images / (speed * 1000)
    return jnp.maximum(probability + step, 0.0)


def pseudo_real(keys, real: jax.Array, fake: jax.Array, probability) -> jax.Array:
    """Replace real samples by generated ones, to deceive the discriminator (APA; Jiang
    et al. 2021, arXiv 2111.06849). With ``probability``, a sample of ``real [n, …]``
    becomes the sample of ``fake [n, …]`` with the same index."""
    deceives = jax.vmap(_happens, (0, None))(keys, probability)
    return jnp.where(deceives.reshape(-1, *(1,) * (real.ndim - 1)), fake, real)
