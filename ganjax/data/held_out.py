"""Real samples for evaluation, pictures and translations, outside of training."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.data.feeds import scaled
from ganjax.data.source import (
    Arrays,
    Items,
    Split,
    in_memory,
    real_samples,
    samples,
)

# The number of held-out images for pictures of a translation game. They become a
# constant of a compiled program.
SHOWN = 1000


def as_bytes(images: np.ndarray) -> np.ndarray:
    """Return images ``[n, H, W, C]`` in [-1, 1] as uint8, rounded to the nearest value.

    Image files and feature extractors use uint8. Values outside [-1, 1] are clipped.
    """
    return np.rint((np.clip(images, -1, 1) + 1) * 127.5).astype(np.uint8)


def chosen_rows(items: Arrays | Items, n: int, seed: int) -> np.ndarray:
    """Return the indices of at most ``n`` different samples, chosen by ``seed``."""
    return np.random.default_rng(seed).permutation(len(items))[:n]


def held_out(split, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most ``n`` random real samples of a split, and their labels.

    If the data have the domains a and b, the samples are from b. Labels are 0 if the
    data have no labels.

    Args:
        split: stored samples, or a function that generates samples.
        n: number of samples. A split that is stored may have fewer.
        seed: chooses the samples.

    Returns:
        The samples ``[n, …]``, images in [-1, 1], and the labels ``[n]``.
    """
    items = real_samples(split)
    if items is None:
        batch = samples(split, jax.random.split(jax.random.key(seed), n))
        # With two unpaired domains, generated samples resemble the second.
        data = batch["data"] if "data" in batch else batch["b"]
        label = batch.get("label", np.zeros(n, np.int32))
        return np.asarray(data), np.asarray(label)
    found = in_memory(items, chosen_rows(items, n, seed))
    return np.asarray(scaled(found.data)), found.label


def examples_of(
    split: Callable[[], Split],
) -> Callable[[jax.Array], dict[str, jax.Array]]:
    """Return a function ``keys [n] -> batch`` that chooses a real example for each
    random key. Compiled programs may call it.

    Args:
        split: a function that returns the split. It is called when the first batch is
            drawn: a game that draws no examples needs no data. If the split is stored,
            at most ``SHOWN`` of its examples are used.
    """
    opened = functools.cache(split)
    some = functools.cache(lambda: as_bytes(held_out(opened(), SHOWN, seed=0)[0]))

    def chosen(keys):
        with jax.ensure_compile_time_eval():
            drawn = callable(opened())
        if drawn:
            return opened()(keys)
        at = jax.vmap(lambda key: jax.random.randint(key, (), 0, len(some())))(keys)
        return {"data": scaled(jnp.asarray(some())[at])}

    return chosen
