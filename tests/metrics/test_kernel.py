from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from ganjax.metrics import kernel_distance, squared_discrepancy


def test_by_fractions():
    x = [[1, 2], [0, -1], [3, 1]]
    y = [[2, 2], [-1, 0]]

    def kernel(a, b):
        return (Fraction(sum(p * q for p, q in zip(a, b, strict=True)), 2) + 1) ** 3

    def among(points):
        pairs = [(a, b) for i, a in enumerate(points) for j, b in enumerate(points)
                 if i != j]  # fmt: skip
        return sum(kernel(a, b) for a, b in pairs) / len(pairs)

    across = sum(kernel(a, b) for a, b in product(x, y)) / 6
    expected = among(x) + among(y) - 2 * across
    np.testing.assert_allclose(squared_discrepancy(x, y), float(expected), rtol=1e-14)


def test_of_shifted_lines_in_closed_form():
    # A kernel value with a point at 0 is 1; between two points at c it is (c² + 1)³.
    x, y = np.zeros((5, 1)), np.full((4, 1), 2.0)
    assert squared_discrepancy(x, y) == 1 + 125 - 2


def test_unbiased_over_repetitions():
    rng = np.random.default_rng(0)
    found = [
        squared_discrepancy(rng.standard_normal((40, 8)), rng.standard_normal((60, 8)))
        for _ in range(400)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / 20
    assert 100 < np.sum(np.less(found, 0)) < 300


def test_one_subset_of_everything_is_the_whole_estimate():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 5)), rng.standard_normal((30, 5)) + 0.3
    mean, std = kernel_distance(x, y, subset_size=30, subsets=3)
    np.testing.assert_allclose(mean, squared_discrepancy(x, y), rtol=1e-12)
    assert np.isnan(std)  # equal subsets: their spread is no error
    assert np.isnan(kernel_distance(x, y[:20], subset_size=20, subsets=3)[1])
    assert np.isnan(kernel_distance(x, y, subset_size=20, subsets=1)[1])
    assert kernel_distance(x, y, subset_size=29, subsets=3)[1] > 0
    small = kernel_distance(x, y, subset_size=10, subsets=50, seed=1)
    assert small == kernel_distance(x, y, subset_size=10, subsets=50, seed=1)
    assert small != kernel_distance(x, y, subset_size=10, subsets=50, seed=2)


def test_agrees_with_torch_fidelity():
    fidelity = pytest.importorskip("torch_fidelity.metric_kid")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 64)).astype(np.float32)
    y = 1.1 * rng.standard_normal((200, 64)).astype(np.float32) + 0.05
    theirs = fidelity.kernel_mmd(
        x.astype(np.float64),
        y.astype(np.float64),
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
    )
    np.testing.assert_allclose(squared_discrepancy(x, y), theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subset_size": 31}, "subset_size=31: expected 2 to 30"),
        ({"subset_size": 1}, "expected 2 to 30"),
        ({"subset_size": 10, "subsets": 0}, "subsets=0"),
    ],
)
def test_bad_input_is_named(options, said):
    x = np.zeros((30, 2))
    with pytest.raises(ValueError, match=said):
        kernel_distance(x, x, **options)
    with pytest.raises(ValueError, match="not finite"):
        kernel_distance(x, np.full((30, 2), np.nan), subset_size=10)
