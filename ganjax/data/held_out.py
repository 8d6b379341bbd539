"""Real samples outside of training: for evaluation, pictures and translations."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.source import in_memory, samples

# Held-out images that a game which translates has for pictures; they become a constant
# of a program.
SHOWN = 1000


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Return images ``[n, H, W, C]`` in [-1, 1] as the nearest of 256 values, as files
    hold them and every extractor expects them."""
    return np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)


def held_out(split, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most ``n`` real ``(samples [n, …], labels [n])`` of a split, as the
    networks see them; a seeded choice where there are more."""
    if callable(split):
        batch = samples(split, jax.random.split(jax.random.key(seed), n))
        # Of two unpaired domains generated samples resemble the second.
        data = batch["data"] if "data" in batch else batch["b"]
        label = batch.get("label", np.zeros(n, np.int32))
        return np.asarray(data), np.asarray(label)
    chosen = np.random.default_rng(seed).permutation(len(split))[:n]
    found = in_memory(split, chosen)
    return np.asarray(scaled(found.data)), found.label


def examples_of(split) -> Callable[[jax.Array], dict[str, jax.Array]]:
    """Return ``keys [n] -> batch`` of a split, for use inside a program."""
    if callable(split):
        return split

    some = functools.cache(lambda: as_bytes(held_out(split, SHOWN, seed=0)[0]))

    def chosen(keys):
        at = jax.vmap(lambda key: jax.random.randint(key, (), 0, len(some())))(keys)
        return {"data": scaled(jnp.asarray(some())[at])}

    return chosen
