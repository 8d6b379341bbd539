"""Images and their mirror images, each as often: data twice as large."""

import dataclasses

import jax
import jax.numpy as jnp

from ganjax.data.feeds import Feed, places

# What the data's key is folded with; no step is as large.
_MIRRORS = 2**31 + 1


def mirrored(feed: Feed, *, batch_size: int, rounds: int) -> Feed:
    """``feed`` whose examples are exchanged, left and right, half of the time; all
    images of an example together, so that pairs stay pairs.

    A coin is of the example's place in the step's batches, whatever the number of
    devices. Arrays of the feed other than images, ``[rounds, local, H, W, C]``, stay.
    """

    def batch(data, key, step, axis):
        at_step = jax.random.fold_in(jax.random.fold_in(key, _MIRRORS), step)
        at = places(batch_size, rounds, axis)
        coins = jax.vmap(
            lambda i: jax.random.bernoulli(jax.random.fold_in(at_step, i))
        )(at.reshape(-1)).reshape(*at.shape, 1, 1, 1)
        return {
            name: jnp.where(coins, x[..., ::-1, :], x) if x.ndim == 5 else x
            for name, x in feed.batch(data, key, step, axis).items()
        }

    return dataclasses.replace(feed, batch=batch)
