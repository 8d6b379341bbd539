"""CTGAN's networks, by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.networks import tabular

KEY = jax.random.key(0)


def count(tree):
    return sum(x.size for x in jax.tree.leaves(tree))


def test_parameters_by_hand():
    """d = 3, widths 4 and 5, D = 6. Layers 3·4 and 7·5, normalisations 2·4 and 2·5, and
    the last layer (3 + 4 + 5)·6 + 6. The critic has 6·4 + 4, 4·5 + 5 and 5 + 1."""
    z, x = jnp.zeros((2, 3)), jnp.zeros((2, 6))
    made = tabular.Generator((6,), widths=(4, 5)).init(KEY, z, train=True)
    assert count(made["params"]) == 12 + 35 + 8 + 10 + 78
    critic = tabular.Discriminator(widths=(4, 5)).init(KEY, x, train=True)
    assert count(critic["params"]) == 28 + 25 + 6


def test_a_generator_by_hand():
    """Without hidden layers it is linear in the latent. With one layer, and the running
    statistics 0 and 1, the last layer sees relu(W z / √(1 + ε)) and z."""
    z = jax.random.normal(KEY, (4, 3))
    module = tabular.Generator((2,), widths=(5,))
    variables = module.init(KEY, z, train=True)
    p = variables["params"]
    w = next(v["kernel"] for k, v in p.items() if k.endswith("_0") and "kernel" in v)
    last = next(v for k, v in p.items() if k.endswith("_1") and "kernel" in v)
    hidden = np.maximum(0, np.asarray(z @ w) / np.sqrt(1 + 1e-5))
    wanted = np.concatenate([hidden, z], 1) @ last["kernel"] + last["bias"]
    found = module.apply(variables, z, train=False)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_dropout_is_a_function_of_the_input():
    """The same input has the same units, another one has others; in evaluation there is
    none. Half of the units are 0, and the others are doubled."""
    x = jax.random.normal(KEY, (6, 3))
    module = tabular.Discriminator(widths=(400,))
    variables = module.init(KEY, x, train=True)

    def features(x, train):
        return np.asarray(
            module.apply(variables, x, train=train, method="full_output").features
        )

    whole, some = features(x, False), features(x, True)
    np.testing.assert_array_equal(some, features(x, True))
    np.testing.assert_array_equal(some[:2], features(x[:2], True))
    kept = some != 0
    np.testing.assert_allclose(some[kept], 2 * whole[kept], rtol=1e-5)
    assert abs(kept.mean() - 0.5) < 4 * np.sqrt(0.25 / kept.size)
    moved = features(x + 1e-6, True) != 0
    assert abs((moved == kept).mean() - 0.5) < 0.1


def test_a_critic_treats_samples_alone():
    assert not tabular.Discriminator().mixes_samples
