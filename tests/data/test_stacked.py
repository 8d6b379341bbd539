import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data import Arrays, make_feed, samples
from ganjax.data.stacked import stacked


def ten_flat_digits():
    """Ten images: all pixels of digit d are 20 d."""
    label = np.arange(10, dtype=np.int32)
    data = np.broadcast_to(20 * label[:, None, None, None], (10, 2, 2, 1))
    return Arrays(data.astype(np.uint8), label)


def test_a_label_has_the_digits_of_the_channels():
    made = samples(
        stacked(ten_flat_digits()), jax.random.split(jax.random.key(0), 4000)
    )
    assert made["data"].shape == (4000, 2, 2, 3)
    digits = np.rint((np.asarray(made["data"])[:, 0, 0] + 1) * 127.5 / 20).astype(int)
    np.testing.assert_array_equal(made["label"], digits @ [100, 10, 1])
    # Channels are uniform and independent. After 4,000 draws a share of exp(-4) of the
    # 1,000 labels is missing.
    assert abs(len(np.unique(made["label"])) - 1000 * (1 - np.exp(-4))) < 20
    assert abs(digits.mean(axis=0) - 4.5).max() < 0.2


def test_the_arrays_are_data_of_the_step_and_no_constants():
    split = stacked(ten_flat_digits())
    feed = make_feed(split, batch_size=4, rounds=2)
    assert feed.stream is None
    assert jax.tree.map(np.shape, feed.data) == ((10, 2, 2, 1), (10,))

    def batch(data, key):
        return jax.vmap(
            lambda d: feed.batch(d, key, jnp.int32(3), "data"),
            in_axes=None,
            axis_name="data",
            axis_size=1,
        )(data)

    data = jax.tree.map(jnp.asarray, feed.data)
    jaxpr = jax.make_jaxpr(batch)(data, jax.random.key(0))
    assert all(np.size(x) < 40 for x in jaxpr.consts)
    made = batch(data, jax.random.key(0))
    assert made["data"].shape == (1, 2, 4, 2, 2, 3)
    assert len(np.unique(made["label"])) > 6
