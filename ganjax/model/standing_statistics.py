"""Standing statistics: batch statistics from samples of the finished model."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

# After 64 updates a running average of momentum 0.9 keeps 0.1 % of its first value.
BATCHES, BATCH = 64, 64


@functools.lru_cache(maxsize=8)
def _compiled(game, sampler):
    def one(variables, batch):
        keys, first = batch
        written = {}

        def apply(network, *inputs):
            held = variables[network]
            kept = [name for name in held if name == "batch_stats"]
            with jax.default_matmul_precision("float32"):  # as in ``finished.plain``
                output = game.networks[network].module.apply(
                    held, *inputs, train=bool(kept), mutable=kept
                )
            written[network] = {**held, **output[1]}
            return output[0]

        sampler.sample(apply, keys, first)
        return {**variables, **written}, None

    def all_of_them(variables, key):
        keys = jax.random.split(key, (BATCHES, BATCH))
        firsts = BATCH * jnp.arange(BATCHES)
        return jax.lax.scan(one, variables, (keys, firsts))[0]

    return jax.jit(jax.vmap(all_of_them, in_axes=(0, None), axis_name="data"))


def standing_statistics(
    game, sampler, variables: dict[str, Any], key: jax.Array
) -> dict[str, Any]:
    """Replace the batch statistics of the networks by standing statistics (Brock et al.
    2019, arXiv 1809.11096).

    The networks make ``BATCHES`` batches of samples in training mode. Only the running
    averages of batch normalisation are kept.

    Args:
      variables: network -> its parameters and other variables.
      key: random key of the samples.

    Returns:
      ``variables`` with the new batch statistics.
    """
    one = jax.tree.map(lambda x: jnp.expand_dims(x, 0), variables)
    return jax.tree.map(lambda x: x[0], _compiled(game, sampler)(one, key))
