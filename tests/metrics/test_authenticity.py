"""Authenticity by hand and against the authors' code."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics import authenticity


def test_by_hand():
    """Training samples at 0, 1 and 5 have neighbours at 1, 1 and 4. The samples 0.5,
    −2, 8 and 10 are at 0.5, 2, 3 and 5 of their nearest, so two are authentic."""
    train = np.array([[0.0], [1.0], [5.0]])
    assert authenticity(train, np.array([[0.5], [-2.0], [8.0], [10.0]])) == 0.5
    # At a distance of exactly 1 from 0 and of 4 from 5: ties are not authentic.
    assert authenticity(train, np.array([[-1.0], [9.0]])) == 0


def test_copies_and_samples_far_away():
    train = np.random.default_rng(0).normal(size=(50, 3))
    assert authenticity(train, train) == 0
    assert authenticity(train, train + 100) == 1
    # A training sample that occurs twice has a neighbour at 0.
    assert authenticity(np.repeat(train, 2, axis=0), train + 1e-3) == 1


# ``AuthPct`` of github.com/marcojira/fld, the origin of dgm-eval's, without its −50.
@pytest.mark.parametrize(
    "seed, width, copies, expected",
    [(0, 4, 0, 0.5), (0, 4, 30, 0.3375), (1, 8, 0, 0.775), (1, 8, 30, 0.5)],
)
def test_equal_to_the_authors_code(seed, width, copies, expected):
    rng = np.random.default_rng(seed)
    train, _ = rng.normal(size=(80, width)), rng.normal(size=(40, width))
    fake = 1.2 * rng.normal(size=(80, width)) + 0.3
    fake[:copies] = train[:copies] + 1e-3
    assert authenticity(train, fake) == expected


def test_scale_rotation_and_order_change_nothing():
    rng = np.random.default_rng(4)
    train, fake = rng.normal(size=(2, 60, 3))
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    expected = authenticity(train, fake)
    assert 0 < expected < 1
    assert authenticity(train @ turn * 3 + 1, fake @ turn * 3 + 1) == expected
    assert authenticity(train[::-1], fake[::-1]) == expected


def test_one_training_sample():
    with pytest.raises(Uncomputable, match="1 training sample: expected at least 2"):
        authenticity(np.zeros((1, 2)), np.zeros((3, 2)))
