import numpy as np
import pytest

from ganjax.metrics import path_length


def test_a_percent_at_each_end_is_left_out():
    """Of 1,000 lengths 9 at each end: position 0.01 · 999 is between the tenth and the
    eleventh, and the tenth stays. The lengths are the squares of 0 to 999."""
    squares = np.arange(1000) ** 2
    left = sum(n * n for n in range(9, 991)) / 982
    order = np.random.default_rng(0).permutation(1000)
    assert path_length(squares[order]) == pytest.approx(left, rel=1e-12)


def test_of_a_hundred_none_is_left_out():
    assert path_length([0.0] * 99 + [100.0]) == 1.0
    assert path_length([7.0]) == 7.0


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="lengths has shape"):
        path_length(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="not finite"):
        path_length([1.0, np.inf])
