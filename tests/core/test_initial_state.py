"""The state before the first step."""

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core.state import _initialiser, init_state, to_numpy
from tests import tiny


def test_less_of_llvm_gives_the_same_values():
    """The initialiser is compiled with less optimisation on a CPU. Its values equal the
    fully optimised values up to rounding."""
    setup = tiny.setup("convolutional")
    key, knobs = jax.random.key(3), setup.knobs
    quick = to_numpy(init_state(setup.game, key, knobs))
    made = jax.jit(_initialiser(setup.game))(key, quick.knobs)
    for found, whole in zip(
        (quick.params, quick.variables, quick.optimizer, quick.memory),
        to_numpy(made),
        strict=True,
    ):
        jax.tree.map(
            lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6, atol=0),
            found,
            whole,
        )


def test_it_may_be_traced():
    setup = tiny.setup("gan")
    key = jax.random.key(3)
    shapes = jax.eval_shape(lambda: init_state(setup.game, key, setup.knobs))
    state = init_state(setup.game, key, setup.knobs)
    assert jax.tree.map(jnp.shape, state) == jax.tree.map(jnp.shape, shapes)
    again = jax.jit(lambda key: init_state(setup.game, key, setup.knobs).params)(key)
    jax.tree.map(
        lambda x, y: np.testing.assert_allclose(x, y, rtol=1e-6), again, state.params
    )
