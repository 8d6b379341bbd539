import numpy as np
import pytest

from ganjax.metrics import inception_score


def test_sure_of_each_and_of_all_classes():
    mean, std = inception_score(np.tile(np.eye(5), (20, 1)), splits=10, seed=None)
    np.testing.assert_allclose(mean, 5)
    assert std < 1e-12


def test_unsure_or_collapsed_is_one():
    assert inception_score(np.full((50, 4), 0.25))[0] == 1
    assert inception_score(np.eye(4)[[2] * 50])[0] == 1


def test_two_kinds_of_samples_by_hand():
    # Half of the samples are sure of class 0, half are undecided. The marginal is
    # (3/4, 1/4), and the mean divergence (ln 4/3 + 1/2 ln 2/3 + 1/2 ln 2) / 2.
    p = np.array([[1.0, 0.0], [0.5, 0.5]] * 10)
    expected = np.exp((np.log(4 / 3) + np.log(2 / 3) / 2 + np.log(2) / 2) / 2)
    found = inception_score(p, splits=5, seed=None)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_without_a_seed_parts_are_runs_of_neighbours():
    p = np.eye(2)[[0] * 6 + [1] * 6]
    assert inception_score(p, splits=2, seed=None) == (1, 0)
    np.testing.assert_allclose(inception_score(p, splits=1)[0], 2)


def test_random_parts_of_sorted_samples_have_all_classes():
    """Ten parts of 100 of 1,000 samples from ten classes: the entropy of the classes of
    a part has a bias of about −9 / 200 · 0.9. Runs of neighbours have one class."""
    p = np.eye(10)[np.repeat(np.arange(10), 100)]
    mean, std = inception_score(p)
    assert mean == pytest.approx(10 * np.exp(-9 / 200 * 0.9), abs=0.15) and std < 0.3
    assert inception_score(p, seed=None) == (1, 0)
    assert inception_score(p, seed=1) != (mean, std)


@pytest.mark.parametrize(
    ("p", "splits", "said"),
    [
        (np.eye(3)[0], 1, "expected \\[N, K\\]"),
        (np.eye(3) * 2, 1, "do not sum to 1"),
        (np.array([[1.5, -0.5]]), 1, "not probabilities"),
        (np.array([[np.nan, 1]]), 1, "not probabilities"),
        (np.eye(3), 4, "splits=4: expected 1 to 3"),
    ],
)
def test_bad_input_is_named(p, splits, said):
    with pytest.raises(ValueError, match=said):
        inception_score(p, splits=splits)
