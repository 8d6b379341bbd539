import numpy as np
import pytest

from ganjax.metrics import curve_of_shares, precision_recall_curve


def test_equal_shares_reach_one_in_both():
    precision, recall = curve_of_shares([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])
    slope = np.tan(np.linspace(1e-10, np.pi / 2 - 1e-10, 1001))
    np.testing.assert_allclose(precision, np.minimum(slope, 1), atol=1e-9)
    np.testing.assert_allclose(recall, np.minimum(1, 1 / slope), atol=1e-9)


def test_disjoint_shares_have_neither():
    precision, recall = curve_of_shares([1, 0], [0, 1])
    assert precision.max() == recall.max() == 0


@pytest.mark.parametrize("lost", [0.25, 0.5])
def test_a_lost_part_of_the_data_costs_recall_alone(lost):
    precision, recall = curve_of_shares([lost, 1 - lost], [0, 1])
    np.testing.assert_allclose(precision.max(), 1)
    np.testing.assert_allclose(recall.max(), 1 - lost)
    # An added part costs precision alone. The two curves are mirror images.
    mirrored = curve_of_shares([0, 1], [lost, 1 - lost])
    np.testing.assert_allclose(mirrored[0], recall[::-1], atol=1e-9)
    np.testing.assert_allclose(mirrored[1], precision[::-1], atol=1e-9)


def test_over_points():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0], [20, 0], [0, 20], [20, 20]])
    real = np.repeat(centres, 50, axis=0) + rng.standard_normal((200, 2))
    half = np.repeat(centres[:2], 100, axis=0) + rng.standard_normal((200, 2))
    found = precision_recall_curve(real, half, clusters=4)
    np.testing.assert_allclose(found["precision"].max(), 1)
    np.testing.assert_allclose(found["recall"].max(), 0.5)
    # The best F_8 is close to its value at precision 1 and recall 1/2.
    assert found["f_8"] == pytest.approx(65 * 0.5 / (64 + 0.5), abs=2e-3)
    assert found["f_1_8"] > 0.97
    same = precision_recall_curve(real, real, clusters=4)
    assert same["f_8"] == pytest.approx(1) and same["f_1_8"] == pytest.approx(1)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="sum to 1"):
        curve_of_shares([0.5, 0.6], [0.5, 0.5])
    with pytest.raises(ValueError, match="twice"):
        curve_of_shares([1.0], [0.5, 0.5])
    with pytest.raises(ValueError, match="clusters=9"):
        precision_recall_curve(np.zeros((4, 2)), np.zeros((4, 2)), clusters=9)
    with pytest.raises(ValueError, match="runs=0"):
        precision_recall_curve(np.eye(4), np.eye(4), clusters=2, runs=0)
