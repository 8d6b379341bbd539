import numpy as np
import pytest

from ganjax.metrics import inception_score


def test_sure_of_each_and_of_all_classes():
    mean, std = inception_score(np.tile(np.eye(5), (20, 1)), splits=10)
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
    np.testing.assert_allclose(inception_score(p, splits=5)[0], expected, rtol=1e-12)


def test_parts_are_runs_of_neighbours():
    p = np.eye(2)[[0] * 6 + [1] * 6]
    assert inception_score(p, splits=2) == (1, 0)
    np.testing.assert_allclose(inception_score(p, splits=1)[0], 2)


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
