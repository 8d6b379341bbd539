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


def test_ties_with_the_limit_are_copies():
    """Two percent of the held-out samples repeat training samples, so the limit is 0.
    Every fake repeats one too."""
    rng = np.random.default_rng(0)
    train, held_out = rng.standard_normal((2, 500, 2))
    held_out[:10] = train[:10]
    found = memorisation(train[:300], train, held_out)
    assert found["copied"] == 1.0
    assert found["copied_floor"] == 0.02
    half = np.concatenate([train[:150], rng.standard_normal((150, 2))])
    assert memorisation(half, train, held_out)["copied"] == 0.5


def test_the_floor_leaves_out_the_sample_that_is_judged():
    # Distances 1 to 4, 9. The medians of the other four are 3.5, 3.5, 3, 2.5, 2.5 for
    # each, so 1, 2 and 3 are within them.
    train, held_out = np.array([[0.0]]), np.array([[1.0], [2.0], [3.0], [4.0], [9.0]])
    found = memorisation([[3.0]], train, held_out, quantile=0.5)
    assert found["copied"] == 1.0 and found["copied_floor"] == 0.6
    same = memorisation([[3.0]], train, np.full((5, 1), 3.0))
    assert same["copied"] == same["copied_floor"] == 1.0


def test_floor_and_copied_agree_for_fresh_samples():
    """Over many draws both are the chance that a fresh sample is within the limit."""
    rng = np.random.default_rng(0)
    found = [
        memorisation(*rng.standard_normal((3, 60, 1)), quantile=0.1) for _ in range(300)
    ]
    copied, floor = ([f[x] for f in found] for x in ("copied", "copied_floor"))
    error = np.hypot(np.std(copied), np.std(floor)) / np.sqrt(len(found))
    assert abs(np.mean(copied) - np.mean(floor)) < 3 * error


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
    with pytest.raises(ValueError, match="1 held-out sample: expected at least 2"):
        memorisation(points, points, points[:1])
    with pytest.raises(ValueError, match="quantile=0"):
        memorisation(points, points, points, quantile=0)
