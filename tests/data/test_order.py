"""The order of the data: exact arithmetic, permutations and their randomness."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from ganjax.data.order import (
    SHUFFLE_BELOW,
    Balance,
    _epoch_and_place,
    balanced,
    indices,
)

KEY = jax.random.key(7)


def epoch_of(key, epoch, size):
    return np.asarray(indices(key, epoch, size, size, 0, size))


@pytest.mark.parametrize(
    "step, per_step, size, offset",
    [
        (0, 64, 50_000, 0),
        (2**31 - 1, 4096, 50_000, 4095),
        (2**31 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 1),
        (2**31 - 2, 2**31 - 1, 2**31 - 3, 17),
        (1_234_567_891, 1_000_003, 7, 999_999),
        (3, 5, 1, 4),
    ],
)
def test_positions_equal_python_integers(step, per_step, size, offset):
    position = step * per_step + offset
    epoch, place = jax.jit(_epoch_and_place, static_argnums=(1, 2))(
        jnp.int32(step), per_step, size, jnp.int32(offset)
    )
    assert (int(epoch), int(place)) == (position // size % 2**32, position % size)


@pytest.mark.parametrize(
    "size",
    [
        *(1, 10, SHUFFLE_BELOW, SHUFFLE_BELOW + 1, 50_000),
        *(
            pytest.param(size, marks=pytest.mark.full)
            for size in (2, 3, 300, 529, 530, 1297, 4097)
        ),
    ],
)
def test_an_epoch_visits_every_item_once(size):
    assert np.array_equal(np.sort(epoch_of(KEY, 3, size)), np.arange(size))


@pytest.mark.parametrize("size", [10, 600])
def test_batches_across_the_ends_of_epochs_lose_and_repeat_nothing(size):
    batch = 64  # divides neither size; spans several epochs of 10
    steps = jnp.arange(size, dtype=jnp.int32)  # exactly `batch` epochs
    rows = jax.jit(
        lambda s: jax.lax.map(lambda step: indices(KEY, step, batch, size, 0, batch), s)
    )(steps)
    epochs = np.asarray(rows).reshape(batch, size)
    assert np.array_equal(
        np.sort(epochs, axis=1), np.broadcast_to(np.arange(size), epochs.shape)
    )
    assert len({row.tobytes() for row in epochs}) > batch - 2  # 64 of 10! orders


def test_a_part_of_a_step_equals_that_part_of_the_whole():
    whole = indices(KEY, 41, 96, 1000, 0, 96)
    parts = jax.vmap(lambda start: indices(KEY, 41, 96, 1000, start, 24))(
        jnp.arange(4) * 24
    )
    assert np.array_equal(np.asarray(whole), np.asarray(parts).ravel())


@pytest.mark.parametrize("size", [100, 1000])
def test_keys_and_epochs_give_other_orders(size):
    first = epoch_of(KEY, 0, size)
    assert not np.array_equal(first, epoch_of(KEY, 1, size))
    assert not np.array_equal(first, epoch_of(jax.random.key(8), 0, size))
    assert np.array_equal(first, epoch_of(KEY, 0, size))


@pytest.mark.parametrize("size", [600, 1297])
def test_places_are_uniform_and_neighbours_independent(size):
    draws = 6000
    keys = jax.random.split(jax.random.key(1), draws)
    pairs = np.asarray(jax.jit(jax.vmap(lambda k: indices(k, 0, 2, size, 0, 2)))(keys))
    # The tails have 0.1 %. The key is fixed, so the result is always the same.
    for column in pairs.T:
        assert stats.chisquare(np.bincount(column, minlength=size)).pvalue > 1e-3
    distance = (pairs[:, 1] - pairs[:, 0]) % size  # uniform on 1 .. size-1
    assert stats.chisquare(np.bincount(distance, minlength=size)[1:]).pvalue > 1e-3


def test_an_epoch_of_many_items_has_no_trend():
    size = 10_000
    order = epoch_of(KEY, 0, size).astype(float)
    # Both correlations have standard deviation 1/sqrt(size) for a random permutation.
    assert abs(np.corrcoef(order, np.arange(size))[0, 1]) < 4 / size**0.5
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 4 / size**0.5
    # The expected distance of an item from its first place is size / 3.
    displacement = np.abs(order - np.arange(size)).mean() / size
    assert displacement == pytest.approx(1 / 3, abs=0.01)


def test_sizes_out_of_range_are_refused():
    with pytest.raises(ValueError, match="size=0"):
        indices(KEY, 0, 1, 0, 0, 1)


COUNTS = (3, 700, 1, 40)


def test_each_block_of_a_balanced_order_has_each_class_once():
    per_step = 100 * len(COUNTS)
    places = np.asarray(balanced(KEY, 5, per_step, COUNTS, 0, per_step))
    label = np.searchsorted(np.cumsum(COUNTS), places, side="right").reshape(100, -1)
    np.testing.assert_array_equal(np.sort(label, 1), [[0, 1, 2, 3]] * 100)
    assert len({tuple(row) for row in label}) > 15  # of 24 orders


def test_a_class_of_a_balanced_order_visits_its_rows_in_epochs():
    blocks = 1400  # two epochs of the largest class
    count = blocks * len(COUNTS)
    places = np.asarray(balanced(KEY, 0, count, COUNTS, 0, count))
    first = 0
    for size in COUNTS:
        own = places[(places >= first) & (places < first + size)] - first
        epochs = own[: blocks // size * size].reshape(-1, size)
        assert len(own) == blocks
        np.testing.assert_array_equal(
            np.sort(epochs, 1), np.broadcast_to(np.arange(size), epochs.shape)
        )
        assert size == 1 or not np.array_equal(epochs[0], epochs[1])
        first += size


def test_a_part_of_a_balanced_step_equals_that_part_of_the_whole():
    whole = balanced(KEY, 41, 96, COUNTS, 0, 96)
    parts = [balanced(KEY, 41, 96, COUNTS, start, 24) for start in range(0, 96, 24)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert not np.array_equal(whole, balanced(KEY, 42, 96, COUNTS, 0, 96))


def test_the_rows_of_a_balance_are_sorted_by_class():
    found = Balance.of(np.array([5, 2, 5, 2, 2, 9]))
    assert found.counts == (3, 2, 1)  # classes 2, 5 and 9; the others have no rows
    np.testing.assert_array_equal(found.rows, [1, 3, 4, 0, 2, 5])
