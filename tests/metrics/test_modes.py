import numpy as np
import pytest

from ganjax.metrics import class_coverage, mode_coverage


def ring(count=8):
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def draws(rng, centres, count, std=0.01):
    chosen = rng.integers(len(centres), size=count)
    return centres[chosen] + std * rng.standard_normal((count, 2))


def test_true_data_has_the_rayleigh_fraction_within_three_sigma():
    # In 2-D the distance is Rayleigh-distributed: P(r <= 3σ) = 1 - exp(-9/2) = 0.98889.
    samples = draws(np.random.default_rng(0), ring(), 200_000)
    found = mode_coverage(samples, ring(), 0.01)
    assert found["modes"] == 8
    # Standard error of the fraction: sqrt(0.989 * 0.011 / 200000) = 0.00023.
    assert found["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.001)


def test_kl_of_a_perfect_generator_is_its_finite_sample_floor():
    # 2N·KL is chi-squared with K-1 degrees of freedom, so the mean KL is (K-1)/2N.
    rng = np.random.default_rng(1)
    count = 2500
    values = [
        mode_coverage(draws(rng, ring(), count), ring(), 0.01)["reverse_kl"]
        for _ in range(200)
    ]
    assert np.mean(values) == pytest.approx(7 / (2 * count), rel=0.2)
    assert min(values) > 0


def test_kl_by_hand():
    # Shares 3/4, 1/4 over 4 modes: 0.75 ln 3 + 0.25 ln 1 = 0.75 ln 3.
    modes = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    found = mode_coverage(modes[[0, 0, 0, 1]], modes, 1.0)
    assert found["modes"] == 2
    assert found["reverse_kl"] == pytest.approx(0.75 * np.log(3))
    collapsed = mode_coverage(modes[[2, 2]], modes, 1.0)
    assert collapsed["reverse_kl"] == pytest.approx(np.log(4))
    uniform = mode_coverage(modes, modes, 1.0)
    assert uniform == {"modes": 4, "high_quality": 1.0, "reverse_kl": 0.0}


def test_only_high_quality_samples_count_for_modes_and_kl():
    modes = np.array([[0.0], [100.0]])
    samples = np.array([[3.0], [-3.0], [3.5], [90.0]])
    found = mode_coverage(samples, modes, 1.0)
    assert found["modes"] == 1
    assert found["high_quality"] == 0.5
    assert found["reverse_kl"] == pytest.approx(np.log(2))
    assert mode_coverage(samples, modes, 1.0, radius=10.0)["modes"] == 2


def test_a_diverged_generator_finds_nothing():
    found = mode_coverage(np.full((5, 2), np.nan), ring(), 0.01)
    assert found["modes"] == 0
    assert found["high_quality"] == 0.0
    assert np.isnan(found["reverse_kl"])


def test_a_broken_sample_lowers_the_quality_and_nothing_else():
    samples = np.concatenate([ring(), [[np.inf, 0], [np.nan, 1]]])
    found = mode_coverage(samples, ring(), 0.01)
    assert found == {"modes": 8, "high_quality": 0.8, "reverse_kl": 0.0}


@pytest.mark.parametrize("shape", [(4,), (4, 3), (0, 2)])
def test_what_is_refused(shape):
    with pytest.raises(ValueError, match="samples has shape"):
        mode_coverage(np.zeros(shape), ring(), 0.01)
    with pytest.raises(ValueError, match="expected positive"):
        mode_coverage(ring(), ring(), 0.0)


def test_classes_by_hand():
    # Three samples of class 0 and one of class 2 out of four classes.
    found = class_coverage([0, 0, 2, 0], 4)
    assert found["modes"] == 2
    expected = 0.75 * np.log(3) + 0.25 * np.log(1)
    np.testing.assert_allclose(found["reverse_kl"], expected)
    assert class_coverage(np.arange(1000), 1000) == {"modes": 1000, "reverse_kl": 0}
    with pytest.raises(ValueError, match="outside of 0 to 3"):
        class_coverage([4], 4)
    with pytest.raises(ValueError, match="labels has shape"):
        class_coverage([], 4)
