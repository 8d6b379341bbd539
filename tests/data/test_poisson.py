"""Poisson batches: each example with the same probability, independently."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data.made_up import made_up
from ganjax.data.poisson import capacity, poisson
from ganjax.data.source import Arrays
from ganjax.errors import BadInput

N = 40


def arrays():
    return Arrays(np.arange(N, dtype=np.float32)[:, None], np.zeros(N, np.int32))


def batches(batch_size, rounds=1, devices=1, step=0):
    feed = poisson(arrays(), batch_size=batch_size, rounds=rounds)

    data = jax.tree.map(jnp.asarray, feed.data)

    def one(_):
        return feed.batch(data, jax.random.key(1), step, "data")

    run = jax.vmap(one, axis_name="data", axis_size=devices)
    return jax.tree.map(np.asarray, run(np.zeros(devices)))


def test_each_example_is_drawn_independently_with_the_rate():
    """Over 3,000 batches the frequency of an example is 0.25 ± 4 deviations, and two
    examples occur together as often as independent ones."""
    found = batches(10, rounds=3000)
    counts = np.zeros((3000, N))
    for i, (row, there) in enumerate(
        zip(found["row"][0], found["present"][0], strict=True)
    ):
        counts[i, row[there > 0]] += 1
    assert counts.max() == 1  # no example twice
    share = counts.mean(0)
    assert abs(share - 0.25).max() < 4.5 * np.sqrt(0.25 * 0.75 / 3000)
    together = (counts[:, 0] * counts[:, 1]).mean()
    assert abs(together - 1 / 16) < 4 * np.sqrt(15 / 256 / 3000)
    size = counts.sum(1)
    assert abs(size.var() - N * 0.25 * 0.75) < 1.0
    np.testing.assert_array_equal(found["rate"][0], 0.25)


def test_a_full_batch_has_every_example_once():
    found = batches(N)
    assert found["present"].sum() == N
    assert sorted(found["row"][found["present"] > 0]) == list(range(N))
    np.testing.assert_array_equal(
        found["data"][..., 0][found["present"] > 0], np.arange(N)
    )


@pytest.mark.parametrize("step", [0, 5])
def test_devices_share_a_batch(step):
    one, three = batches(10, 2, 1, step), batches(10, 2, 3, step)
    for i in range(2):
        parts = [x["row"][:, i][x["present"][:, i] > 0] for x in (one, three)]
        np.testing.assert_array_equal(*map(np.sort, parts))


def test_the_capacity_is_far_above_the_expected_number():
    assert capacity(64, 6366) == 64 + 80 + 10
    assert capacity(64, 70) == 70


@pytest.mark.parametrize(
    ("split", "size", "problem"),
    [
        (arrays(), 41, "batch_size=41: expected at most the 40 training examples"),
        (made_up((2,), count=4, drawn=False).train, 5, "batch_size=5"),
        (lambda keys: {}, 4, "expected data that are stored"),
    ],
)
def test_what_is_refused(split, size, problem):
    with pytest.raises(BadInput, match=problem):
        poisson(split, batch_size=size, rounds=1)
