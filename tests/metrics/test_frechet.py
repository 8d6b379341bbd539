import numpy as np
import pytest
import scipy.linalg

from ganjax.metrics import (
    covariance_root,
    frechet_at_infinity,
    frechet_distance,
    frechet_from_root,
    frechet_interval,
    moments,
)


def random_covariance(seed, width, rank):
    factor = np.random.default_rng(seed).standard_normal((width, rank))
    return factor @ factor.T / rank


def test_one_dimension_by_hand():
    # N(1, 2²) and N(4, 5²): (4 - 1)² + (5 - 2)² = 18.
    assert frechet_distance([1.0], [[4.0]], [4.0], [[25.0]]) == pytest.approx(18.0)


def test_commuting_covariances_by_hand():
    # diag(1, 4, 9) and diag(4, 1, 9), rotated alike: sum of (sigma1 - sigma2)² is
    # (1-2)² + (2-1)² + 0 = 2, and the means add 1 + 4.
    rotation = scipy.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    cov1 = rotation @ np.diag([1.0, 4.0, 9.0]) @ rotation.T
    cov2 = rotation @ np.diag([4.0, 1.0, 9.0]) @ rotation.T
    mean2 = np.array([1.0, 2.0, 0.0])
    assert frechet_distance(np.zeros(3), cov1, mean2, cov2) == pytest.approx(7.0)


def test_agrees_with_the_matrix_square_root():
    cov1, cov2 = random_covariance(1, 12, 30), random_covariance(2, 12, 40)
    mean1, mean2 = np.linspace(0, 1, 12), np.linspace(1, -1, 12)
    root = scipy.linalg.sqrtm(cov1 @ cov2).real
    expected = np.sum((mean1 - mean2) ** 2) + np.trace(cov1 + cov2 - 2 * root)
    assert frechet_distance(mean1, cov1, mean2, cov2) == pytest.approx(expected)


def test_agrees_with_pytorch_fid():
    theirs = pytest.importorskip("pytorch_fid.fid_score").calculate_frechet_distance
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((256, 256)) / 16
    x = rng.standard_normal((2000, 256)) @ mix
    y = np.maximum(rng.standard_normal((1500, 256)) @ mix + 0.1, 0)
    sides = [(z.mean(axis=0), np.cov(z, rowvar=False)) for z in (x, y)]
    expected = theirs(*sides[0], *sides[1])
    assert frechet_distance(*moments(x), *moments(y)) == pytest.approx(
        expected, rel=1e-6
    )


def test_singular_covariances():
    # Orthogonal lines share nothing, so the cross term vanishes: 2 + 3.
    first, second = np.diag([2.0, 0.0]), np.diag([0.0, 3.0])
    zero = np.zeros(2)
    assert frechet_distance(zero, first, zero, second) == pytest.approx(5.0)
    low_rank = random_covariance(3, 20, 4)
    itself = frechet_distance(np.zeros(20), low_rank, np.zeros(20), low_rank)
    assert itself == pytest.approx(0, abs=1e-6)


def test_orthogonal_lines_that_are_no_axes():
    """The cross term is 0, so the distance is the sum of both traces and of the squared
    difference of the means. Rounding of the product must not refuse it."""
    rng = np.random.default_rng(0)
    t, s = rng.normal(size=(2, 500, 1))
    c, q = np.cos(1), np.sin(1)
    x, y = t * [c, q], s * [-q, c]
    cov1, cov2 = np.cov(x.T), np.cov(y.T)
    found = frechet_distance(x.mean(axis=0), cov1, y.mean(axis=0), cov2)
    assert found == pytest.approx(1.9165281718, abs=1e-7)
    back = frechet_distance(y.mean(axis=0), cov2, x.mean(axis=0), cov1)
    assert back == pytest.approx(1.9165281718, abs=1e-7)


@pytest.mark.parametrize("scales", [(1, 1), (1e-12, 1e12), (1e12, 1e-12), (1e12, 1e12)])
def test_orthogonal_subspaces_of_any_scale(scales):
    """Ranks 5 and 4 in 12 dimensions, by random rotations: 20 covariances for each."""
    zero = np.zeros(12)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        basis = scipy.linalg.qr(rng.standard_normal((12, 12)))[0]
        first, second = basis[:, :5], basis[:, 5:9]
        cov1 = scales[0] * first @ np.diag(rng.uniform(1, 2, 5)) @ first.T
        cov2 = scales[1] * second @ np.diag(rng.uniform(1, 2, 4)) @ second.T
        found = frechet_distance(zero, cov1, zero, cov2)
        # The root of rounding is 1e-8, times both roots of the scales.
        apart = np.trace(cov1) + np.trace(cov2)
        assert (
            abs(found - apart) < 1e-6 * np.sqrt(scales[0] * scales[1]) + 1e-12 * apart
        )


def test_no_covariance_has_the_other_ones_trace():
    zero, cov = np.zeros(2), np.array([[2.0, 1.0], [1.0, 2.0]])
    assert frechet_distance(zero, 0 * cov, zero, cov) == 4.0
    assert frechet_distance(zero, cov, zero, 0 * cov) == 4.0
    assert frechet_distance(zero, 0 * cov, zero, 0 * cov) == 0.0


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize(
    "cov2",
    [
        [[1.0, 0.0], [0.0, -0.1]],
        [[0.0, 1.0], [1.0, 0.0]],
        [[1.0, 2.0], [2.0, 1.0]],
        [[-1.0, 0.0], [0.0, -1.0]],
    ],
)
def test_an_indefinite_matrix_is_refused_at_any_scale(cov2, scale):
    zero, cov1 = np.zeros(2), np.array([[1.0, 0.3], [0.3, 0.5]])
    for first, second in ((cov1, cov2), (cov2, cov1)):
        with pytest.raises(ValueError, match="not positive semidefinite"):
            frechet_distance(
                zero, np.multiply(first, scale), zero, np.divide(second, scale)
            )


@pytest.mark.parametrize(("width", "count"), [(40, 400), (40, 41), (40, 20)])
def test_the_cross_term_is_the_nuclear_norm_of_the_samples_products(width, count):
    # With covariances X'X and Y'Y, Tr (X'X Y'Y)^½ is the sum of the singular values of
    # X Y', because their squares are the eigenvalues of the product. So no covariance
    # is needed. The scales of features span a factor of 1000. The covariance has full
    # rank, is nearly singular, or is singular.
    rng = np.random.default_rng(count)
    scales = 10.0 ** rng.uniform(-3, 0, width)
    x, y = (rng.standard_normal((count, width)) * scales for _ in range(2))
    (mean1, cov1), (mean2, cov2) = moments(x), moments(y)
    centred = (x - mean1) @ (y - mean2).T / (count - 1)
    cross = np.linalg.svd(centred, compute_uv=False).sum()
    expected = np.sum((mean1 - mean2) ** 2) + np.trace(cov1 + cov2) - 2 * cross
    found = frechet_distance(mean1, cov1, mean2, cov2)
    assert found == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("rank", [12, 4])
def test_a_root_is_lower_triangular(rank):
    cov = random_covariance(6, 12, rank)
    root = covariance_root(cov)
    np.testing.assert_allclose(root @ root.T, cov, atol=1e-14)
    np.testing.assert_array_equal(root, np.tril(root))
    with pytest.raises(ValueError, match="root1 is not lower triangular"):
        frechet_from_root(np.zeros(12), root.T, np.zeros(12), cov)


def test_symmetric_in_its_arguments_and_same_from_the_root():
    cov1, cov2 = random_covariance(4, 6, 9), random_covariance(5, 6, 9)
    mean1, mean2 = np.ones(6), np.zeros(6)
    there = frechet_distance(mean1, cov1, mean2, cov2)
    back = frechet_distance(mean2, cov2, mean1, cov1)
    assert there == pytest.approx(back, rel=1e-12)
    assert frechet_from_root(mean1, covariance_root(cov1), mean2, cov2) == there


def test_bias_falls_as_one_over_n():
    # Two sets of N samples from N(0, I_D). The means add 2D/N. The covariances differ
    # by entries of variance 2(1 + [i = j])/N, and a quarter of their sum, (D² + D)/2N,
    # is added. With D = 16 the total is 168/N: 0.672 at N = 250 (0.67 in the
    # literature) and 0.168 at N = 1000.
    rng = np.random.default_rng(0)
    for count in (250, 1000):
        runs = [
            frechet_distance(
                *moments(rng.standard_normal((count, 16))),
                *moments(rng.standard_normal((count, 16))),
            )
            for _ in range(100)
        ]
        assert np.mean(runs) == pytest.approx(168 / count, rel=0.05)


def test_moments_agree_with_numpy_and_survive_a_large_mean():
    x = np.random.default_rng(0).standard_normal((501, 5)) + 1e6
    mean, cov = moments(x, tile=100)
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(cov, np.cov(x, rowvar=False), atol=1e-8)


def test_moments_of_single_precision_are_double():
    mean, cov = moments(np.array([[1, 2], [3, 6]], np.float32))
    assert mean.dtype == cov.dtype == np.float64
    # The deviations are ±1 and ±2. With two samples the divisor is 1.
    np.testing.assert_array_equal(mean, [2, 4])
    np.testing.assert_array_equal(cov, [[2, 4], [4, 8]])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([0.0], [[1.0, 0.0]], [0.0], [[1.0]]), "cov1 has shape"),
        (([], np.zeros((0, 0)), [], np.zeros((0, 0))), "cov1 has shape"),
        (([0.0, 0.0], np.eye(2), [0.0], np.eye(2)), "mean2 has shape"),
        (([0.0], [[1.0]], [0.0, 0.0], np.eye(2)), "mean1 has shape"),
        (([0.0], [[np.nan]], [0.0], [[1.0]]), "not finite"),
        (([0.0], [[-1.0]], [0.0], [[1.0]]), "not positive semidefinite"),
        (([0, 0], [[1, 0.5], [0, 1]], [0, 0], np.eye(2)), "not symmetric"),
    ],
)
def test_what_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        frechet_distance(*arguments)


@pytest.mark.parametrize("shape", [(5,), (1, 3), (2, 2, 2)])
def test_moments_refuse_what_has_no_covariance(shape):
    with pytest.raises(ValueError, match=r"expected \[N, D\] with N >= 2"):
        moments(np.zeros(shape))


def test_at_infinity_the_bias_of_few_samples_is_gone():
    rng = np.random.default_rng(0)
    real = np.zeros(16), np.eye(16)
    estimates, extrapolated = [], []
    for seed in range(10):
        fake = rng.standard_normal((2000, 16))
        estimates.append(frechet_from_root(*real, *moments(fake)))
        extrapolated.append(frechet_at_infinity(*real, fake, seed=seed))
    # To first order the mean adds D / N, the covariance D (D + 1) / 4 N.
    bias = 16 / 2000 + 16 * 17 / 4 / 2000
    assert np.mean(estimates) == pytest.approx(bias, rel=0.1)
    assert abs(np.mean(extrapolated)) < 0.15 * bias
    with pytest.raises(ValueError, match="sizes=1"):
        frechet_at_infinity(*real, fake, sizes=1)
    with pytest.raises(ValueError, match="smallest=0"):
        frechet_at_infinity(*real, fake, smallest=0)


def test_interval_holds_the_distance_of_the_distributions():
    # N(0, I) against N(v, 4 I) in three dimensions: |v|² + 3 (2 - 1)².
    v, truth = np.array([1.0, 0, 0]), 4.0
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(100):
        fake = 2 * rng.standard_normal((200, 3)) + v
        low, high = frechet_interval(np.zeros(3), np.eye(3), fake, seed=seed)
        assert low < high
        held += low <= truth <= high
    assert held >= 85
    with pytest.raises(ValueError, match="level=1"):
        frechet_interval(np.zeros(3), np.eye(3), fake, level=1)
    with pytest.raises(ValueError, match="resamples=1"):
        frechet_interval(np.zeros(3), np.eye(3), fake, resamples=1)


@pytest.mark.parametrize(("width", "count"), [(1, 50), (5, 200), (40, 300), (40, 30)])
def test_interval_equals_resampling_sample_by_sample(width, count):
    """The samples are drawn again one by one, NumPy computes their covariances, and the
    interval reflects the quantiles at the estimate."""
    rng = np.random.default_rng(width)
    fake = (rng.standard_normal((count, width)) * 3 + 100).astype(np.float32)
    mean, cov = np.full(width, 100.0), np.diag(np.arange(1.0, width + 1))
    root = np.sqrt(cov)

    def distance(x):
        other = np.cov(x.T, dtype=np.float64).reshape(width, width)
        cross = scipy.linalg.sqrtm(root @ other @ root).real
        apart = np.square(x.mean(axis=0, dtype=np.float64) - mean).sum()
        return apart + np.trace(cov + other - 2 * cross)

    draws, estimate = np.random.default_rng(7), distance(fake)
    again = [distance(fake[draws.integers(count, size=count)]) for _ in range(20)]
    low, high = np.quantile(again, [0.05, 0.95])
    found = frechet_interval(mean, root, fake, level=0.9, resamples=20, seed=7)
    expected = np.maximum([2 * estimate - high, 2 * estimate - low], 0)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
