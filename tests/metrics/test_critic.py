import numpy as np
import pytest

from ganjax.metrics import critic_distance, two_sample_test


def test_ranks_by_hand():
    # Six pairs: the real score is higher in four and equal in one.
    found = two_sample_test([3.0, 1.0], [2.0, 1.0, -1.0])
    assert found["auroc"] == 4.5 / 6
    # Both real scores are positive, and one of three fake scores is negative.
    assert found["accuracy"] == (1 + 1 / 3) / 2


def test_a_critic_at_chance_and_a_perfect_one():
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((200, 2, 100))
    p = [two_sample_test(*pair)["p_value"] for pair in scores]
    assert np.mean(np.less(p, 0.1)) == pytest.approx(0.1, abs=0.06)
    perfect = two_sample_test(np.arange(50) + 1, -np.arange(50) - 1)
    assert perfect["auroc"] == perfect["accuracy"] == 1
    assert perfect["p_value"] < 1e-10
    silent = two_sample_test(np.zeros(50), np.zeros(50))
    assert silent == {"auroc": 0.5, "p_value": 1.0, "accuracy": 0.5}


def test_the_identity_measures_a_shift():
    # The critic is the identity on a line, so the distance is the shift.
    x = np.linspace(-1, 1, 2001)
    distance, error = critic_distance(x + 3, x)
    np.testing.assert_allclose(distance, 3)
    np.testing.assert_allclose(error, np.sqrt(2 * (1 / 3) / 2001), rtol=1e-2)


@pytest.mark.parametrize("test", [two_sample_test, critic_distance])
def test_bad_input_is_named(test):
    with pytest.raises(ValueError, match="real has shape"):
        test(np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(ValueError, match="fake has shape"):
        test(np.zeros(3), np.zeros(1))
    with pytest.raises(ValueError, match="fake holds values that are not finite"):
        test(np.zeros(3), np.full(3, np.nan))
