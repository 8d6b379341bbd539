import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from ganjax.metrics import sliced_wasserstein, wasserstein_1d


@pytest.mark.parametrize(("n", "m"), [(7, 7), (5, 8), (100, 33), (1, 4)])
def test_on_the_line_against_scipy(n, m):
    rng = np.random.default_rng(n)
    x, y = rng.standard_normal(n), 2 * rng.standard_normal(m) + 1
    np.testing.assert_allclose(
        wasserstein_1d(x, y), wasserstein_distance(x, y), rtol=1e-12
    )


def test_of_unequal_counts_by_hand():
    # Half of the mass stays at 0, half moves to 3. For order 2: the root of 9/2.
    assert wasserstein_1d([0], [0, 3]) == 1.5
    np.testing.assert_allclose(wasserstein_1d([0], [0, 3], order=2), np.sqrt(4.5))
    # Repeating every sample changes nothing.
    assert wasserstein_1d([0, 1, 5], [2] * 4) == wasserstein_1d([0, 1, 5] * 3, [2])


def test_sliced_in_one_dimension_is_the_exact_one():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20, 1)), rng.standard_normal((30, 1))
    np.testing.assert_allclose(
        sliced_wasserstein(x, y, projections=3),
        wasserstein_1d(x[:, 0], y[:, 0]),
        rtol=1e-12,
    )


def test_sliced_of_a_shift_in_closed_form():
    # A shift by v moves every projection by |θ·v|. The mean square is |v|² / D. For
    # D = 2 the mean is 2 |v| / π.
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 5))
    v = np.array([3.0, 0, 0, 4, 0])
    found = sliced_wasserstein(x, x + v, projections=20_000, order=2)
    np.testing.assert_allclose(found, 5 / np.sqrt(5), rtol=0.02)
    x = rng.standard_normal((50, 2))
    found = sliced_wasserstein(x, x + [3.0, 4.0], projections=20_000)
    np.testing.assert_allclose(found, 10 / np.pi, rtol=0.02)


def test_memory_limit_does_not_change_the_result(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal((20, 4))
    whole = sliced_wasserstein(x, y, projections=64)
    monkeypatch.setattr("ganjax.metrics.wasserstein._AT_ONCE", 500)
    np.testing.assert_allclose(sliced_wasserstein(x, y, projections=64), whole)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="x has shape"):
        wasserstein_1d(np.zeros((2, 2)), [0])
    with pytest.raises(ValueError, match="y holds values that are not finite"):
        wasserstein_1d([0], [np.inf])
    with pytest.raises(ValueError, match="order=0.5"):
        wasserstein_1d([0], [1], order=0.5)
    with pytest.raises(ValueError, match="y has 3 columns: expected 2"):
        sliced_wasserstein(np.zeros((4, 2)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="projections=0"):
        sliced_wasserstein(np.zeros((4, 2)), np.zeros((4, 2)), projections=0)
