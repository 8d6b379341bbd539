import numpy as np
import pytest

from ganjax.metrics import principal_error


def test_what_lies_in_a_plane_is_kept():
    rng = np.random.default_rng(0)
    plane = rng.standard_normal((2, 10))
    train = rng.standard_normal((50, 2)) @ plane + 3
    test = rng.standard_normal((20, 2)) @ plane + 3
    np.testing.assert_allclose(principal_error(train, test, 1.0), 0, atol=1e-20)
    off = np.linalg.qr(np.concatenate([plane, rng.standard_normal((1, 10))]).T)[0][:, 2]
    moved = principal_error(train, test + 5 * off, 0.999999)
    np.testing.assert_allclose(moved, 25 / 10, rtol=1e-6)


def test_what_is_lost_is_the_variance_that_is_left_out():
    """The variances are 9, 4, 1. Two axes explain 13/14, so 0.9 omits only the last."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((200_000, 3)) * [3.0, 2.0, 1.0]
    assert principal_error(x, x, 0.9).mean() == pytest.approx(1 / 3, rel=0.01)
    assert principal_error(x, x, 0.6).mean() == pytest.approx(5 / 3, rel=0.01)


@pytest.mark.parametrize(
    ("train", "test", "explained", "said"),
    [
        (np.eye(3), np.eye(4), 0.9, "columns"),
        (np.eye(3), np.eye(3), 0.0, "explained=0.0"),
        (np.ones((5, 3)), np.eye(3), 0.9, "does not vary"),
    ],
)
def test_bad_input_is_named(train, test, explained, said):
    with pytest.raises(ValueError, match=said):
        principal_error(train, test, explained)
