"""The inputs of a critic."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.objectives.critic_inputs import CriticInputs, joined, pack, unpack


def test_a_pack_is_neighbours_channel_by_channel():
    x = jnp.arange(4 * 2 * 2 * 3.0).reshape(4, 2, 2, 3)
    packed = pack(x, 2)
    assert packed.shape == (2, 2, 2, 6)
    np.testing.assert_array_equal(packed[1, ..., :3], x[2])
    np.testing.assert_array_equal(packed[1, ..., 3:], x[3])
    np.testing.assert_array_equal(unpack(packed, 2), x)
    points = jnp.arange(8.0).reshape(4, 2)
    np.testing.assert_array_equal(pack(points, 2), points.reshape(2, 4))


def test_a_label_is_a_constant_channel():
    x = joined(jnp.zeros((2, 3, 3, 1)), jnp.array([1, 0]), 2)
    assert x.shape == (2, 3, 3, 3)
    np.testing.assert_array_equal(x[0].reshape(9, 3), np.tile([0, 0, 1], (9, 1)))
    np.testing.assert_array_equal(x[1].reshape(9, 3), np.tile([0, 1, 0], (9, 1)))


class View:
    knobs = {"std": jnp.asarray(2.0)}

    def keys(self, name, n):
        return jax.random.split(jax.random.key(len(name)), n)


def test_each_of_a_pack_has_its_own_label_and_its_own_draw():
    def shifted(keys, x, probability):
        return x + jax.vmap(jax.random.uniform)(keys).reshape(-1, 1)

    critic_inputs = CriticInputs(augment=shifted, classes=2, packing=2)
    x, label = jnp.zeros((4, 1)), jnp.array([0, 1, 1, 0])
    (shown,) = critic_inputs(View(), "real", pack(x, 2), label, 1.0)
    assert shown.shape == (2, *critic_inputs.shape((1,))) == (2, 6)
    drawn = jax.vmap(jax.random.uniform)(View().keys("augment/real", 4))
    expected = [[drawn[0], 1, 0, drawn[1], 0, 1], [drawn[2], 0, 1, drawn[3], 1, 0]]
    np.testing.assert_allclose(shown, expected, rtol=1e-6)


def test_noise_has_its_deviation():
    critic_inputs = CriticInputs(noise="std")
    (shown,) = critic_inputs(View(), "real", jnp.zeros((4000, 2)), None, None)
    np.testing.assert_allclose(shown.std(), 2.0, rtol=0.05)
    np.testing.assert_allclose(shown.mean(), 0.0, atol=0.1)
