"""Attributes and R-precision by hand."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics import attribute_accuracy, r_precision

TOKENS = np.arange(1, 241).reshape(120, 2)


def test_r_precision_of_vectors_that_match_or_not():
    eye = np.eye(120)
    assert r_precision(eye, 5 * eye, TOKENS) == 1
    assert r_precision(eye, np.roll(eye, 1, axis=0), TOKENS) == 0
    # Equal vectors are no evidence.
    assert r_precision(np.ones((120, 3)), np.ones((120, 3)), TOKENS) == 0


def test_r_precision_of_noise_is_one_percent():
    """20,000 images: five standard errors are 0.0035."""
    rng = np.random.default_rng(0)
    tokens = np.tile(TOKENS, (20_000 // 120 + 1, 1))[:20_000]
    images = rng.standard_normal((20_000, 16))
    texts = rng.standard_normal((120, 16))[(tokens[:, 0] - 1) // 2]
    assert abs(r_precision(images, texts, tokens) - 0.01) < 0.0035


def test_r_precision_needs_a_hundred_captions():
    with pytest.raises(Uncomputable, match="99 different captions, expected at least"):
        r_precision(np.eye(99), np.eye(99), TOKENS[:99])


# "a red two on the left" without a size; "two small blue fours at the top"; "a green
# circle above a large red two".
WANTED = {
    "count": np.array([0, 1, 1]),
    "place": np.array([0, 2, -1]),
    "axis": np.array([-1, -1, 0]),
    "kind": np.array([[2, -1], [4, 4], [10, 2]]),
    "colour": np.array([[0, -1], [2, 2], [1, 0]]),
    "size": np.array([[-1, -1], [0, 0], [-1, 1]]),
}
RIGHT = {
    "count": np.array([0, 1, 1]),
    "place": np.array([0, 2, 5]),
    "axis": np.array([2, 2, 0]),
    "kind": np.array([[2, 13], [4, 4], [10, 2]]),
    "colour": np.array([[0, 4], [2, 2], [1, 0]]),
    "size": np.array([[1, 2], [0, 0], [0, 1]]),
}
NAMES = ("digit", "shape", "colour", "size", "count", "place", "relation", "all")


def changed(**values):
    read = {name: x.copy() for name, x in RIGHT.items()}
    for name, (place, value) in values.items():
        read[name][place] = value
    return attribute_accuracy(WANTED, read)


def test_everything_that_is_said_counts():
    """There are 4 digits, 1 shape, 5 colours, 3 named sizes, 3 counts, 2 places and 1
    relation. What a caption does not say does not count."""
    assert changed() == dict.fromkeys(NAMES, 1)
    assert changed(size=((0, 0), 0)) == dict.fromkeys(NAMES, 1)
    wrong = {
        "digit": changed(kind=((1, 1), 9)),
        "shape": changed(kind=((2, 0), 12)),
        "colour": changed(colour=((0, 0), 3)),
        "size": changed(size=((1, 1), 1)),
        "count": changed(count=(0, 1)),
        "place": changed(place=(1, 3)),
        "relation": changed(axis=(2, 1)),
    }
    shares = (3 / 4, 0, 4 / 5, 2 / 3, 2 / 3, 1 / 2, 0)
    for (name, found), share in zip(wrong.items(), shares, strict=True):
        assert found.pop(name) == share
        assert found.pop("all") == 2 / 3
        assert set(found.values()) == {1}, name


def test_exchanged_objects_are_a_wrong_relation_and_nothing_else():
    read = {name: x.copy() for name, x in RIGHT.items()}
    for name in ("kind", "colour", "size"):
        read[name][2] = read[name][2, ::-1]
    found = attribute_accuracy(WANTED, read)
    assert (found.pop("relation"), found.pop("all")) == (0, 2 / 3)
    assert set(found.values()) == {1}
