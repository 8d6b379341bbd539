"""The grammar of scenes. ``parsed`` reads captions by its own rules."""

import re

import jax
import numpy as np
import pytest

from ganjax.data import scene_grammar as grammar
from ganjax.data.scene_grammar import ALIKE, ALONE, RELATED, Scene

OBJECT = r"(?:(?:small|large) )?(red|green|blue|yellow) (\w+)"
PLACE = r"(?:on|at|in) the (left|right|top|bottom|centre)"
FORMS = (
    ("alone", f"a {OBJECT} {PLACE}"),
    ("alike", f"two {OBJECT} {PLACE}"),
    ("related", f"a {OBJECT} (above|below|left of|right of) a {OBJECT}"),
)


def parsed(text):
    """Return what a caption describes, without sizes: equal for equal pictures."""
    for form, pattern in FORMS:
        if match := re.fullmatch(pattern, text):
            if form != "related":
                return form, *match.groups()
            *first, relation, a, b = match.groups()
            pair = [tuple(first), (a, b)]
            if relation in ("below", "right of"):
                pair.reverse()
            return relation in ("above", "below"), *pair
    raise AssertionError(text)


@pytest.fixture(scope="module")
def drawn():
    """Scenes and tokens of both splits, by name."""
    keys, found = jax.random.split(jax.random.key(1), 4000), {}
    for name, training in (("train", True), ("test", False)):
        rows = grammar.rows_of(training)

        def one(key, *rows):
            scene = grammar.draw(key, *rows)
            return scene, grammar.tokens_of(scene)

        made = jax.jit(jax.vmap(one, (0, None, None, None)))(keys, *rows)
        found[name] = jax.tree.map(np.asarray, made)
    return found


def texts(tokens):
    return [grammar.captions().text(row) for row in tokens]


def test_the_combinations_by_hand():
    """13 kinds in 4 colours are 52 objects. There are 5 places, and 2 axes on which two
    of 52 different objects lie. Of 260, 260 and 5,304, a fifth is held out."""
    rows, held = grammar.combinations(), grammar.held_out()
    assert len(np.unique(rows, axis=0)) == len(rows) == 260 + 260 + 5304
    counts = [np.sum(held[rows[:, 0] == form]) for form in (ALONE, ALIKE, RELATED)]
    assert counts == [52, 52, 1061]
    assert abs(held.mean() - 0.2) < 1e-4
    for training, kept in ((True, ~held), (False, held)):
        split, starts, many = grammar.rows_of(training)
        assert {tuple(row) for row in split} == {tuple(row) for row in rows[kept]}
        for form in (ALONE, ALIKE, RELATED):
            part = split[starts[form] : starts[form] + many[form]]
            assert (part[:, 0] == form).all() and len(part) == many[form]


def test_no_description_of_a_held_out_scene_is_in_training(drawn):
    train, test = (set(map(parsed, texts(drawn[x][1]))) for x in ("train", "test"))
    assert not train & test
    # A form has a third of 4,000 draws, so each of 52 combinations is missing with
    # probability exp(-25).
    assert sum(x[0] == "alone" for x in test) == 52
    assert sum(x[0] == "alone" for x in train) == 208
    assert not {parsed(x) for x in grammar.captions().shown} & train


def test_every_word_is_in_training(drawn):
    words = {word for text in texts(drawn["train"][1]) for word in text.split()}
    assert words == set(grammar.WORDS) and len(grammar.WORDS) == 45


def test_tokens_are_the_words_of_the_text(drawn):
    language = grammar.captions()
    scenes, tokens = drawn["test"]
    for i in range(300):
        text = grammar.text_of(jax.tree.map(lambda x, i=i: x[i], scenes))
        np.testing.assert_array_equal(tokens[i], language.tokens(text))
        assert language.text(tokens[i]) == text
    lengths = np.sum(tokens > 0, axis=1)
    assert (lengths.min(), lengths.max()) == (6, 10)


@pytest.mark.parametrize(
    ("scene", "text"),
    [
        (Scene(ALONE, 0, -1, [7, -1], [0, -1], [0, -1], [1, 0]),
         "a small red seven on the left"),
        (Scene(ALIKE, 2, -1, [3, 3], [2, 2], [1, 1], [0, 0]),
         "two blue threes at the top"),
        (Scene(RELATED, -1, 0, [7, 10], [0, 1], [0, 1], [1, 0]),
         "a small red seven above a green circle"),
        (Scene(RELATED, -1, 3, [2, 1], [3, 2], [1, 0], [0, 1]),
         "a yellow two right of a small blue one"),
    ],
)  # fmt: skip
def test_captions_by_hand(scene, text):
    assert grammar.text_of(scene) == text
    arrays = jax.tree.map(np.int32, Scene(*map(np.asarray, scene)))
    made = jax.jit(grammar.tokens_of)(arrays)
    np.testing.assert_array_equal(made, grammar.captions().tokens(text))


def test_shares_of_the_draws(drawn):
    """Forms are equally likely, and 2/3 of the sizes are named. Five standard errors of
    4,000 draws are at most 0.04."""
    scene = drawn["train"][0]
    shares = np.bincount(scene.form) / len(scene.form)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.04)
    assert abs(np.mean(scene.says_size[:, 0]) - 2 / 3) < 0.04
    related = scene.form == RELATED
    assert not scene.says_size[~related, 1].any()
    np.testing.assert_allclose(
        np.bincount(scene.relation[related]) / related.sum(), 1 / 4, atol=0.06
    )
    alike = scene.form == ALIKE
    assert (scene.size[alike, 0] == scene.size[alike, 1]).all()
