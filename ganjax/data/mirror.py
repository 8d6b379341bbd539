"""Images and their mirror images, each as often: data twice as large."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.data.feeds import Feed, example_keys

# What the data's key is folded with; no step is as large.
_MIRRORS = 2**31 + 1


def mirrored(feed: Feed, *, batch_size: int, rounds: int) -> Feed:
    """``feed`` whose examples are exchanged, left and right, half of the time; all
    images of an example together, so that pairs stay pairs.

    A coin is of the example's place in the step's batches, whatever the number of
    devices. Arrays of the feed other than images, ``[rounds, local, H, W, C]``, stay.
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
