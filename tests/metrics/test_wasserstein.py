import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from ganjax.metrics import monge_distance, sliced_wasserstein, wasserstein_1d

# By torch-fidelity, in single precision.
MIND = 9.63218379


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


def test_the_monge_distance_by_hand():
    # In one dimension 3 W². Half of the mass moves by 3: 3 · 9 / 2.
    assert monge_distance([[0.0]], [[0.0], [3.0]]) == pytest.approx(13.5, rel=1e-12)
    # A shift by v: 3 D · |v|² / D. Doubled points with a mean of 0 in five dimensions:
    # each projection has the deviation s, so 3 D · (2 s − s)² is 3 times the variance.
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 5))
    v = np.array([3.0, 0, 0, 4, 0])
    assert monge_distance(x, x + v, projections=20_000) == pytest.approx(75, rel=0.02)
    x -= x.mean(axis=0)
    expected = 3 * x.var(axis=0).sum()
    assert monge_distance(x, 2 * x, projections=5000) == pytest.approx(
        expected, rel=0.02
    )


def test_the_monge_distance_agrees_with_torch_fidelity():
    """The constant is of ``mind_features_to_metric`` of torch-fidelity at 5e211a9 with
    the directions of ``sliced_wasserstein``, in place of torch's."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 16)).astype(np.float32)
    y = (1.2 * rng.standard_normal((200, 16)) + 0.3).astype(np.float32)
    found = monge_distance(x, y, projections=100)
    assert found == pytest.approx(MIND, rel=1e-5)


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
