"""Batch statistics taken anew by the network that is to be evaluated."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from ganjax.core import Game

# A running average of momentum .9 has then forgotten all but a thousandth of what it
# was.
BATCHES, BATCH = 64, 64


@functools.lru_cache(maxsize=8)
def _compiled(game):
    def one(variables, batch):
        keys, first = batch
        written = {}

        def apply(network, *inputs):
            held = variables[network]
            kept = [name for name in held if name == "batch_stats"]
            output = game.networks[network].module.apply(
                held, *inputs, train=bool(kept), mutable=kept
            )
            written[network] = {**held, **output[1]}
            return output[0]

        game.generate(apply, keys, first)
        return {**variables, **written}, None

    def all_of_them(variables, key):
        keys = jax.random.split(key, (BATCHES, BATCH))
        firsts = BATCH * jnp.arange(BATCHES)
        return jax.lax.scan(one, variables, (keys, firsts))[0]

    return jax.jit(jax.vmap(all_of_them, in_axes=(0, None), axis_name="data"))


def standing(game: Game, variables: dict[str, Any], key: jax.Array) -> dict[str, Any]:
    """``variables`` (by network, for evaluation) whose batch statistics are those of
    their own samples: training passes over ``BATCHES`` batches, of which nothing but
    the running averages is kept (the standing statistics of Brock et al. 2019, arXiv
    1809.11096)."""
    one = jax.tree.map(lambda x: jnp.expand_dims(x, 0), variables)
    return jax.tree.map(lambda x: x[0], _compiled(game)(one, key))
