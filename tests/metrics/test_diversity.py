import numpy as np
import pytest

from ganjax.errors import Uncomputable
from ganjax.metrics import diversity


def test_copies_opposites_and_independent_directions():
    same = np.tile([3.0, 4.0], (50, 1)) * np.arange(1, 51)[:, None]
    assert diversity(same) == pytest.approx(0, abs=1e-12)
    # 500 copies of each of two opposite points. Copies have distance 0, opposite points
    # distance 2. A random partner is an opposite point with probability 500/999.
    opposite = np.repeat([[1.0, 0.0], [-1.0, 0.0]], 500, axis=0)
    assert diversity(opposite) == pytest.approx(2 * 500 / 999, abs=0.02)
    # In n dimensions the cosine of two random directions has mean 0, variance 1/n.
    rng = np.random.default_rng(0)
    assert diversity(rng.standard_normal((500, 4000))) == pytest.approx(
        2**0.5, abs=1e-3
    )


def test_the_pairs_are_those_of_a_seed():
    x = np.random.default_rng(0).standard_normal((40, 3))
    assert diversity(x) == diversity(x, seed=0) != diversity(x, seed=1)


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (np.ones((1, 3)), "N at least 2"),
        (np.ones(3), "expected"),
        (np.array([[1.0, np.nan], [1, 1]]), "not finite"),
        (np.zeros((4, 3)), "no direction"),
    ],
)
def test_bad_input_is_named(features, said):
    with pytest.raises(ValueError, match=said):
        diversity(features)


def test_a_length_that_overflows_is_refused():
    """The square of 1e200 is above the largest float64, 1.8e308."""
    with pytest.raises(Uncomputable, match="too large"):
        diversity(np.full((2, 2), 1e200))
