import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data import Arrays, open_source, samples
from ganjax.data.translations import edges, in_pairs, out_of_pairs, twin


def numbered(n=40):
    """Images: the first row of image i is 5 i, and all other pixels are 0."""
    data = np.zeros((n, 4, 4, 1), np.uint8)
    data[:, 0] = 5 * np.arange(n)[:, None, None]
    return Arrays(data, np.arange(n, dtype=np.int32))


def test_a_twin_is_turned_by_15_degrees_and_dark_for_bright():
    """A bright spot 8 pixels to the right of the centre becomes a dark spot, turned by
    15 degrees around the centre."""
    y, x = np.mgrid[:33, :33] - 16.0
    spot = 2 * np.exp(-((x - 8) ** 2 + y**2) / 8) - 1
    found = twin(jnp.asarray(spot, jnp.float32)[None, :, :, None])
    found = np.asarray(found)[0, ..., 0]
    np.testing.assert_allclose(found[0], 1, atol=1e-4)
    dark = (1 - found) / 2
    centre = np.array([(dark * x).sum(), (dark * y).sum()]) / dark.sum()
    angle = np.pi / 12
    wanted = [8 * np.cos(angle), -8 * np.sin(angle)]  # rows count downward
    np.testing.assert_allclose(centre, wanted, atol=0.01)
    np.testing.assert_allclose(dark.sum(), (1 + spot).sum() / 2, rtol=1e-3)


def test_an_edge_is_where_brightness_steps():
    """A step from −1 to 1 between columns 3 and 4 is an edge in both columns. A step
    that is a quarter as high is no edge."""
    x = jnp.where(jnp.arange(8)[None, None, :, None] > 3, 1.0, -1.0)
    x = jnp.broadcast_to(x, (1, 6, 8, 1))
    found = edges(x)[0, :, :, 0]
    np.testing.assert_array_equal(found[:, 3:5], 1)
    np.testing.assert_array_equal(found[:, :3], -1)
    np.testing.assert_array_equal(found[:, 5:], -1)
    np.testing.assert_array_equal(edges(0.25 * x), -1)
    turned = edges(jnp.swapaxes(x, 1, 2))
    np.testing.assert_array_equal(turned[0, :, :, 0], found.T)


def test_pairs_belong_together():
    batch = samples(in_pairs(numbered(), twin), jax.random.split(jax.random.key(0), 99))
    np.testing.assert_allclose(batch["a"], twin(batch["b"]), atol=1e-6)
    which = np.rint((batch["b"][:, 0, 0, 0] + 1) * 127.5 / 5).astype(int)
    np.testing.assert_array_equal(which, batch["label"])
    assert len(np.unique(which)) > 30


def test_no_pair_is_seen_out_of_pairs():
    split = out_of_pairs(numbered(), jnp.negative)
    batch = samples(split, jax.random.split(jax.random.key(0), 500))
    first, second = (
        np.rint((np.asarray(x[:, 0, 0, 0]) + 1) * 127.5 / 5).astype(int)
        for x in (-batch["a"], batch["b"])
    )
    assert set(first) == set(range(20)) and set(second) == set(range(20, 40))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.15
    np.testing.assert_array_equal(second, batch["label"])


def test_points_in_pairs():
    """A point b is its point a, turned and stretched by 1.5."""
    source = open_source("paired")
    batch = samples(source.train, jax.random.split(jax.random.key(0), 100))
    np.testing.assert_allclose(
        np.linalg.norm(batch["b"], axis=1),
        1.5 * np.linalg.norm(batch["a"], axis=1),
        rtol=1e-5,
    )
    assert source.spec.paired and not open_source("unpaired").spec.paired


def test_pairs_may_be_drawn_inside_a_program():
    split = in_pairs(numbered(), twin)
    keys = jax.random.split(jax.random.key(0), 5)
    inside = jax.jit(lambda keys: split(keys)["b"])(keys)
    np.testing.assert_array_equal(inside, samples(split, keys)["b"])
