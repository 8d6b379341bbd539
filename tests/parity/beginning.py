"""The state before the first step, with parameters by the rule."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from ganjax.core import Game, GameState, init_state
from tests.parity.layouts import Mapped, filled


def begun(
    game: Game, numbers: Mapping[str, float], names: Mapping[str, tuple[Mapped, str]]
) -> GameState:
    """Return the state of a game before its first step.

    Nothing is drawn, so no program is compiled: optimizers, memories and variables of
    networks are zeros. This is how they begin, except spectral vectors and running
    variances, which the caller replaces if they matter.

    Args:
      numbers: the knobs.
      names: network -> its names, and the prefix of torch's names.
    """
    key = jax.random.key(0)
    shapes = jax.eval_shape(lambda: init_state(game, key, numbers))
    params = {
        network: jax.tree.map(jnp.asarray, filled(shapes.params[network], own, prefix))
        for network, (own, prefix) in names.items()
    }
    zeros = jax.tree.map(
        lambda x: jnp.zeros(x.shape, x.dtype), shapes.replace(key=None)
    )
    scalars = {name: jnp.float32(number) for name, number in numbers.items()}
    return zeros.replace(key=key, params=params, knobs=scalars)
