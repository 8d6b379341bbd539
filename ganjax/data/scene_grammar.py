"""The captions of scenes: a grammar, and the combinations that are held out.

A scene has one of three forms. With one object, the caption names its place: "a small
red seven on the left". Two equal objects are counted: "two blue threes at the top". Two
different objects have a relation: "a large green two above a yellow circle". A size is
named with probability 2/3; otherwise any size is right.

A *combination* is what makes a scene, without its sizes and its words: kind, colour and
place of one object or of two equal ones (260 each), or two different objects and the
axis on which they lie (52 · 51 · 2 = 5,304). The captions "a red two above a blue one"
and "a blue one below a red two" describe one combination. A fifth of the combinations
of each form is held out, by a keyed permutation. So no caption of a held-out
combination occurs in training, and no other description of it does.
"""

import functools
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.captions import SHOWN, Captions

DIGITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip
SHAPES = ("circle", "square", "triangle")
KINDS = DIGITS + SHAPES
PLURALS = (
    "zeros", "ones", "twos", "threes", "fours", "fives", "sixes", "sevens", "eights",
    "nines", "circles", "squares", "triangles",
)  # fmt: skip
COLOURS = ("red", "green", "blue", "yellow")
SIZES = ("small", "large")
PLACES = ("on the left", "on the right", "at the top", "at the bottom", "in the centre")
# The axis of relation r is r // 2. In odd relations the lower or right object is named
# first.
RELATIONS = ("above", "below", "left of", "right of")
ALONE, ALIKE, RELATED = range(3)
FORMS = 3

WORDS = (
    "a", *SIZES, *COLOURS, *KINDS, *PLURALS, "on", "the", "left", "right", "at", "top",
    "bottom", "in", "centre", "above", "below", "of",
)  # fmt: skip
LONGEST = 10  # a small red one left of a large blue two
KEY, HELD_OUT = 32, 0.2


class Scene(NamedTuple):
    """The record of one scene, or of ``[n]`` scenes, in whole numbers.

    Attributes:
        form: ``ALONE``, ``ALIKE`` or ``RELATED``.
        place: index in ``PLACES``, -1 with a relation.
        relation: index in ``RELATIONS``, of the object that is named first to the
            other one; -1 without a relation.
        kind, colour, size: ``[2]``, indices in ``KINDS``, ``COLOURS`` and ``SIZES`` of
            the objects in the order of their names; -1 if there is no second object.
        says_size: ``[2]``, 1 if the caption names the object's size.
    """

    form: jax.Array
    place: jax.Array
    relation: jax.Array
    kind: jax.Array
    colour: jax.Array
    size: jax.Array
    says_size: jax.Array


def combinations() -> np.ndarray:
    """Return all combinations, int32 ``[5824, 5]``: form, place or axis, and one or two
    objects. An object is its kind times 4 plus its colour. The second object is the
    lower or the right one; it is -1 with one object, and equals the first if both are
    alike."""
    objects = range(len(KINDS) * len(COLOURS))
    places = range(len(PLACES))
    rows = [(ALONE, p, -1, x, -1) for x in objects for p in places]
    rows += [(ALIKE, p, -1, x, x) for x in objects for p in places]
    pairs = itertools.permutations(objects, 2)
    rows += [(RELATED, -1, axis, *pair) for pair in pairs for axis in (0, 1)]
    return np.array(rows, np.int32)


def held_out() -> np.ndarray:
    """Return which combinations are held out, bool ``[5824]``."""
    form = combinations()[:, 0]
    held = np.zeros(len(form), bool)
    for kind in range(FORMS):
        rows = np.flatnonzero(form == kind)
        # NumPy never changes the streams of RandomState.
        order = np.random.RandomState(KEY + kind).permutation(len(rows))
        held[rows[order[: round(HELD_OUT * len(rows))]]] = True
    return held


def rows_of(training: bool | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the combinations of a split ``[n, 5]``, sorted by form, and where each
    form starts and how many it has, ``[3]`` each. ``None`` gives all combinations."""
    rows = combinations()
    rows = rows if training is None else rows[held_out() != training]
    counts = np.bincount(rows[:, 0], minlength=FORMS).astype(np.int32)
    starts = (np.cumsum(counts) - counts).astype(np.int32)
    return rows, starts, counts


def draw(key: jax.Array, rows, starts, counts) -> Scene:
    """Draw a scene. The forms are equally likely, and so are the combinations of a
    form, the orders of names, and the sizes. ``rows_of`` returns the arrays."""
    of_form, of_row, of_order, of_size, of_saying = jax.random.split(key, 5)
    form = jax.random.randint(of_form, (), 0, FORMS)
    row = jax.random.randint(of_row, (), 0, counts[form])
    form, place, axis, first, second = rows[starts[form] + row]
    swaps = (form == RELATED) & jax.random.bernoulli(of_order)
    objects = jnp.stack([first, second])
    objects = jnp.where(swaps, objects[::-1], objects)
    there = objects >= 0
    size = jax.random.randint(of_size, (2,), 0, len(SIZES))
    size = jnp.where(form == ALIKE, size[:1], size)
    says = (
        jax.random.bernoulli(of_saying, 2 / 3, (2,))
        & there
        & (jnp.arange(2) < jnp.where(form == RELATED, 2, 1))
    )
    return Scene(
        form=form,
        place=place,
        relation=jnp.where(form == RELATED, 2 * axis + swaps, -1),
        kind=jnp.where(there, _kind(objects), -1),
        colour=jnp.where(there, _colour(objects), -1),
        size=jnp.where(there, size, -1),
        says_size=says.astype(jnp.int32),
    )


def _numbers(texts, length=1):
    """Return the numbers of the words of texts, int32 ``[len(texts), length]``."""
    made = np.zeros((len(texts), length), np.int32)
    for row, text in zip(made, texts, strict=True):
        words = text.split()
        row[: len(words)] = [WORDS.index(word) + 1 for word in words]
    return made


_OF = {
    "kind": _numbers(KINDS)[:, 0],
    "plural": _numbers(PLURALS)[:, 0],
    "colour": _numbers(COLOURS)[:, 0],
    "size": _numbers(SIZES)[:, 0],
    "place": _numbers(PLACES, 3),
    "relation": _numbers(RELATIONS, 2),
}
_A, _TWO = _numbers(("a", "two"))[:, 0]


def tokens_of(scene: Scene) -> jax.Array:
    """Return the caption of one scene, int32 ``[LONGEST]``."""
    of = {name: jnp.asarray(table) for name, table in _OF.items()}
    size = scene.says_size * of["size"][scene.size]
    colour, alike = of["colour"][scene.colour], scene.form == ALIKE
    noun = jnp.where(alike, of["plural"][scene.kind], of["kind"][scene.kind])
    related = scene.form == RELATED
    first = jnp.stack([jnp.where(alike, _TWO, _A), size[0], colour[0], noun[0]])
    second = jnp.stack([jnp.int32(_A), size[1], colour[1], noun[1]])
    where = jnp.concatenate([of["place"][scene.place], jnp.zeros(3, jnp.int32)])
    relation = jnp.concatenate([of["relation"][scene.relation], second])
    slots = jnp.concatenate([first, jnp.where(related, relation, where)])
    return slots[jnp.argsort(slots == 0, stable=True)]


def text_of(scene: Scene) -> str:
    """Return the caption of one scene as text. It is ``tokens_of`` in Python."""

    def named(i, article, nouns):
        size = [SIZES[scene.size[i]]] if scene.says_size[i] else []
        return [article, *size, COLOURS[scene.colour[i]], nouns[scene.kind[i]]]

    if scene.form == RELATED:
        both = named(0, "a", KINDS), named(1, "a", KINDS)
        return " ".join([*both[0], RELATIONS[scene.relation], *both[1]])
    alike = scene.form == ALIKE
    words = named(0, "two", PLURALS) if alike else named(0, "a", KINDS)
    return " ".join([*words, PLACES[scene.place]])


@functools.cache
def captions() -> Captions:
    """Return the language of the grammar, with ``SHOWN`` held-out captions: forms,
    combinations, orders and sizes are drawn as by ``draw``."""
    rows, starts, counts = rows_of(training=False)
    rng, shown = np.random.RandomState(KEY), []
    for _ in range(SHOWN):
        form = rng.randint(FORMS)
        row = starts[form] + rng.randint(counts[form])
        _, place, axis, *objects = map(int, rows[row])
        swaps = int(form == RELATED and rng.randint(2))
        objects = objects[::-1] if swaps else objects
        kind, colour = ([f(x) for x in objects] for f in (_kind, _colour))
        size, says = rng.randint(2, size=2), rng.randint(3, size=2) > 0
        where = place, 2 * axis + swaps
        shown.append(text_of(Scene(form, *where, kind, colour, size, says)))
    return Captions(WORDS, LONGEST, tuple(shown))


def _kind(x):
    return x // len(COLOURS)


def _colour(x):
    return x % len(COLOURS)
