import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from ganjax.metrics import best_std, parzen_log_likelihood


def test_the_mean_of_normal_densities():
    rng = np.random.default_rng(0)
    samples, points = rng.standard_normal((7, 3)), rng.standard_normal((1100, 3))
    densities = np.mean(
        [multivariate_normal(s, 0.3**2).pdf(points) for s in samples], axis=0
    )
    logs = np.log(densities)
    mean, error = parzen_log_likelihood(samples, points, 0.3)
    np.testing.assert_allclose(mean, logs.mean(), rtol=1e-9)
    np.testing.assert_allclose(error, logs.std(ddof=1) / np.sqrt(1100), rtol=1e-9)


def test_many_samples_find_the_entropy():
    """Samples of N(0, 1), smoothed by σ = 0.2, have the density of N(0, 1.04)."""
    rng = np.random.default_rng(1)
    samples, points = rng.standard_normal((5000, 1)), rng.standard_normal((500, 1))
    expected = norm(0, np.sqrt(1.04)).logpdf(points).mean()
    assert parzen_log_likelihood(samples, points, 0.2)[0] == pytest.approx(
        expected, abs=0.01
    )


def test_the_likeliest_deviation_is_chosen():
    """For one sample at 0 it is the root mean square of the points, 2."""
    points = np.array([[2.0], [-2.0]])
    assert best_std(np.zeros((1, 1)), points, [0.5, 1.0, 2.0, 4.0]) == 2.0


@pytest.mark.parametrize(
    ("points", "std", "said"),
    [
        (np.zeros((3, 2)), 1.0, "columns"),
        (np.zeros((1, 3)), 1.0, "at least 2"),
        (np.zeros((3, 3)), 0.0, "std=0.0: expected above 0"),
        (np.full((3, 3), np.nan), 1.0, "not finite"),
    ],
)
def test_bad_input_is_named(points, std, said):
    with pytest.raises(ValueError, match=said):
        parzen_log_likelihood(np.zeros((4, 3)), points, std)
