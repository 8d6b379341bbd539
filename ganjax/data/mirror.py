"""Random mirroring: each image and its mirror image are equally likely."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.data.feeds import Feed, example_keys

# Folded into the data key. It is larger than any step, so no step uses its keys.
_MIRRORS = 2**31 + 1


def mirrored(feed: Feed, *, batch_size: int, rounds: int) -> Feed:
    """Return a feed that mirrors each example of ``feed`` left to right with
    probability 1/2.

    All images of an example are mirrored together, so pairs stay pairs. The choice
    depends on the step and on the example's place in it, not on the number of devices.
    Arrays that are not images ``[rounds, local, H, W, C]`` are unchanged.

    Args:
        feed: serves the batches of the training steps.
        batch_size: examples in one batch, over all devices.
        rounds: batches in one step, one for each update of a player that reads data.
    """

    def batch(data, key, step, axis):
        of_mirrors = jax.random.fold_in(key, _MIRRORS)
        keys = example_keys(of_mirrors, step, batch_size, rounds, axis)
        coins = jax.vmap(jax.random.bernoulli)(keys.reshape(-1))
        coins = coins.reshape(*keys.shape, 1, 1, 1)
        return {
            name: jnp.where(coins, x[..., ::-1, :], x) if x.ndim == 5 else x
            for name, x in feed.batch(data, key, step, axis).items()
        }

    return dataclasses.replace(feed, batch=batch)
