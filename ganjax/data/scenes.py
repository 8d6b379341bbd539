"""Scenes: coloured digits and shapes with a caption, drawn inside the step."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data import scene_grammar
from ganjax.data.digits import open_digits
from ganjax.data.idx import open_mnist
from ganjax.data.scene_grammar import ALIKE, DIGITS, RELATED, SHAPES, Scene
from ganjax.data.source import Arrays, Composed, Items, Source, Spec, in_memory
from ganjax.options import Option, configured

# Side of an image -> sides of a large and of a small object. A large one is a pixel
# smaller than half of the image, so that it can move.
SIDES = {16: (7, 5), 32: (15, 9), 64: (31, 19)}
# Red, green and blue of each of the ``COLOURS``, in [0, 1].
RGB = ((1.0, 0.15, 0.15), (0.15, 0.85, 0.25), (0.25, 0.4, 1.0), (1.0, 0.9, 0.1))
BORDER = 4  # MNIST's digits lie in the middle 20×20 of 28×28 pixels
# Upper left corners of both objects, in quarters of a side. The rows are the places of
# one object, the places of two equal ones, and the relations.
CORNERS = (
    ((1, 0), (1, 0)), ((1, 2), (1, 2)), ((0, 1), (0, 1)), ((2, 1), (2, 1)),
    ((1, 1), (1, 1)),
    ((0, 0), (2, 0)), ((0, 2), (2, 2)), ((0, 0), (0, 2)), ((2, 0), (2, 2)),
    ((1, 0), (1, 2)),
    ((0, 1), (2, 1)), ((2, 1), (0, 1)), ((1, 0), (1, 2)), ((1, 2), (1, 0)),
)  # fmt: skip

GLYPHS = Option("mnist", "the digits of scenes", choices=("mnist", "digits"))
SIDE = Option(32, "pixels along the side of a scene", choices=tuple(SIDES))


@configured(glyphs=GLYPHS, side=SIDE)
def open_scenes(directory: str, glyphs: str = "mnist", side: int = 32) -> Source:
    """Open scenes ``[side, side, 3]`` in [-1, 1] on black, with a caption and, for
    scores, the record of the scene.

    Training scenes have training digits and no held-out combination (see
    ``scene_grammar``). Test scenes have test digits and only held-out combinations. A
    batch also holds ``'scene'``, a ``Scene`` of arrays ``[n, …]``; games do not read
    it.

    Args:
        directory: the folder of MNIST.
        glyphs: ``'mnist'``, or ``'digits'`` for the 8×8 digits of scikit-learn.
        side: the side of an image, a key of ``SIDES``.

    Raises:
        BadInput: the digits are missing or damaged.
    """
    source, border = _digits(directory, glyphs)
    spec = Spec("scenes", (side, side, 3), captions=scene_grammar.captions())
    splits = (
        scenes(split, border, side, training=training)
        for split, training in ((source.train, True), (source.test, False))
    )
    train, test = splits
    counts = {"train": len(train.arrays["rows"]), "test": len(test.arrays["rows"])}
    return Source(spec, train, test, {"combinations": counts})


def scenes_of(directory: str, glyphs: str, side: int) -> Composed:
    """Return a sampler of scenes of all combinations with training digits, for networks
    that judge scenes. ``open_scenes`` describes the arguments."""
    source, border = _digits(directory, glyphs)
    return scenes(source.train, border, side, training=None)


def _digits(directory, glyphs):
    """Return images of digits, and the empty pixels on each of their sides."""
    if glyphs == "mnist":
        return open_mnist(directory), BORDER
    return open_digits(), 0


def scenes(
    split: Arrays | Items, border: int, side: int, *, training: bool | None
) -> Composed:
    """Return a sampler of ``{'data', 'caption', 'scene'}``.

    Args:
        split: images of digits with one channel and labels 0 to 9.
        border: empty pixels on each side of a digit.
        side: the side of a scene.
        training: whether the combinations are the training ones, or the held-out ones;
            ``None`` for all.
    """
    rows, starts, counts = scene_grammar.rows_of(training)
    glyphs, first, many = _glyphs(in_memory(split), border, side)
    arrays = {
        "rows": rows, "starts": starts, "counts": counts,
        "glyphs": glyphs, "first": first, "many": many,
    }  # fmt: skip

    def one(arrays, key):
        of_scene, of_image = jax.random.split(key)
        of_rows = arrays["rows"], arrays["starts"], arrays["counts"]
        scene = scene_grammar.draw(of_scene, *of_rows)
        data = _drawn(of_image, scene, arrays, side)
        return {"data": data, "caption": scene_grammar.tokens_of(scene), "scene": scene}

    return Composed(arrays, jax.vmap(one, in_axes=(None, 0)))


def _drawn(key, scene: Scene, arrays, side):
    """Return the image of one scene, ``[side, side, 3]`` in [-1, 1]. Each object moves
    by up to a pixel, and its brightness is 0.8 to 1."""
    layout = jnp.where(scene.form == RELATED, 10 + scene.relation, scene.place)
    layout = jnp.where(scene.form == ALIKE, 5 + scene.place, layout)
    corners = jnp.asarray(CORNERS, jnp.int32)[layout] * (side // 4)

    def placed(key, kind, colour, size, corner):
        of_glyph, of_corner, of_light = jax.random.split(key, 3)
        which = jax.random.randint(of_glyph, (), 0, arrays["many"][kind])
        glyph = arrays["glyphs"][size, arrays["first"][kind] + which]
        corner = corner + jax.random.randint(of_corner, (2,), 0, 2)
        light = jax.random.uniform(of_light, minval=0.8)
        shown = light * glyph.astype(jnp.float32) / 255 * (kind >= 0)
        blank = jnp.zeros((side, side))
        mask = jax.lax.dynamic_update_slice(blank, shown, (corner[0], corner[1]))
        return mask[..., None] * jnp.asarray(RGB)[colour].reshape(1, 1, 3)

    keys = jax.random.split(key)
    both = jax.vmap(placed)(keys, scene.kind, scene.colour, scene.size, corners)
    return 2 * jnp.max(both, axis=0) - 1


def _glyphs(digits: Arrays, border: int, side: int):
    """Return small and large objects, uint8 ``[2, m, s, s]`` for the side s of a large
    one, sorted by kind; and where each kind starts and how many it has, ``[13]``."""
    large, small = SIDES[side]
    order = np.argsort(digits.label, kind="stable")
    inner = slice(border, digits.data.shape[1] - border)
    images = digits.data[order][:, inner, inner, 0]
    made = []
    for size in (small, large):
        shapes = np.stack([_shape(name, size) for name in SHAPES])
        both = np.concatenate([_resized(images, size), shapes])
        gap = (large - size) // 2
        made.append(np.pad(both, ((0, 0), (gap, gap), (gap, gap))))
    count = np.bincount(digits.label, minlength=len(DIGITS))
    many = np.concatenate([count, np.ones(len(SHAPES), int)]).astype(np.int32)
    return np.stack(made), (np.cumsum(many) - many).astype(np.int32), many


def _resized(images, size):
    """Return images ``[n, h, h]`` of bytes as ``[n, size, size]``, by a triangle filter
    that is as wide as a pixel of the smaller image."""
    side = images.shape[1]
    scale = side / size
    centres = (np.arange(size)[:, None] + 0.5) * scale - 0.5
    far = abs(np.arange(side)[None] - centres) / max(scale, 1)
    weights = np.maximum(0, 1 - far).astype(np.float32)
    weights /= weights.sum(axis=1, keepdims=True)
    made = weights @ images.astype(np.float32) @ weights.T
    return np.rint(made).astype(np.uint8)


def _shape(name, size, fine=8):
    """Return a filled shape as bytes ``[size, size]``, the mean over ``fine``² points
    of each pixel."""
    line = (np.arange(size * fine) + 0.5) / (size * fine) * 2 - 1
    x, y = line[None], line[:, None]
    inside = {
        "circle": x**2 + y**2 < 1,
        "square": np.maximum(abs(x), abs(y)) < 0.85,
        "triangle": abs(x) < (y + 1) / 2,
    }[name]
    mean = inside.reshape(size, fine, size, fine).mean((1, 3))
    return np.rint(255 * mean).astype(np.uint8)
