import numpy as np
import pytest

from ganjax.metrics import memorisation


def test_fresh_samples_are_not_copies_and_copies_are():
    rng = np.random.default_rng(0)
    train, held_out, fresh = rng.standard_normal((3, 2000, 3))
    found = memorisation(fresh, train, held_out)
    assert found["copied"] == pytest.approx(0.01, abs=0.007)
    assert abs(found["copying_z"]) < 3
    half = np.concatenate([train[:1000], fresh[:1000]])
    found = memorisation(half, train, held_out)
    assert found["copied"] == pytest.approx(0.505, abs=0.01)
    assert found["copying_z"] < -3
    assert memorisation(fresh + 9, train, held_out)["copying_z"] > 3


def test_z_by_hand():
    # Fakes at 0.1 and 0.4, held-out samples at 0.2 and 0.3: the fake sample is nearer
    # in two of four pairs.
    train = np.array([[0.0]])
    found = memorisation([[0.1], [0.4]], train, [[0.2], [0.3]], quantile=0.5)
    assert found["copying_z"] == 0
    assert found["copied"] == 0.5
    found = memorisation([[0.1], [0.15]], train, [[0.2], [0.3]])
    np.testing.assert_allclose(found["copying_z"], -2 / np.sqrt(20 / 12))


def test_bad_input_is_named():
    points = np.zeros((3, 2))
    with pytest.raises(ValueError, match="held_out has 1 columns: expected 2"):
        memorisation(points, points, np.zeros((3, 1)))
    with pytest.raises(ValueError, match="quantile=0"):
        memorisation(points, points, points, quantile=0)
