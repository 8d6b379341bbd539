"""CMMD by hand, against a double loop, and by its first-order value."""

import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics import cmmd, gaussian_kernel


def test_two_points_by_hand():
    """Unit vectors at a right angle: 1,000 (1 + 1 − 2 exp(−2/200)) = 19.9003325."""
    x, y = np.array([[3.0, 0]]), np.array([[0, 0.5]])
    assert cmmd(x, y) == pytest.approx(19.900332501664, rel=1e-12)
    # Opposite vectors, σ = 1: 2,000 (1 − exp(−4/2)).
    assert cmmd(x, -x, sigma=1) == pytest.approx(2000 * (1 - np.exp(-2)))


def test_equal_to_a_double_loop(monkeypatch):
    """A Python loop over pairs, exp(−Σ(a − b)²/200), gives 3.557847197535713."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(30, 5)), rng.normal(size=(20, 5)) + 1
    assert cmmd(x, y) == pytest.approx(3.557847197535713, rel=1e-9)
    monkeypatch.setattr(gaussian_kernel, "_TILE", 7)
    assert cmmd(x, y) == pytest.approx(3.557847197535713, rel=1e-9)


def test_about_ten_times_the_squared_distance_of_the_means():
    x, y = np.random.default_rng(1).normal(size=(2, 200, 16))
    y[:, 0] += 2
    means = [(p / np.linalg.norm(p, axis=1, keepdims=True)).mean(0) for p in (x, y)]
    expected = 10 * np.square(means[0] - means[1]).sum()
    assert cmmd(x, y) == pytest.approx(expected, rel=0.02)


def test_lengths_order_and_rotation_change_nothing():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 40, 6))
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    lengths = rng.uniform(1, 5, (40, 1))
    expected = cmmd(x, y)
    assert cmmd(x * lengths, y) == pytest.approx(expected)
    assert cmmd(x[::-1] @ turn, y @ turn) == pytest.approx(expected)
    assert cmmd(y, x) == pytest.approx(expected)
    assert cmmd(x, x[::-1]) == pytest.approx(0, abs=1e-12)
    assert cmmd(x, np.repeat(x, 3, axis=0)) == pytest.approx(0, abs=1e-12)


def test_a_vector_of_length_zero():
    with pytest.raises(Uncomputable, match="y holds a feature vector of length 0"):
        cmmd(np.ones((2, 3)), np.zeros((2, 3)))
